//! The command on a terminal: questions, progress, colours, Ctrl-C.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A program whose three streams are one terminal, which this end types into.
pub struct Terminal {
    master: File,
    process: Child,
    shown: String,
}

impl Terminal {
    pub fn run(mut command: Command) -> Self {
        let (mut master, mut slave) = (0, 0);
        let size = libc::winsize {
            ws_row: 40,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // SAFETY: both places are ours, and the sizes are read only.
        let opened = unsafe { libc::openpty(&mut master, &mut slave, std::ptr::null_mut(), std::ptr::null(), &size) };
        assert_eq!(opened, 0, "{}", std::io::Error::last_os_error());
        // SAFETY: nobody else owns them.
        let (master, slave) = unsafe { (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
        let copy = || slave.try_clone().expect("a descriptor");
        command
            .env("TERM", "xterm-256color")
            .stdin(copy())
            .stdout(copy())
            .stderr(copy());
        let process = command.spawn().expect("the command starts");
        Terminal {
            master,
            process,
            shown: String::new(),
        }
    }

    /// Waits until this has been shown.
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.shown.contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in: {}", self.shown);
            if !self.read() {
                assert!(self.shown.contains(text), "no {text:?} in: {}", self.shown);
            }
        }
    }

    pub fn type_in(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("the terminal takes it");
    }

    pub fn process_id(&self) -> i32 {
        i32::try_from(self.process.id()).expect("a process")
    }

    /// Everything that was shown, and the exit code, -1 after a signal.
    pub fn end(mut self) -> (String, i32) {
        while self.read() {}
        let status = self.process.wait().expect("the command ends");
        (std::mem::take(&mut self.shown), status.code().unwrap_or(-1))
    }

    /// More of what is shown; false at its end.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // The other end is closed, which is an error on Linux.
        let Ok(length @ 1..) = self.master.read(&mut bytes) else {
            return false;
        };
        self.shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        true
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
