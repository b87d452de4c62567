//! Runs the command, and compares what it prints with a snapshot.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use snapbox::{Assert, Data};

use crate::support::place::Place;
use crate::support::Engine;

/// The command on a table of an engine, in a folder of its own and with nothing of this process's environment.
pub struct Program {
    pub place: Place,
    endpoint: String,
    table: String,
}

/// What a run came to.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    pub fn on(engine: &Engine, table: &str) -> Self {
        Program {
            place: Place::new(),
            endpoint: engine.endpoint.clone(),
            table: table.to_owned(),
        }
    }

    /// With the options and credentials that reach the table.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local-secret")
            .args([
                "--table",
                &self.table,
                "--endpoint",
                &self.endpoint,
                "--region",
                "us-east-1",
            ]);
        command
    }

    /// Without either.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ld-dynamo-store"));
        self.place.empty(&mut command);
        command.env("AWS_EC2_METADATA_DISABLED", "true").args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        finished(self.command(arguments).stdin(Stdio::null()))
    }

    /// With `input` on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().expect("the command starts");
        let mut stdin = process.stdin.take().expect("a pipe");
        let input = input.to_owned();
        // It may end without reading all of it.
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = process.wait_with_output().expect("the command ends");
        writer.join().expect("no panic");
        Run::of(output)
    }

    /// A file in the folder that the command is started in.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.place.join(name);
        std::fs::write(&file, text).expect("a file");
        file
    }

    /// Compares with `snapshots/NAME`; a `.term.svg` is a picture of the text with its colours. Endpoint and table differ from run to run.
    pub fn snapshot(&self, name: &str, printed: &str) {
        let printed = printed
            .replace(&self.endpoint, "[ENDPOINT]")
            .replace(&self.table, "[TABLE]");
        let snapshots = crate::support::repository().join("tests/command/snapshots");
        let expected = Data::read_from(&snapshots.join(name), None);
        Assert::new().action_env("SNAPSHOTS").eq(printed, expected.raw());
    }
}

pub fn finished(command: &mut Command) -> Run {
    Run::of(command.output().expect("the command runs"))
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// What it printed, after it ended with `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self.stdout
    }
}
