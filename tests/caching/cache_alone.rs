//! The calls that answer from the cache or not at all.

use std::ffi::{c_char, CStr, CString};
use std::ptr::null_mut;
use std::time::Duration;

use crate::support::cached::Place;
use ld_dynamo_store::ffi::{
    ld_dynamo_error, ld_dynamo_store as NativeStore, ld_dynamo_store_all, ld_dynamo_store_all_cached,
    ld_dynamo_store_free, ld_dynamo_store_get, ld_dynamo_store_get_cached, ld_dynamo_store_initialized,
    ld_dynamo_store_initialized_cached, ld_dynamo_store_new, ld_dynamo_store_stats, ld_dynamo_string_free,
    LD_DYNAMO_NOT_CACHED, LD_DYNAMO_NOT_FOUND, LD_DYNAMO_OK,
};
use serde_json::{json, Value};

type Answer = (i32, Option<String>);
type Error = *mut *mut ld_dynamo_error;
type ItemCall = unsafe extern "C" fn(*const NativeStore, *const c_char, *const c_char, *mut *mut c_char, Error) -> i32;
type ItemsCall = unsafe extern "C" fn(*const NativeStore, *const c_char, *mut *mut c_char, Error) -> i32;
type StateCall = unsafe extern "C" fn(*const NativeStore, Error) -> i32;

/// A store as C has it.
struct Store(*mut NativeStore);

impl Store {
    fn new(place: &Place, cache_ttl_ms: i64) -> Store {
        let mut configuration = place.engine.configuration(&place.table);
        configuration["cache_ttl_ms"] = json!(cache_ttl_ms);
        let configuration = CString::new(configuration.to_string()).expect("no NUL");
        let mut store = null_mut();
        // SAFETY: the string ends with NUL.
        let status = unsafe { ld_dynamo_store_new(configuration.as_ptr(), &mut store, null_mut()) };
        assert_eq!(status, LD_DYNAMO_OK);
        Store(store)
    }

    /// What a call answers about an item, with its text.
    fn item(&self, call: ItemCall, key: &CStr) -> Answer {
        let mut text = null_mut();
        // SAFETY: the store is there, and the strings end with NUL.
        let status = unsafe { call(self.0, c"features".as_ptr(), key.as_ptr(), &mut text, null_mut()) };
        (status, taken(text))
    }

    /// The same for all items.
    fn items(&self, call: ItemsCall) -> Answer {
        let mut text = null_mut();
        // SAFETY: the store is there, and the string ends with NUL.
        let status = unsafe { call(self.0, c"features".as_ptr(), &mut text, null_mut()) };
        (status, taken(text))
    }

    fn state(&self, call: StateCall) -> i32 {
        // SAFETY: the store is there.
        unsafe { call(self.0, null_mut()) }
    }

    fn stats(&self) -> Value {
        let mut text = null_mut();
        // SAFETY: the store is there.
        unsafe { ld_dynamo_store_stats(self.0, &mut text, null_mut()) };
        serde_json::from_str(&taken(text).expect("a text")).expect("JSON")
    }
}

/// The text that a call gave, which is freed.
fn taken(text: *mut c_char) -> Option<String> {
    // SAFETY: what the library gives is NULL, or a string that ends with NUL and is freed once.
    unsafe {
        let copy = (!text.is_null()).then(|| CStr::from_ptr(text).to_str().expect("UTF-8").to_owned());
        ld_dynamo_string_free(text);
        copy
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it is freed once.
        unsafe { ld_dynamo_store_free(self.0) };
    }
}

const NOT_CACHED: Answer = (LD_DYNAMO_NOT_CACHED, None);

#[test]
fn they_know_what_was_read_and_ask_nothing() {
    let place = Place::new();
    place.put("flag", 1);
    let store = Store::new(&place, 600_000);
    assert_eq!(store.item(ld_dynamo_store_get_cached, c"flag"), NOT_CACHED);
    assert_eq!(store.items(ld_dynamo_store_all_cached), NOT_CACHED);
    assert_eq!(store.state(ld_dynamo_store_initialized_cached), LD_DYNAMO_NOT_CACHED);
    assert_eq!(store.stats()["requests"], 0, "nothing was asked");
    assert_eq!(store.stats()["misses"], 0, "the call that asks counts the miss");

    let read = (
        store.item(ld_dynamo_store_get, c"flag"),
        store.item(ld_dynamo_store_get, c"absent"),
        store.state(ld_dynamo_store_initialized),
    );
    assert_eq!(
        (read.0 .0, &read.1, read.2),
        (LD_DYNAMO_OK, &(LD_DYNAMO_NOT_FOUND, None), LD_DYNAMO_NOT_FOUND)
    );
    assert_eq!(store.items(ld_dynamo_store_all_cached), NOT_CACHED);
    let all = store.items(ld_dynamo_store_all);
    let requests = store.stats()["requests"].clone();
    assert_eq!(
        (
            store.item(ld_dynamo_store_get_cached, c"flag"),
            store.item(ld_dynamo_store_get_cached, c"absent"),
            store.state(ld_dynamo_store_initialized_cached)
        ),
        read
    );
    assert_eq!(store.items(ld_dynamo_store_all_cached), all);
    assert_eq!(all.0, LD_DYNAMO_OK);
    assert_eq!(store.stats()["hits"], 4);
    assert_eq!(store.stats()["requests"], requests);
}

#[test]
fn they_know_nothing_that_is_too_old_or_without_a_cache() {
    let place = Place::new();
    place.put("flag", 1);
    for (cache_ttl_ms, waits_ms) in [(50, 100), (0, 0)] {
        let store = Store::new(&place, cache_ttl_ms);
        assert_eq!(store.item(ld_dynamo_store_get, c"flag").0, LD_DYNAMO_OK);
        assert_eq!(store.items(ld_dynamo_store_all).0, LD_DYNAMO_OK);
        assert_eq!(store.state(ld_dynamo_store_initialized), LD_DYNAMO_NOT_FOUND);
        std::thread::sleep(Duration::from_millis(waits_ms));
        assert_eq!(store.item(ld_dynamo_store_get_cached, c"flag"), NOT_CACHED);
        assert_eq!(store.items(ld_dynamo_store_all_cached), NOT_CACHED);
        assert_eq!(store.state(ld_dynamo_store_initialized_cached), LD_DYNAMO_NOT_CACHED);
    }
}
