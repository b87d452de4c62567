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
mod outcome;
mod output;
mod pages;
mod progress;
mod question;
mod read;
mod replace;
mod segments;
mod shell;
mod watch;
mod write;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::Parser;

use arguments::{Arguments, Command, SegmentsCommand, TableOptions};
use outcome::{Outcome, Result};
use output::Output;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refusal) => return ExitCode::from(refuse(&refusal)),
    };
    messages::show(arguments.table.verbose, arguments.table.json);
    let is_stream = matches!(arguments.command, Command::Watch(_) | Command::ServeLocal(_));
    let output = Output::of(&arguments.table, is_stream);
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

/// Help and version are no errors, and clap knows which stream is theirs.
fn refuse(refusal: &clap::Error) -> u8 {
    if !refusal.use_stderr() {
        let _ = refusal.print();
        return 0;
    }
    let json = TableOptions {
        json: std::env::args_os().any(|argument| argument == "--json"),
        ..TableOptions::default()
    };
    match json.json {
        true => Output::of(&json, false).failure(&in_one_line(refusal)),
        false => drop(refusal.print()),
    }
    2
}

/// What clap says is wrong, without its advice.
fn in_one_line(refusal: &clap::Error) -> String {
    if refusal.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "no command is given: see --help".to_owned();
    }
    let text = refusal.render().to_string();
    let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let message = lines.collect::<Vec<_>>().join(" ");
    message.trim_start_matches("error: ").to_owned()
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
