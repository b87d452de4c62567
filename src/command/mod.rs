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
mod watch;
mod write;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command, SegmentsCommand};
use outcome::{Outcome, Result};
use output::Output;

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
