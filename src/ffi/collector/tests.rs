//! What a logger hears, and what it never does.

use super::*;

fn level_of(json: &str) -> LevelFilter {
    level(&Config::from_json(json).expect("a configuration"))
}

fn trace() -> LevelFilter {
    level_of(r#"{"table":"flags","log_level":"trace"}"#)
}

fn heard(level: LevelFilter, call: impl FnOnce()) -> Vec<String> {
    let ((), messages) = listen(level, call);
    messages.kept.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn a_long_message_is_cut_off() {
    for offset in 0..6 {
        let long = format!("{}{}", "x".repeat(offset), "ü".repeat(MAXIMUM_MESSAGE_BYTES));
        let lines = heard(trace(), || tracing::info!(field = 1, "{long}"));
        assert!(lines[0].len() <= MAXIMUM_MESSAGE_BYTES && lines[0].len() > MAXIMUM_MESSAGE_BYTES - 8);
        assert!(lines[0].ends_with("ü…"), "{offset}");
    }
}

#[test]
fn of_others_only_what_is_on_the_list_is_told() {
    let lines = heard(trace(), || {
        tracing::debug!(target: "aws_sigv4::http_request::sign", "not on the list");
        tracing::info!(target: "aws_config::profile::credentials::exec", "not on the list");
        tracing::debug!(target: "aws_smithy_runtime::client::orchestrator", request = "not on the list", "told");
        tracing::trace!(target: "aws_smithy_runtime::client::orchestrator", response = "nothing is left of this one");
        tracing::debug!(target: "aws_smithy_runtime::client::orchestrator::auth", "below what is on the list");
        tracing::debug!(target: "aws_config::meta::credentials::chain", provider = "Profile", context = "not told", "told");
        tracing::debug!(field = 1, "ours is told as a whole");
    });
    let told = [
        "aws_smithy_runtime::client::orchestrator: told",
        "aws_config::meta::credentials::chain: told provider=Profile",
        "ours is told as a whole field=1",
    ];
    assert_eq!(lines, told);
}

#[test]
fn warnings_and_errors_of_others_are_told_without_what_they_quote() {
    let lines = heard(trace(), || {
        tracing::warn!(target: "another_crate", addr = "::1", token = "a token", "told, too");
        // Region and credentials are the call's error's.
        tracing::warn!(target: "aws_config::ecs", token_length = 7, "invalid auth token");
        tracing::error!(target: "a_crate::of_tomorrow", error = "what it quotes", "told");
        tracing::warn!(target: "aws_runtime::env_config::normalize", "`a line of a file` ignored");
    });
    assert_eq!(
        lines,
        ["another_crate: told, too addr=::1", "a_crate::of_tomorrow: told"]
    );
}

#[test]
fn a_part_of_the_call_on_another_thread_is_heard() {
    let lines = heard(trace(), || {
        tracing::info!("before");
        let mut context = super::super::moved_call::capture();
        let context = std::thread::scope(|scope| {
            let part = scope.spawn(move || {
                context.around(&mut || tracing::info!("meanwhile"));
                context
            });
            part.join().expect("no panic")
        });
        context.come_back();
        tracing::info!("after");
    });
    assert_eq!(lines, ["before", "meanwhile", "after"]);
}

#[test]
fn levels_are_each_logger_s_own_and_nested_calls_do_not_mix() {
    let (errors, all) = (level_of(r#"{"table":"flags","log_level":"error"}"#), trace());
    let silent = level_of(r#"{"table":"flags","log_level":"off"}"#);
    let speak = || {
        tracing::error!("one");
        tracing::trace!("two");
    };
    assert_eq!(heard(silent, speak).len(), 0);
    assert_eq!(heard(errors, speak), ["one"]);
    let mut inner = Vec::new();
    let outer = heard(all, || {
        inner = heard(errors, speak);
        tracing::trace!("three");
    });
    assert_eq!((inner, outer), (vec!["one".to_owned()], vec!["three".to_owned()]));
}

#[test]
fn an_event_first_met_without_a_logger_is_heard_later() {
    let speak = || tracing::trace!("a place in the code of its own");
    speak();
    assert_eq!(heard(trace(), speak).len(), 1);
}

#[test]
fn messages_beyond_the_limit_are_counted() {
    let ((), messages) = listen(trace(), || {
        (0..MAXIMUM_MESSAGES + 3).for_each(|number| tracing::trace!(number))
    });
    assert_eq!((messages.kept.len(), messages.dropped), (MAXIMUM_MESSAGES, 3));
}

#[test]
fn what_parts_on_other_threads_dropped_is_counted_together() {
    let part = |kept, dropped| Messages {
        kept: vec![(Level::TRACE, "a part's".to_owned()); kept],
        dropped,
    };
    let ((), messages) = listen(trace(), || {
        add(part(2, 3));
        add(part(MAXIMUM_MESSAGES, 4));
    });
    assert_eq!((messages.kept.len(), messages.dropped), (MAXIMUM_MESSAGES, 3 + 4 + 2));
}

#[test]
fn an_error_takes_the_room_of_something_less_severe() {
    let ((), messages) = listen(trace(), || {
        tracing::error!("first");
        tracing::debug!("debug");
        (0..MAXIMUM_MESSAGES).for_each(|number| tracing::trace!(number));
        tracing::info!("info");
        tracing::error!("last");
        tracing::trace!("lost");
    });
    let texts: Vec<_> = messages.kept.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts[..3], ["first", "debug", "number=0"]);
    assert_eq!(texts[MAXIMUM_MESSAGES - 3..], ["number=251", "info", "last"]);
    assert_eq!((texts.len(), messages.dropped), (MAXIMUM_MESSAGES, 5));
}
