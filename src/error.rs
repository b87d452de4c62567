//! The one error type: what kind of failure, a message that names what is wrong, whether a retry may help, and AWS's code.
//!
//! Knows nothing of who makes it.

use std::fmt;

/// The cause of a failure. Every kind has a status number of its own in the C ABI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A text that should be JSON is not.
    InvalidJson,
    /// An item is not a JSON object, or has no integer `version` in 0 … 2^63−1.
    InvalidItem,
    /// A kind that the table's layout cannot hold: empty, with a `:`, beginning with `$`, or a Big Segments namespace.
    InvalidKind,
    /// A key that DynamoDB cannot hold: empty, or over 1,024 bytes of UTF-8.
    InvalidKey,
    /// A data set of the wrong shape: not an object of objects, a key twice, `features` and `flags` at once.
    InvalidDataSet,
    /// A patch of Big Segments of the wrong shape, or a time before 1970.
    InvalidBigSegments,
    /// The configuration is wrong: an unknown or mistyped key, a missing table, values that contradict each other.
    InvalidConfiguration,
    /// The AWS profile needs `credential_process` or SSO, which this library does not run.
    UnsupportedCredentials,
    /// DynamoDB knows no such table in this region.
    TableNotFound,
    /// The table has other keys than `namespace` (S, partition) and `key` (S, sort).
    TableMismatch,
    /// AWS refused the credentials, or they lack a permission.
    AccessDenied,
    /// No AWS credentials could be found; or none were pushed, or those have expired, which alone is retriable.
    NoCredentials,
    /// No AWS region could be found.
    NoRegion,
    /// Any other refusal or failure that DynamoDB reported.
    Service,
    /// DynamoDB throttled the request, and went on doing so through every attempt.
    Throttled,
    /// The call ran out of its time.
    TimedOut,
    /// No connection to DynamoDB could be made, or it broke.
    Unreachable,
    /// What came back was no answer of DynamoDB's.
    InvalidResponse,
    /// The row exists, but its `item` is not a string or not a JSON object.
    CorruptItem,
    /// The store is configured `read_only`.
    ReadOnly,
    /// The library could not do its own work, for example make a runtime.
    Internal,
}

/// A failed call.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    retriable: bool,
    service_code: Option<String>,
}

/// What fallible calls of this crate return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let retriable = matches!(
            kind,
            ErrorKind::Throttled | ErrorKind::TimedOut | ErrorKind::Unreachable | ErrorKind::InvalidResponse
        );
        Error {
            kind,
            message: message.into(),
            retriable,
            service_code: None,
        }
    }

    pub(crate) fn with_service_code(mut self, code: Option<&str>) -> Self {
        self.service_code = code.map(str::to_owned);
        self
    }

    pub(crate) fn with_retriable(mut self, retriable: bool) -> Self {
        self.retriable = retriable;
        self
    }

    /// The same error, its message preceded by what was being done.
    pub(crate) fn in_context(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// The cause.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// One line for people: names the argument, key, table, region or AWS code at fault; never a secret.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the same call may succeed later without any change: throttling, time-outs, connections, AWS's own faults.
    pub fn is_retriable(&self) -> bool {
        self.retriable
    }

    /// The AWS error code, for example `ResourceNotFoundException`, when AWS gave one.
    pub fn service_code(&self) -> Option<&str> {
        self.service_code.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
