//! The operator's command, `ld-dynamo-store` (feature `cli`): what is typed, asked and shown.
//!
//! Owns arguments, questions, progress, output and exit codes, and what is made of the table's state for a person. Knows neither C
//! nor how the table is asked: that is the store's.

mod arguments;
mod changes;
mod check;
mod connection;
mod copy;
mod create_table;
mod diff;
mod export;
mod interrupt;
mod local;
mod messages;
mod output;
mod pages;
mod progress;
mod question;
mod read;
mod replace;
mod segments;
mod watch;
mod write;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, SegmentsCommand};
use output::Output;

use crate::error::{Error, ErrorKind};

/// What a command found, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// 0
    Fine,
    /// 1: something is wrong with the table, two things differ, what was asked for is not there, or nothing was changed.
    Findings,
}

/// Why a command did not do its work.
#[derive(Debug)]
enum Failure {
    /// 2: what was typed or handed in is wrong.
    Usage(String),
    /// 1 where the table answered and its row is damaged, 2 where what was handed in is wrong, 3 where the table could not be asked.
    Store(Error),
    /// 3: stopped before it was done.
    Stopped(String),
    /// 3: a file could not be read or written.
    File(String),
    /// Nothing can be shown any more; 0 where who read it has had enough.
    Output(std::io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Store(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Output(error)
    }
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Store(error) => match error.kind() {
                ErrorKind::CorruptItem => 1,
                ErrorKind::InvalidJson
                | ErrorKind::InvalidItem
                | ErrorKind::InvalidKind
                | ErrorKind::InvalidKey
                | ErrorKind::InvalidDataSet
                | ErrorKind::InvalidBigSegments
                | ErrorKind::InvalidConfiguration
                | ErrorKind::UnsupportedCredentials => 2,
                _ => 3,
            },
            Failure::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
            Failure::Stopped(_) | Failure::File(_) | Failure::Output(_) => 3,
        }
    }

    fn message(&self) -> String {
        match self {
            Failure::Usage(message) | Failure::Stopped(message) | Failure::File(message) => message.clone(),
            Failure::Store(error) => error.to_string(),
            Failure::Output(error) => format!("the output could not be written: {error}"),
        }
    }
}

type Result<T = Outcome> = std::result::Result<T, Failure>;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are no errors, and clap knows which stream is theirs.
        Err(shown) => {
            let _ = shown.print();
            return ExitCode::from(if shown.use_stderr() { 2 } else { 0 });
        }
    };
    messages::show(arguments.table.verbose);
    let output = Output::of(&arguments.table);
    match run(&arguments, &output) {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) => {
            if failure.exit_code() != 0 {
                output.failure(&failure.message());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &Arguments, output: &Output) -> Result {
    let table = &arguments.table;
    match &arguments.command {
        Command::CreateTable(options) => create_table::run(table, options, output),
        Command::Check(options) => check::run(table, options, output),
        Command::Get(options) => read::get(table, options, output),
        Command::All(options) => read::all(table, options, output),
        Command::Init(options) => write::init(table, options, output),
        Command::Upsert(options) => write::upsert(table, options, output),
        Command::Diff(options) => diff::run(table, options, output),
        Command::Export(options) => export::run(table, options, output),
        Command::Copy(options) => copy::run(table, options, output),
        Command::Watch(options) => watch::run(table, options, output),
        Command::Segments(SegmentsCommand::Get(options)) => segments::get(table, options, output),
        Command::Segments(SegmentsCommand::Patch(options)) => segments::patch(table, options, output),
        Command::ServeLocal(options) => local::serve(table, options, output),
        Command::Completions(options) => pages::completions(options, output),
        Command::Man(options) => pages::man(options, output),
    }
}
