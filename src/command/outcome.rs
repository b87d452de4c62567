//! What a command comes to, and its exit code.

use crate::error::{Error, ErrorKind};

/// What a command found, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// 0
    Fine,
    /// 1: something is wrong with the table, two things differ, what was asked for is not there, or nothing was changed.
    Findings,
}

/// Why a command did not do its work.
#[derive(Debug)]
pub(super) enum Failure {
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
    pub(super) fn exit_code(&self) -> u8 {
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

    pub(super) fn message(&self) -> String {
        match self {
            Failure::Usage(message) | Failure::Stopped(message) | Failure::File(message) => message.clone(),
            Failure::Store(error) => error.to_string(),
            Failure::Output(error) => format!("the output could not be written: {error}"),
        }
    }
}

pub(super) type Result<T = Outcome> = std::result::Result<T, Failure>;
