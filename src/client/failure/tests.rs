//! What is said of each failure, and what kind it is.

use std::time::Duration;

use aws_sdk_dynamodb::error::{ConnectorError, ErrorMetadata};
use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_smithy_types::body::SdkBody;

use super::*;

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body))
}

fn metadata(code: &str, message: &str) -> ErrorMetadata {
    ErrorMetadata::builder().code(code).message(message).build()
}

/// What becomes of a refusal of DynamoDB's.
fn refused(code: &str, words: &str) -> Error {
    refusal(
        "GetItem",
        "table \"flags\"",
        None,
        &metadata(code, words),
        &answer(400, "{}"),
    )
}

#[test]
fn a_refusal_s_code_is_its_kind_and_what_can_be_done_about_it() {
    let cases = [
        (
            "ResourceNotFoundException",
            "none",
            ErrorKind::TableNotFound,
            "create it",
        ),
        (
            "ValidationException",
            "The provided key element does not match the schema",
            ErrorKind::TableMismatch,
            "the sort key \"key\"",
        ),
        ("ValidationException", "too large", ErrorKind::Service, "too large"),
        ("ThrottlingException", "slowly", ErrorKind::Throttled, "slowly"),
        ("RequestLimitExceeded", "slowly", ErrorKind::Throttled, "slowly"),
        (
            "AccessDeniedException",
            "no",
            ErrorKind::AccessDenied,
            "allow dynamodb:GetItem on this table",
        ),
        ("NotAuthorized", "no", ErrorKind::AccessDenied, "allow dynamodb:GetItem"),
        (
            "ExpiredTokenException",
            "old",
            ErrorKind::AccessDenied,
            "renew the credentials",
        ),
        (
            "SignatureDoesNotMatch",
            "other",
            ErrorKind::AccessDenied,
            "check the secret access key",
        ),
        (
            "InvalidSignatureException",
            "Signature expired: 1",
            ErrorKind::AccessDenied,
            "check the clock",
        ),
        (
            "OptInRequired",
            "RequestTimeTooSkewed",
            ErrorKind::AccessDenied,
            "check the clock",
        ),
        (
            "UnrecognizedClientException",
            "who",
            ErrorKind::AccessDenied,
            "check the access key, the session token and the region",
        ),
        (
            "UnknownOperationException",
            "what",
            ErrorKind::Service,
            "this engine does not have the operation GetItem",
        ),
        (
            "ItemCollectionSizeLimitExceededException",
            "large",
            ErrorKind::Service,
            "large",
        ),
    ];
    for (code, words, kind, advice) in cases {
        let failure = refused(code, words);
        assert_eq!(failure.kind(), kind, "{failure}");
        assert!(failure.message().contains(advice), "{failure}");
        assert!(
            failure
                .message()
                .starts_with(&format!("GetItem on table \"flags\": {code} (HTTP 400): {words}")),
            "{failure}"
        );
        assert_eq!(failure.service_code(), Some(code));
        assert_eq!(failure.is_retriable(), kind == ErrorKind::Throttled, "{failure}");
    }
    let of_a_transaction = access_advice("TransactWriteItems", "AccessDeniedException", "no");
    assert!(of_a_transaction.contains("dynamodb:UpdateItem and dynamodb:ConditionCheckItem"));
}

#[test]
fn a_refusal_without_a_code_is_no_dynamodb_s() {
    let without_code = |status, body: &str, proxy| {
        refusal(
            "GetItem",
            "here",
            proxy,
            &ErrorMetadata::builder().build(),
            &answer(status, body),
        )
    };
    let proxy = "check the proxy that HTTPS_PROXY names";
    for (status, kind, is_retriable, is_the_proxy_s) in [
        (200, ErrorKind::InvalidResponse, true, false),
        (299, ErrorKind::InvalidResponse, true, false),
        (300, ErrorKind::Service, false, false),
        (399, ErrorKind::Service, false, false),
        (400, ErrorKind::Service, false, true),
        (407, ErrorKind::Service, false, true),
        (499, ErrorKind::Service, false, true),
        (500, ErrorKind::Service, true, true),
    ] {
        for named_by in [None, Some("HTTPS_PROXY")] {
            let failure = without_code(status, "<html> Log in", named_by);
            assert_eq!(
                (failure.kind(), failure.is_retriable()),
                (kind, is_retriable),
                "{failure}"
            );
            assert_eq!(
                failure.message().contains(proxy),
                is_the_proxy_s && named_by.is_some(),
                "{failure}"
            );
            assert!(failure.message().contains("no AWS error code"), "{failure}");
            assert!(
                failure.message().contains("its answer begins with \"<html> Log in\""),
                "{failure}"
            );
        }
    }
    assert!(!without_code(400, "{}", None).message().contains("begins with"));
    let coded = refusal(
        "GetItem",
        "here",
        None,
        &metadata("Other", "words"),
        &answer(503, "<html>"),
    );
    assert!(coded.is_retriable() && !coded.message().contains("<html>"), "{coded}");
}

