//! What an AWS SDK failure means to the caller.

#[cfg(test)]
mod tests;

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;

use super::answer::foreign_beginning;
use super::aws_settings::{shortened, wrong, LONGEST_MESSAGE};
use super::certificate::{self, sources};
use super::validation::speaks_of_keys;
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

/// Names the operation, the table and region, AWS's code and words, and what can be done. `proxy` is the setting that names one.
pub(super) fn describe<E>(operation: &str, place: &str, proxy: Option<&str>, error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let SdkError::ServiceError(context) = &error {
        return refusal(operation, place, proxy, context.err(), context.raw());
    }
    // What [`super::credentials`] says, and what a provider of the host's says.
    if let Some(known) = find::<Error>(&error) {
        return known.clone();
    }
    if let Some(credentials) = find::<CredentialsError>(&error) {
        return no_credentials(credentials);
    }
    let doing = format!("{operation} on {place}");
    if let Some((kind, reason)) = certificate::refused(&error) {
        return Error::new(kind, format!("{doing}: {reason}"));
    }
    let reason = chain(&error);
    // The AWS SDK's two words for every connection that failed.
    let reason = reason
        .trim_start_matches("dispatch failure: ")
        .trim_start_matches("io error: ");
    if reason.contains("AccountIdEndpointMode") {
        return wrong(format_args!(
            "AWS_ACCOUNT_ID_ENDPOINT_MODE, or account_id_endpoint_mode of the profile, is \"required\", and the credentials \
             name no account: set AWS_ACCOUNT_ID"
        ));
    }
    let message = format!("{doing}: {reason}");
    match without_answer(&error) {
        ErrorKind::InvalidConfiguration => wrong(message),
        ErrorKind::Unreachable => Error::new(ErrorKind::Unreachable, message + &unreachable_advice(proxy)),
        kind => Error::new(kind, message),
    }
}

fn unreachable_advice(proxy: Option<&str>) -> String {
    match proxy {
        Some(named_by) => {
            format!(" (check the proxy that {named_by} names, and whether NO_PROXY should except the endpoint)")
        }
        None => " (check the endpoint, the region and the network)".to_owned(),
    }
}

/// What it means that a request came to no answer that can be understood.
fn without_answer<E>(error: &SdkError<E, HttpResponse>) -> ErrorKind {
    match error {
        SdkError::TimeoutError(_) => ErrorKind::TimedOut,
        SdkError::ResponseError(_) => ErrorKind::InvalidResponse,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ErrorKind::TimedOut,
        // The HTTP client could not make a request of what it was told.
        SdkError::DispatchFailure(failure) if failure.is_user() => ErrorKind::InvalidConfiguration,
        SdkError::DispatchFailure(_) => ErrorKind::Unreachable,
        _ => ErrorKind::Internal,
    }
}

fn refusal<E: ProvideErrorMetadata>(
    operation: &str,
    place: &str,
    proxy: Option<&str>,
    error: &E,
    answer: &HttpResponse,
) -> Error {
    let (code, status) = (error.code(), answer.status().as_u16());
    let beginning = code
        .is_none()
        .then(|| answer.body().bytes().and_then(foreign_beginning));
    let (kind, advice) = match code {
        Some("ResourceNotFoundException") => (
            ErrorKind::TableNotFound,
            " (the store never creates its table: create it, or check \"table\", the region and the account)"
                .to_owned(),
        ),
        Some("ValidationException" | "ValidationError") if error.message().is_some_and(speaks_of_keys) => (
            ErrorKind::TableMismatch,
            " (the table needs the partition key \"namespace\" and the sort key \"key\", both strings)".to_owned(),
        ),
        Some(code) if THROTTLING_CODES.contains(&code) => (ErrorKind::Throttled, String::new()),
        Some(code) if ACCESS_CODES.contains(&code) => {
            let words = error.message().unwrap_or_default();
            (ErrorKind::AccessDenied, access_advice(operation, code, words))
        }
        Some("UnknownOperationException") => (
            ErrorKind::Service,
            format!(" (this engine does not have the operation {operation})"),
        ),
        // DynamoDB gives each refusal a code, and a proxy none.
        None if status >= 400 && proxy.is_some() => (ErrorKind::Service, unreachable_advice(proxy)),
        None if status < 300 => (ErrorKind::InvalidResponse, String::new()),
        _ => (ErrorKind::Service, String::new()),
    };
    let words = match (error.message(), beginning.flatten()) {
        (_, Some(beginning)) => format!(": this is no DynamoDB, its answer begins with {beginning:?}"),
        (Some(message), None) => format!(": {}", without_signed_text(message)),
        (None, None) => String::new(),
    };
    let message = format!(
        "{operation} on {place}: {} (HTTP {status}){words}{advice}",
        code.unwrap_or("no AWS error code"),
    );
    let failure = Error::new(kind, message).with_service_code(code);
    if status >= 500 {
        failure.with_retriable(true)
    } else {
        failure
    }
}

