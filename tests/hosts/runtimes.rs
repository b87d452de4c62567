//! Log messages of calls that come through the C ABI from inside a tokio runtime of the host's, as a program in Rust makes them that links
//! a library in C which uses this one.

use std::ffi::{c_char, c_void, CStr, CString};
use std::ptr::null_mut;
use std::sync::Mutex;

use crate::support::Engine;
use ::ld_dynamo_store::ffi::*;
use serde_json::json;

/// What a call said, as level and text.
type Messages = Vec<(i32, String)>;

unsafe extern "C" fn keep(userdata: *mut c_void, level: i32, message: *const c_char) {
    // SAFETY: the test's messages outlive its store.
    let messages = unsafe { &*userdata.cast::<Mutex<Messages>>() };
    // SAFETY: a line of UTF-8.
    let message = unsafe { CStr::from_ptr(message) };
    let message = message.to_str().expect("UTF-8").to_owned();
    messages.lock().expect("no panic").push((level, message));
}

/// Makes a store with a logger, an init and a refused upsert with it; returns how often each level was heard, and what was of INFO or above.
fn heard_of_calls(engine: &Engine, transport: &str) -> (Vec<usize>, Messages) {
    let messages = Mutex::new(Messages::new());
    let mut configuration = engine.configuration(&engine.create_table());
    configuration["log_level"] = json!("trace");
    configuration["transport"] = json!(transport);
    let text = |text: &str| CString::new(text).expect("no NUL");
    let (mut store, mut item) = (null_mut(), null_mut());
    let large = format!(r#"{{"version":1,"text":"{}"}}"#, "x".repeat(400_000));
    // SAFETY: pointers to what lives until the store is freed.
    unsafe {
        let made = ld_dynamo_store_new(text(&configuration.to_string()).as_ptr(), &mut store, null_mut());
        assert_eq!(made, LD_DYNAMO_OK);
        let userdata = std::ptr::from_ref(&messages).cast_mut().cast();
        assert_eq!(
            ld_dynamo_store_set_logger(store, Some(keep), userdata, None, null_mut()),
            LD_DYNAMO_OK
        );
        let data = text(r#"{"features":{"a":{"version":1}},"segments":{}}"#);
        assert_eq!(ld_dynamo_store_init(store, data.as_ptr(), null_mut()), LD_DYNAMO_OK);
        let (kind, key, large) = (text("features"), text("b"), text(&large));
        let refused = ld_dynamo_store_upsert(
            store,
            kind.as_ptr(),
            key.as_ptr(),
            large.as_ptr(),
            &mut item,
            null_mut(),
        );
        assert_eq!(refused, LD_DYNAMO_TOO_LARGE);
        ld_dynamo_store_free(store);
    }
    let mut messages = messages.into_inner().expect("no panic");
    // Two requests of an init may use one connection or two, as it comes.
    messages.retain(|(_, message)| !message.starts_with("hyper_util::"));
    let counted = (LD_DYNAMO_LOG_ERROR..=LD_DYNAMO_LOG_TRACE)
        .map(|level| messages.iter().filter(|(of, _)| *of == level).count())
        .collect();
    let is_severe = |(level, _): &(i32, String)| *level <= LD_DYNAMO_LOG_INFO;
    let without_table = |(level, message): (i32, String)| {
        let mut words: Vec<_> = message.split(' ').collect();
        words.retain(|word| !word.starts_with("\"table-"));
        (level, words.join(" "))
    };
    (
        counted,
        messages.into_iter().filter(is_severe).map(without_table).collect(),
    )
}

#[test]
fn a_logger_hears_the_same_inside_a_runtime_of_the_host_s() {
    let engine = Engine::embedded();
    for transport in ["auto", "sdk"] {
        let outside = heard_of_calls(&engine, transport);
        assert!(outside.0[0] > 0 && outside.0[2] > 0 && outside.0[4] > 0, "{outside:?}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let in_a_future = runtime.block_on(async { heard_of_calls(&engine, transport) });
        assert_eq!(in_a_future, outside, "{transport}");
        let address = engine.endpoint.clone();
        let task = async move { heard_of_calls(&Engine::running(&address), transport) };
        let task = async { tokio::spawn(task).await };
        assert_eq!(runtime.block_on(task).expect("no panic"), outside, "{transport}");
        let entered = runtime.enter();
        assert_eq!(heard_of_calls(&engine, transport), outside, "{transport}");
        drop(entered);
    }
}
