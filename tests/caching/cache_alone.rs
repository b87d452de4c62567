//! The calls that answer from the cache or not at all.

use std::ffi::{c_char, CStr, CString};
use std::ptr::null_mut;
use std::time::Duration;

use crate::support::cached::Place;
use ld_dynamo_store::ffi::{
    ld_dynamo_store as NativeStore, ld_dynamo_store_all, ld_dynamo_store_all_cached, ld_dynamo_store_free,
    ld_dynamo_store_get, ld_dynamo_store_get_cached, ld_dynamo_store_initialized, ld_dynamo_store_initialized_cached,
    ld_dynamo_store_new, ld_dynamo_store_stats, ld_dynamo_string_free, LD_DYNAMO_NOT_CACHED, LD_DYNAMO_NOT_FOUND,
    LD_DYNAMO_OK,
};
use serde_json::{json, Value};

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

    /// The status of a call and the text that it gave.
    fn call(&self, call: impl FnOnce(*const NativeStore, *mut *mut c_char) -> i32) -> (i32, Option<String>) {
        let mut text = null_mut();
        let status = call(self.0, &mut text);
        // SAFETY: what the library gave is a string that ends with NUL, and is freed once.
        let given = (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().expect("UTF-8").to_owned());
        unsafe { ld_dynamo_string_free(text) };
        (status, given)
    }

    fn get(&self, key: &CStr) -> (i32, Option<String>) {
        // SAFETY: the store is there, and the strings end with NUL; so below.
        self.call(|store, text| unsafe {
            ld_dynamo_store_get(store, c"features".as_ptr(), key.as_ptr(), text, null_mut())
        })
    }

    fn get_cached(&self, key: &CStr) -> (i32, Option<String>) {
        self.call(|store, text| unsafe {
            ld_dynamo_store_get_cached(store, c"flags".as_ptr(), key.as_ptr(), text, null_mut())
        })
    }

    fn all(&self) -> (i32, Option<String>) {
        self.call(|store, text| unsafe { ld_dynamo_store_all(store, c"features".as_ptr(), text, null_mut()) })
    }

    fn all_cached(&self) -> (i32, Option<String>) {
        self.call(|store, text| unsafe { ld_dynamo_store_all_cached(store, c"flags".as_ptr(), text, null_mut()) })
    }

    fn initialized(&self) -> i32 {
        unsafe { ld_dynamo_store_initialized(self.0, null_mut()) }
    }

    fn initialized_cached(&self) -> i32 {
        unsafe { ld_dynamo_store_initialized_cached(self.0, null_mut()) }
    }

    fn stats(&self) -> Value {
        let (_, text) = self.call(|store, text| unsafe { ld_dynamo_store_stats(store, text, null_mut()) });
        serde_json::from_str(&text.expect("a text")).expect("JSON")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it is freed once.
        unsafe { ld_dynamo_store_free(self.0) };
    }
}

const NOT_CACHED: (i32, Option<String>) = (LD_DYNAMO_NOT_CACHED, None);

#[test]
fn they_know_what_was_read_and_ask_nothing() {
    let place = Place::new();
    place.put("flag", 1);
    let store = Store::new(&place, 600_000);
    assert_eq!(store.get_cached(c"flag"), NOT_CACHED);
    assert_eq!(store.all_cached(), NOT_CACHED);
    assert_eq!(store.initialized_cached(), LD_DYNAMO_NOT_CACHED);
    assert_eq!(store.stats()["requests"], 0, "nothing was asked");
    assert_eq!(store.stats()["misses"], 0, "the call that asks counts the miss");

    let read = (store.get(c"flag"), store.get(c"absent"), store.initialized());
    assert_eq!(
        (read.0 .0, &read.1, read.2),
        (LD_DYNAMO_OK, &(LD_DYNAMO_NOT_FOUND, None), LD_DYNAMO_NOT_FOUND)
    );
    assert_eq!(store.all_cached(), NOT_CACHED);
    let all = store.all();
    let requests = store.stats()["requests"].clone();
    assert_eq!(
        (
            store.get_cached(c"flag"),
            store.get_cached(c"absent"),
            store.initialized_cached()
        ),
        read
    );
    assert_eq!(store.all_cached(), all);
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
        store.get(c"flag");
        store.all();
        store.initialized();
        std::thread::sleep(Duration::from_millis(waits_ms));
        assert_eq!(store.get_cached(c"flag"), NOT_CACHED);
        assert_eq!(store.all_cached(), NOT_CACHED);
        assert_eq!(store.initialized_cached(), LD_DYNAMO_NOT_CACHED);
    }
}
