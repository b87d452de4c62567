//! The command while it runs: what it prints is read line by line, and signals are sent to it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::Duration;

/// A command that was started and not yet waited for.
pub struct Stream {
    process: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            if sender.send(line.expect("UTF-8")).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Stream {
    pub fn start(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        Stream {
            stdout: lines(process.stdout.take().expect("a pipe")),
            stderr: lines(process.stderr.take().expect("a pipe")),
            process,
        }
    }

    /// The next line of standard output.
    #[track_caller]
    pub fn line(&self) -> String {
        next(&self.stdout)
    }

    /// The next line of standard error.
    #[track_caller]
    pub fn note(&self) -> String {
        next(&self.stderr)
    }

    pub fn signal(&self, signal: i32) {
        let process = i32::try_from(self.process.id()).expect("a process");
        // SAFETY: the process is ours and was not waited for.
        assert_eq!(unsafe { libc::kill(process, signal) }, 0);
    }

    /// What it printed that was not read yet, on both, and its exit code, -1 after a signal.
    pub fn end(mut self) -> (Vec<String>, Vec<String>, i32) {
        let (stdout, stderr) = (self.stdout.iter().collect(), self.stderr.iter().collect());
        let status = self.process.wait().expect("the command ends");
        (stdout, stderr, status.code().unwrap_or(-1))
    }
}

#[track_caller]
fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(Duration::from_secs(30)).expect("a line")
}

impl Drop for Stream {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