#[test]
fn what_came_to_no_answer_says_where_it_ended() {
    type Failure = SdkError<GetItemError, HttpResponse>;
    let cases = [
        (Failure::timeout_error("late"), ErrorKind::TimedOut, "late"),
        (
            Failure::response_error("garbled", answer(200, "x")),
            ErrorKind::InvalidResponse,
            "garbled",
        ),
        (
            Failure::dispatch_failure(ConnectorError::timeout("slow".into())),
            ErrorKind::TimedOut,
            "slow",
        ),
        (
            Failure::dispatch_failure(ConnectorError::user("no URI".into())),
            ErrorKind::InvalidConfiguration,
            "no URI",
        ),
        (
            Failure::dispatch_failure(ConnectorError::io("refused".into())),
            ErrorKind::Unreachable,
            "(check the endpoint, the region and the network)",
        ),
        (Failure::construction_failure("no body"), ErrorKind::Internal, "no body"),
        (
            Failure::construction_failure("AccountIdEndpointMode is required"),
            ErrorKind::InvalidConfiguration,
            "set AWS_ACCOUNT_ID",
        ),
    ];
    for (failure, kind, words) in cases {
        let failure = describe("GetItem", "here", None, failure);
        assert_eq!(failure.kind(), kind, "{failure}");
        assert!(failure.message().contains(words), "{failure}");
        assert!(!failure.message().contains("io error"), "{failure}");
    }
    let io = Failure::dispatch_failure(ConnectorError::io("refused".into()));
    let behind_a_proxy = describe("GetItem", "here", Some("HTTP_PROXY"), io);
    assert!(
        behind_a_proxy.message().contains("the proxy that HTTP_PROXY names"),
        "{behind_a_proxy}"
    );
}

#[test]
fn an_endpoint_of_credentials_that_cannot_answer_now_is_an_outage_and_one_that_refuses_is_none() {
    let kinds = |status: u16| {
        let failure = no_credentials(&CredentialsError::provider_error(format!("StatusCode({status})")));
        (failure.kind(), failure.is_retriable())
    };
    for status in [408, 429, 500, 503, 599] {
        assert_eq!(kinds(status), (ErrorKind::Unreachable, true), "{status}");
    }
    for status in [400, 403, 404, 407, 409, 428, 430, 499] {
        assert_eq!(kinds(status), (ErrorKind::AccessDenied, false), "{status}");
    }
    let timed_out = no_credentials(&CredentialsError::provider_timed_out(Duration::from_secs(1)));
    assert_eq!(
        (timed_out.kind(), timed_out.is_retriable()),
        (ErrorKind::TimedOut, true)
    );
}

