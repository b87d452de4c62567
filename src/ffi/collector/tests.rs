//! What a logger hears, and what it never does.

use super::*;

fn filter(json: &str) -> Arc<Filter> {
    Filter::new(&Config::from_json(json).expect("a configuration"))
}

fn heard(filter: &Arc<Filter>, call: impl FnOnce()) -> Vec<String> {
    let ((), messages) = filter.listen(call);
    messages.kept.into_iter().map(|(_, text)| text).collect()
}

const WITH_SECRETS: &str = r#"{"table":"t","log_level":"trace","proxy":"http://me:word@proxy:1/",
    "credentials":{"access_key_id":"the-id","secret_access_key":"the-key","session_token":"the-token"}}"#;

#[test]
fn secrets_are_cut_out_wherever_they_stand() {
    let filter = filter(WITH_SECRETS);
    let lines = heard(&filter, || {
        tracing::info!("the-id and the-key and the-token through me:word@elsewhere");
        tracing::debug!(field = "the-key", other = ?("the-token", 1));
    });
    assert_eq!(
        lines,
        ["… and … and … through …@elsewhere", " field=… other=(\"…\", 1)"]
    );
}

#[test]
fn a_secret_at_the_end_of_a_long_message_is_not_cut_in_half() {
    let filter = filter(WITH_SECRETS);
    for offset in 0..20 {
        let before = "x".repeat(MAXIMUM_EVENT_BYTES - offset);
        let beside = "x".repeat(MAXIMUM_MESSAGE_BYTES - offset);
        let lines = heard(&filter, || {
            tracing::info!("{before}the-token");
            tracing::info!("{beside}the-token{before}");
        });
        assert!(lines.iter().all(|line| !line.contains('h')), "{offset}");
        assert!(lines
            .iter()
            .all(|line| line.len() <= MAXIMUM_MESSAGE_BYTES + '…'.len_utf8()));
    }
}

#[test]
fn what_others_say_of_signatures_and_credentials_is_left_out() {
    let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
    let lines = heard(&filter, || {
        tracing::debug!(target: "aws_sigv4::http_request::sign", "left out by its target");
        tracing::debug!(target: "aws_smithy_runtime::client", request = "left out by its name", "kept");
        tracing::debug!(target: "aws_smithy_runtime::client", request = "nothing is left of this one");
        tracing::debug!(target: "aws_config::imds", "Authorization: AWS4-HMAC-SHA256");
        tracing::debug!(target: "aws_config::imds", "AKIDEXAMPLE is short, AKIAIOSFODNN7EXAMPLE is not");
    });
    let left_out = "aws_config::imds: a message that may hold a secret was left out";
    assert_eq!(lines, ["aws_smithy_runtime::client: kept", left_out, left_out]);
}

#[test]
fn levels_are_each_logger_s_own_and_nested_calls_do_not_mix() {
    let (errors, all) = (
        filter(r#"{"table":"t","log_level":"error"}"#),
        filter(r#"{"table":"t","log_level":"trace"}"#),
    );
    let silent = filter(r#"{"table":"t","log_level":"off"}"#);
    let speak = || {
        tracing::error!("one");
        tracing::trace!("two");
    };
    assert_eq!(heard(&silent, speak).len(), 0);
    assert_eq!(heard(&errors, speak), ["one"]);
    let mut inner = Vec::new();
    let outer = heard(&all, || {
        inner = heard(&errors, speak);
        tracing::trace!("three");
    });
    assert_eq!((inner, outer), (vec!["one".to_owned()], vec!["three".to_owned()]));
}

#[test]
fn an_event_first_met_without_a_logger_is_heard_later() {
    let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
    let speak = || tracing::trace!("a place in the code of its own");
    speak();
    assert_eq!(heard(&filter, speak).len(), 1);
}

#[test]
fn messages_beyond_the_limit_are_counted() {
    let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
    let ((), messages) = filter.listen(|| (0..MAXIMUM_MESSAGES + 3).for_each(|number| tracing::trace!(number)));
    assert_eq!((messages.kept.len(), messages.dropped), (MAXIMUM_MESSAGES, 3));
}

#[test]
fn an_error_takes_the_room_of_something_less_severe() {
    let filter = filter(r#"{"table":"t","log_level":"trace"}"#);
    let ((), messages) = filter.listen(|| {
        tracing::error!("first");
        tracing::debug!("debug");
        (0..MAXIMUM_MESSAGES).for_each(|number| tracing::trace!(number));
        tracing::info!("info");
        tracing::error!("last");
        tracing::trace!("lost");
    });
    let texts: Vec<_> = messages.kept.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts[..3], ["first", "debug", " number=0"]);
    assert_eq!(texts[MAXIMUM_MESSAGES - 3..], [" number=251", "info", "last"]);
    assert_eq!((texts.len(), messages.dropped), (MAXIMUM_MESSAGES, 5));
}
