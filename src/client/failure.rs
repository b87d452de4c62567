//! What an AWS SDK failure means to the caller.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Error, ErrorKind};

/// Errors that speak of the request's rate, whatever the operation.
const THROTTLING_CODES: [&str; 5] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ThrottledException",
    "TooManyRequestsException",
];

/// Errors that speak of who asks, not of what is asked.
const ACCESS_CODES: [&str; 10] = [
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "OptInRequired",
    "NotAuthorized",
];

/// Names the operation, the table and region, and AWS's code and words.
pub(super) fn describe<E>(operation: &str, place: &str, error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let SdkError::ServiceError(context) = &error {
        return refusal(operation, place, context.err(), context.raw().status().as_u16());
    }
    let kind = match &error {
        SdkError::TimeoutError(_) => ErrorKind::TimedOut,
        SdkError::ResponseError(_) => ErrorKind::InvalidResponse,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_io() => ErrorKind::Unreachable,
        _ => match find::<CredentialsError>(&error) {
            Some(credentials) => return no_credentials(credentials),
            None if matches!(error, SdkError::DispatchFailure(_)) => ErrorKind::Unreachable,
            None => ErrorKind::Internal,
        },
    };
    Error::new(kind, format!("{operation} on {place}: {}", chain(&error)))
}

fn refusal<E: ProvideErrorMetadata>(operation: &str, place: &str, error: &E, status: u16) -> Error {
    let code = error.code();
    let (kind, advice) = match code {
        Some("ResourceNotFoundException") => (ErrorKind::TableNotFound, " (the store never creates its table)"),
        // Every request of ours is valid for a table with the right keys: keys and sizes are checked before.
        Some("ValidationException" | "ValidationError") => (
            ErrorKind::TableMismatch,
            " (the table needs the partition key \"namespace\" and the sort key \"key\", both strings)",
        ),
        Some(code) if THROTTLING_CODES.contains(&code) => (ErrorKind::Throttled, ""),
        Some(code) if ACCESS_CODES.contains(&code) => (ErrorKind::AccessDenied, ""),
        None if status < 300 => (ErrorKind::InvalidResponse, ""),
        _ => (ErrorKind::Service, ""),
    };
    let message = format!(
        "{operation} on {place}: {} (HTTP {status}){}{}{advice}",
        code.unwrap_or("no AWS error code"),
        if error.message().is_some() { ": " } else { "" },
        without_signed_text(error.message().unwrap_or_default()),
    );
    let failure = Error::new(kind, message).with_service_code(code);
    if status >= 500 {
        failure.with_retriable(true)
    } else {
        failure
    }
}

/// A refused signature is explained with the whole text that should have been signed, the session token included.
fn without_signed_text(message: &str) -> &str {
    const EXPLANATIONS: [&str; 2] = ["The Canonical String", "The String-to-Sign"];
    let begins = EXPLANATIONS
        .iter()
        .filter_map(|explanation| message.find(explanation))
        .min();
    message[..begins.unwrap_or(message.len())].trim_end()
}

/// Why no credentials could be had; what the profile asks for and this library does not run is a matter of configuration.
pub(super) fn no_credentials(error: &CredentialsError) -> Error {
    let reason = chain(error);
    // The AWS SDK reports a feature it was built without in words only.
    if reason.contains("cargo feature") {
        return Error::new(
            ErrorKind::UnsupportedCredentials,
            "the AWS profile needs credential_process or SSO, which this library does not run: export the credentials to the \
             environment first (for example with `aws configure export-credentials --format env`), or give \"credentials\"",
        );
    }
    match error {
        CredentialsError::ProviderTimedOut(_) => {
            Error::new(ErrorKind::TimedOut, format!("no AWS credentials in time: {reason}"))
        }
        CredentialsError::InvalidConfiguration(_) => Error::new(
            ErrorKind::InvalidConfiguration,
            format!("AWS credentials are not configured rightly: {reason}"),
        ),
        _ => Error::new(
            ErrorKind::NoCredentials,
            format!("no AWS credentials were found: {reason}"),
        ),
    }
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    sources(error).find_map(|error| error.downcast_ref())
}

/// The error and, one after the other, what caused it.
fn sources<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The messages of an error and its sources, without repetitions.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    for source in sources(error).skip(1) {
        let message = source.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
    }
    // Some of the AWS SDK's messages list what was tried, one line each; ours are one line.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the body of a refusal carries one of the codes for throttling.
pub(super) fn speaks_of_throttling(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body);
    THROTTLING_CODES.iter().any(|code| body.contains(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_should_have_been_signed_is_not_repeated() {
        let message = "The request signature does not match. The Canonical String for this request should have been\n\
                       'POST\n/\n\nx-amz-security-token:HIDDEN' The String-to-Sign should have been 'HIDDEN'";
        assert_eq!(without_signed_text(message), "The request signature does not match.");
        assert_eq!(without_signed_text("Rate exceeded"), "Rate exceeded");
    }
}