/// What somebody can do whom AWS refuses.
fn access_advice(operation: &str, code: &str, words: &str) -> String {
    if is_about_age(code) || is_about_age(words) {
        return " (check the clock of this machine)".to_owned();
    }
    match code {
        "AccessDeniedException" | "NotAuthorized" => {
            // A transaction is permitted by its actions.
            let action = match operation {
                "TransactWriteItems" => "UpdateItem and dynamodb:ConditionCheckItem",
                operation => operation,
            };
            format!(" (allow dynamodb:{action} on this table, and the use of its KMS key where it has one)")
        }
        "ExpiredTokenException" => " (the session token has expired: renew the credentials)".to_owned(),
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignatureException" => {
            " (check the secret access key)".to_owned()
        }
        _ => " (check the access key, the session token and the region)".to_owned(),
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

/// The AWS SDK shows a request that it could not make, body and all.
fn without_request(text: &str) -> &str {
    let begins = text.find("Request {").unwrap_or(text.len());
    text[..begins].trim_end_matches([' ', '`', ':'])
}

/// Why no credentials could be had. An endpoint that cannot answer now is an outage; having no source of credentials is not, and
/// what the profile asks for and this library does not run is a matter of configuration.
pub(super) fn no_credentials(error: &CredentialsError) -> Error {
    // What was found wrong before the AWS SDK was asked.
    if let Some(known) = find::<Error>(error) {
        return known.clone();
    }
    let reason = chain(error);
    // A profile's source of credentials says what went wrong within the error of the profile.
    if let Some(inner) = error
        .source()
        .and_then(|source| source.downcast_ref::<CredentialsError>())
    {
        return no_credentials(inner);
    }
    match error {
        CredentialsError::CredentialsNotLoaded(_) => Error::new(
            ErrorKind::NoCredentials,
            "no AWS credentials were found in the environment, the profile, web identity, a container's endpoint or the instance's \
             metadata: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, \"profile\" or \"credentials\", or give the program a role",
        ),
        CredentialsError::ProviderTimedOut(_) => no_credentials_for_now(ErrorKind::TimedOut, &reason),
        CredentialsError::InvalidConfiguration(_) => wrong_configuration(&reason),
        _ => match (role_refused(error), status_in(&reason)) {
            (Some(refusal), _) => refusal,
            (None, Some(status)) if is_for_now(status) => no_credentials_for_now(ErrorKind::Unreachable, &reason),
            (None, Some(_)) => no_permission(&reason),
            (None, None) => no_credentials_without_answer(error, &reason),
        },
    }
}

/// An outage of whoever hands out credentials.
pub(super) fn no_credentials_for_now(kind: ErrorKind, reason: &str) -> Error {
    Error::new(kind, format!("AWS credentials could not be fetched: {reason}"))
}

fn wrong_configuration(reason: &str) -> Error {
    wrong(format_args!("AWS credentials are not configured rightly: {reason}"))
}

fn no_permission(reason: &str) -> Error {
    Error::new(
        ErrorKind::AccessDenied,
        format!("AWS credentials were refused: {reason}"),
    )
}

fn is_for_now(status: u16) -> bool {
    status >= 500 || status == 408 || status == 429
}

/// What the AWS SDK says of an answer of a container's or an instance's endpoint, in words only: `StatusCode(503)`, `(code: 503)`.
fn status_in(reason: &str) -> Option<u16> {
    let begin = ["StatusCode(", "(code: "].iter().find_map(|mark| {
        let place = reason.find(mark)?;
        Some(place + mark.len())
    })?;
    reason.get(begin..begin + 3)?.parse().ok()
}

/// What STS says to a role that is asked for; nothing where no answer came or nobody asked.
fn role_refused(error: &CredentialsError) -> Option<Error> {
    type Role = SdkError<AssumeRoleError, HttpResponse>;
    type RoleWithToken = SdkError<AssumeRoleWithWebIdentityError, HttpResponse>;
    let (code, status) = match (find::<Role>(error), find::<RoleWithToken>(error)) {
        (Some(SdkError::ServiceError(answer)), _) => (answer.err().code(), answer.raw().status()),
        (_, Some(SdkError::ServiceError(answer))) => (answer.err().code(), answer.raw().status()),
        _ => return None,
    };
    let reason = chain(error);
    let failure = match code {
        // It could not reach who vouches for the token.
        Some("IDPCommunicationError" | "Throttling") => no_credentials_for_now(ErrorKind::Unreachable, &reason),
        Some(code) if THROTTLING_CODES.contains(&code) => no_credentials_for_now(ErrorKind::Unreachable, &reason),
        _ if is_for_now(status.as_u16()) => no_credentials_for_now(ErrorKind::Unreachable, &reason),
        Some("ValidationError" | "MalformedPolicyDocument" | "RegionDisabledException") => wrong_configuration(&reason),
        _ => no_permission(&reason),
    };
    Some(failure.with_service_code(code))
}

fn no_credentials_without_answer(error: &CredentialsError, reason: &str) -> Error {
    let source = error.source();
    // Directly below, both speak of this machine: of a file of credentials, and of a variable that is no text.
    if source.is_some_and(|source| source.is::<std::io::Error>() || source.is::<std::env::VarError>()) {
        return wrong_configuration(reason);
    }
    if let Some((kind, reason)) = certificate::refused(error) {
        return Error::new(kind, format!("AWS credentials could not be fetched: {reason}"));
    }
    let kind = find::<SdkError<CredentialsError, HttpResponse>>(error)
        .map(without_answer)
        .or_else(|| find::<SdkError<AssumeRoleError, HttpResponse>>(error).map(without_answer))
        .or_else(|| find::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>(error).map(without_answer));
    let kind = kind.unwrap_or(match error {
        CredentialsError::Unhandled(_) => ErrorKind::InvalidResponse,
        _ => ErrorKind::Unreachable,
    });
    no_credentials_for_now(kind, reason)
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    sources(error).find_map(|error| error.downcast_ref())
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
    // Some of the AWS SDK's messages list what was tried, one line each, or hold the whole request; ours are one line.
    shortened(without_request(without_signed_text(&text)), LONGEST_MESSAGE)
}

/// Whether the body of a refusal carries one of the codes for throttling.
pub(super) fn speaks_of_throttling(body: &[u8]) -> bool {
    let code = code_and_message(body).map(|(code, _)| code);
    code.is_some_and(|code| THROTTLING_CODES.iter().any(|known| code.ends_with(known)))
}

/// Whether the body of a refusal says that the request was signed at another time than it came.
pub(super) fn speaks_of_age(body: &[u8]) -> bool {
    code_and_message(body).is_some_and(|(code, message)| is_about_age(&code) || is_about_age(&message))
}

fn is_about_age(text: &str) -> bool {
    [
        "Signature expired",
        "Signature not yet current",
        "RequestExpired",
        "RequestTimeTooSkewed",
    ]
    .iter()
    .any(|words| text.contains(words))
}

/// What a refusal says beside the row that it may return, whose words are anybody's.
fn code_and_message(body: &[u8]) -> Option<(String, String)> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        #[serde(rename = "__type")]
        code: String,
        #[serde(default, alias = "Message")]
        message: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    Some((refusal.code, refusal.message.unwrap_or_default()))
}
