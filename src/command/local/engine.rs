//! The program `local-dynamodb`, which lies beside this one: found, started, and ended with it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::super::outcome::{Failure, Result};

const PROGRAM: &str = "local-dynamodb";
/// Names another one.
const VARIABLE: &str = "LD_DYNAMO_STORE_LOCAL";

/// It ends when its standard input is closed, however this process ends.
pub(super) struct Engine {
    process: Child,
    address: String,
}

impl Engine {
    /// Starts it with a table; `port` 0 is a free one.
    pub(super) fn start(port: u16, table: &str) -> Result<Self> {
        let program = found()?;
        let mut command = Command::new(&program);
        command
            .args(["--exit-with-stdin", "--port", &port.to_string()])
            .arg(format!("--create-table={table}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for this process alone, which ends the other.
            .process_group(0);
        let mut process = command
            .spawn()
            .map_err(|error| Failure::File(format!("{} cannot be started: {error}", program.display())))?;
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let mut address = String::new();
        let read = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut address));
        let mut engine = Engine {
            process,
            address: address.trim().to_owned(),
        };
        match (read, stderr) {
            (Some(Ok(1..)), Some(stderr)) if engine.address.starts_with("http://") => {
                pass_on(stderr);
                Ok(engine)
            }
            (_, stderr) => {
                engine.end();
                Err(Failure::Stopped(refusal(&program, stderr)))
            }
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn require_running(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => Err(Failure::Stopped(format!("{PROGRAM} has ended by itself: {status}"))),
        }
    }

    fn end(&mut self) {
        // It has ended already where that fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.end();
    }
}

/// The first line of why it did not start.
fn refusal(program: &Path, stderr: Option<ChildStderr>) -> String {
    let mut said = String::new();
    if let Some(mut stderr) = stderr {
        // What cannot be read is not told.
        let _ = stderr.read_to_string(&mut said);
    }
    match said.lines().find(|line| !line.is_empty()) {
        Some(line) => line.chars().take(300).collect(),
        None => format!("{} did not say at which address it serves", program.display()),
    }
}

/// What it says later, for as long as both run.
fn pass_on(mut stderr: ChildStderr) {
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::stderr()));
}

/// That of the variable, or the first of: beside this program, in `libexec` beside its folder, on the path.
fn found() -> Result<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) {
        let named = PathBuf::from(named);
        return match named.is_file() {
            true => Ok(named),
            false => Err(Failure::File(format!(
                "{VARIABLE} names {}, which is no file",
                named.display()
            ))),
        };
    }
    let beside = std::env::current_exe().and_then(|program| program.canonicalize());
    let folder = beside.ok().and_then(|program| program.parent().map(Path::to_owned));
    let near = folder
        .iter()
        .flat_map(|folder| [folder.clone(), folder.join("../libexec")]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = near
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(PROGRAM));
    candidates.find(|program| program.is_file()).ok_or_else(|| {
        let looked = folder.as_deref().unwrap_or(Path::new(".")).display();
        Failure::File(format!(
            "{PROGRAM} is missing: it is neither in {looked}, nor in ../libexec from there, nor on the PATH; {VARIABLE} names it elsewhere"
        ))
    })
}