#[test]
fn what_sts_says_to_a_role_decides() {
    type Role = SdkError<AssumeRoleError, HttpResponse>;
    type RoleWithToken = SdkError<AssumeRoleWithWebIdentityError, HttpResponse>;
    let cases = [
        ("IDPCommunicationError", 400, ErrorKind::Unreachable),
        ("Throttling", 400, ErrorKind::Unreachable),
        ("ThrottlingException", 400, ErrorKind::Unreachable),
        ("InternalFailure", 500, ErrorKind::Unreachable),
        ("ValidationError", 400, ErrorKind::InvalidConfiguration),
        ("MalformedPolicyDocument", 400, ErrorKind::InvalidConfiguration),
        ("RegionDisabledException", 403, ErrorKind::InvalidConfiguration),
        ("AccessDenied", 403, ErrorKind::AccessDenied),
        ("InvalidIdentityToken", 400, ErrorKind::AccessDenied),
    ];
    for (code, status, kind) in cases {
        let words = metadata(code, "words");
        let of_a_role = Role::service_error(AssumeRoleError::generic(words.clone()), answer(status, ""));
        let with_token =
            RoleWithToken::service_error(AssumeRoleWithWebIdentityError::generic(words), answer(status, ""));
        for error in [
            CredentialsError::provider_error(of_a_role),
            CredentialsError::provider_error(with_token),
        ] {
            let failure = no_credentials(&error);
            assert_eq!(failure.kind(), kind, "{code}: {failure}");
            assert_eq!(failure.service_code(), Some(code));
        }
    }
    // Nobody answered: as far as the request came.
    for (failure, kind) in [
        (Role::timeout_error("late"), ErrorKind::TimedOut),
        (
            Role::dispatch_failure(ConnectorError::io("refused".into())),
            ErrorKind::Unreachable,
        ),
    ] {
        assert_eq!(no_credentials(&CredentialsError::provider_error(failure)).kind(), kind);
    }
    let late = RoleWithToken::timeout_error("late");
    assert_eq!(
        no_credentials(&CredentialsError::provider_error(late)).kind(),
        ErrorKind::TimedOut
    );
}

#[test]
fn a_source_of_credentials_that_says_nothing_known_is_an_outage_or_a_matter_of_this_machine() {
    let io = std::io::Error::other("no such file");
    let variable = std::env::VarError::NotPresent;
    for (error, kind) in [
        (CredentialsError::provider_error(io), ErrorKind::InvalidConfiguration),
        (
            CredentialsError::provider_error(variable),
            ErrorKind::InvalidConfiguration,
        ),
        (CredentialsError::provider_error("who knows"), ErrorKind::Unreachable),
        (CredentialsError::unhandled("who knows"), ErrorKind::InvalidResponse),
    ] {
        assert_eq!(no_credentials(&error).kind(), kind, "{error}");
    }
}

#[test]
fn a_status_is_found_where_the_sdk_says_it_in_words() {
    assert_eq!(status_in("Non-success status: StatusCode(503)"), Some(503));
    assert_eq!(status_in("error response from IMDS (code: 403). Response"), Some(403));
    for other in ["", "StatusCode(", "(code: 4", "connection refused"] {
        assert_eq!(status_in(other), None, "{other}");
    }
}

#[test]
fn what_a_profile_s_source_says_counts() {
    let nested = CredentialsError::provider_error(CredentialsError::not_loaded("no AWS_ACCESS_KEY_ID"));
    let failure = no_credentials(&nested);
    assert_eq!(failure.kind(), ErrorKind::NoCredentials, "{failure}");
    assert!(!failure.is_retriable());
    let own = Error::new(ErrorKind::UnsupportedCredentials, "no SSO");
    let nested = CredentialsError::provider_error(CredentialsError::provider_error(own));
    assert_eq!(no_credentials(&nested).kind(), ErrorKind::UnsupportedCredentials);
    let nested = CredentialsError::provider_error(CredentialsError::invalid_configuration("a bad URI"));
    assert_eq!(no_credentials(&nested).kind(), ErrorKind::InvalidConfiguration);
}

#[test]
fn what_a_stored_row_says_is_no_refusal() {
    let row = br##"{"__type":"x#ConditionalCheckFailedException","message":"failed","Item":{"item":{"S":"Signature expired ThrottlingException"}}}"##;
    assert!(!speaks_of_age(row) && !speaks_of_throttling(row));
    assert!(speaks_of_age(
        br##"{"__type":"x#InvalidSignatureException","message":"Signature expired: 1"}"##
    ));
    assert!(speaks_of_throttling(
        br##"{"__type":"x#ThrottlingException","Message":null}"##
    ));
}

#[test]
fn what_should_have_been_signed_is_not_repeated() {
    let message = "The request signature does not match. The Canonical String for this request should have been\n\
                   'POST\n/\n\nx-amz-security-token:HIDDEN' The String-to-Sign should have been 'HIDDEN'";
    assert_eq!(without_signed_text(message), "The request signature does not match.");
    assert_eq!(without_signed_text("Rate exceeded"), "Rate exceeded");
    let of_a_role = CredentialsError::provider_error(message);
    assert!(!no_credentials(&of_a_role).message().contains("HIDDEN"));
    assert_eq!(
        without_request("failed to apply it to request `Request { body: HIDDEN"),
        "failed to apply it to request"
    );
}
