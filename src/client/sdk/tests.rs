//! What a request of the AWS SDK's is given, and what is said of one that failed.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;

use super::*;
use crate::client::direct::sdk_way::SdkWay;
use crate::client::sent::Before;

type Failure = SdkError<PutItemError, HttpResponse>;

#[test]
fn bytes_take_time_from_a_tenth_of_a_second_on() {
    for (bytes, milliseconds) in [(0, 0), (49_999, 0), (50_000, 100), (500_000, 1000), (16 << 20, 33_554)] {
        assert_eq!(surplus_time(bytes).as_millis(), milliseconds, "{bytes}");
    }
    assert_eq!(MAXIMUM_PAGE_BYTES, 1_048_576, "a page of DynamoDB's");
}

#[test]
fn a_request_has_settings_of_its_own_where_it_is_large_or_the_second_attempt() {
    let way = SdkWay::with_settings(|settings| {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(10));
        let retries = RetryConfig::standard().with_max_attempts(4);
        settings.timeout_config(timeouts.build()).retry_config(retries)
    });
    let config = way.client.dynamodb.config();
    let limit = config
        .timeout_config()
        .and_then(|timeouts| timeouts.operation_attempt_timeout());
    let retries = config.retry_config().expect("settings of retries").clone();
    assert_eq!((limit, retries.max_attempts()), (Some(Duration::from_secs(10)), 4));
    assert!(way.client.own_settings(49_999).is_none());
    let large = way.client.own_settings(1_000_000).expect("settings").build();
    let longer = large
        .timeout_config()
        .and_then(|timeouts| timeouts.operation_attempt_timeout());
    assert_eq!(longer, Some(Duration::from_secs(12)));
    assert!(large.retry_config().is_none());

    let before = Before {
        is_attempted: true,
        is_sent: false,
    };
    let second = way.reads(200, b"{}", sent::after(before, async { way.client.own_settings(0) }));
    let second = second.expect("settings").build();
    let left = second.retry_config().expect("settings of retries");
    assert_eq!(left.max_attempts(), 3);
    assert_eq!(left.initial_backoff(), 2 * retries.initial_backoff());
    let same = second
        .timeout_config()
        .and_then(|timeouts| timeouts.operation_attempt_timeout());
    assert_eq!(same, limit);
}

#[test]
fn a_refused_parameter_is_remembered_for_all_of_the_same_table() {
    let way = SdkWay::new();
    let refusal = br#"{"__type":"ValidationException","message":"ReturnConsumedCapacity is unknown"}"#;
    let failed = way.reads(400, refusal, way.client.get_row("features", "a", true));
    assert!(failed.is_err());
    for refused in [way.client.refused(), way.client.for_init().refused()] {
        assert!(refused.remaining().consumed_capacity().is_none());
        assert!(refused.remaining().row_of_refusal().is_some());
    }
}

#[test]
fn the_endpoint_is_known_once_it_was_asked() {
    let way = SdkWay::new();
    way.sends(way.client.get_row("features", "a", true));
    assert_eq!(way.client.endpoint(), Some("http://engine/"));
}

#[test]
fn of_credentials_only_those_who_wait_for_them_speak() {
    let way = SdkWay::new();
    let late = way.client.failed("PutItem", Failure::timeout_error("late"));
    for failure in [late, way.client.out_of_time("PutItem")] {
        assert_eq!(failure.kind(), ErrorKind::TimedOut);
        assert!(failure.message().starts_with("PutItem on table"), "{failure}");
    }
}
