//! The C ABI as a program in C uses it, without a request: pointers, ownership, panics. `make sanitize` runs these under Miri.
//!
//! SAFETY: every pointer handed in is NULL, a literal, or came from the library and has not been freed.
#![expect(clippy::undocumented_unsafe_blocks, reason = "said above, for all of them")]

use std::ffi::{c_char, c_void, CStr, CString};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::guard::{self, guard};
use super::string::{give, text};
use super::*;

/// A store that nothing is asked of.
fn store() -> *mut ld_dynamo_store {
    let (mut store, mut error) = (null_mut(), null_mut());
    let status = unsafe { ld_dynamo_store_new(c"{\"table\":\"flags\"}".as_ptr(), &mut store, &mut error) };
    assert_eq!((status, error), (LD_DYNAMO_OK, null_mut()));
    store
}

/// Status and message of an error, which is freed.
fn taken(error: *mut ld_dynamo_error) -> (i32, String) {
    let message = unsafe { CStr::from_ptr(ld_dynamo_error_message(error)) };
    let taken = (
        unsafe { ld_dynamo_error_status(error) },
        message.to_str().unwrap().to_owned(),
    );
    unsafe { ld_dynamo_error_free(error) };
    taken
}

#[test]
fn versions_are_those_of_the_crate_and_of_the_header() {
    let version = unsafe { CStr::from_ptr(ld_dynamo_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
    assert_eq!(
        ld_dynamo_abi_version(),
        LD_DYNAMO_ABI_MAJOR * 65_536 + LD_DYNAMO_ABI_MINOR
    );
}

/// A number is never used again for anything else.
#[test]
fn statuses_keep_their_numbers() {
    let outcomes = [
        LD_DYNAMO_OK,
        LD_DYNAMO_NOT_FOUND,
        LD_DYNAMO_NOT_NEWER,
        LD_DYNAMO_TOO_LARGE,
        LD_DYNAMO_NOT_CACHED,
        LD_DYNAMO_OUT_OF_ORDER,
    ];
    assert_eq!(outcomes, [0, 1, 2, 3, 4, 5]);
    let arguments = [
        LD_DYNAMO_NULL_ARGUMENT,
        LD_DYNAMO_INVALID_UTF8,
        LD_DYNAMO_INVALID_JSON,
        LD_DYNAMO_INVALID_ITEM,
        LD_DYNAMO_INVALID_KIND,
        LD_DYNAMO_INVALID_KEY,
        LD_DYNAMO_INVALID_DATA_SET,
        LD_DYNAMO_INVALID_BIG_SEGMENTS,
    ];
    assert_eq!(arguments, [-1, -2, -3, -4, -5, -6, -7, -8]);
    let settings = [
        LD_DYNAMO_INVALID_CONFIGURATION,
        LD_DYNAMO_UNSUPPORTED_CREDENTIALS,
        LD_DYNAMO_NO_REGION,
    ];
    assert_eq!(settings, [-100, -101, -102]);
    let service = [
        LD_DYNAMO_TABLE_NOT_FOUND,
        LD_DYNAMO_TABLE_MISMATCH,
        LD_DYNAMO_ACCESS_DENIED,
        LD_DYNAMO_NO_CREDENTIALS,
        LD_DYNAMO_SERVICE_ERROR,
        LD_DYNAMO_THROTTLED,
    ];
    assert_eq!(service, [-200, -201, -202, -203, -204, -300]);
    let network = [LD_DYNAMO_TIMED_OUT, LD_DYNAMO_UNREACHABLE, LD_DYNAMO_INVALID_RESPONSE];
    assert_eq!(network, [-400, -401, -402]);
    let others = [
        LD_DYNAMO_CORRUPT_ITEM,
        LD_DYNAMO_READ_ONLY,
        LD_DYNAMO_INTERNAL,
        LD_DYNAMO_PANIC,
    ];
    assert_eq!(others, [-500, -600, -900, -901]);
}

#[test]
fn a_store_is_made_and_freed() {
    unsafe { ld_dynamo_store_free(store()) };
    unsafe { ld_dynamo_store_free(null_mut()) };
}

#[test]
fn a_refused_configuration_leaves_null_and_an_error() {
    let mut store = std::ptr::dangling_mut();
    let mut error = std::ptr::dangling_mut();
    let status = unsafe { ld_dynamo_store_new(c"{\"tabel\":1}".as_ptr(), &mut store, &mut error) };
    assert!(store.is_null());
    let (same, message) = taken(error);
    assert_eq!((status, same), (LD_DYNAMO_INVALID_CONFIGURATION, status));
    assert!(message.contains("tabel"), "{message}");
}

#[test]
fn nobody_has_to_take_the_error() {
    let mut store = null_mut();
    let status = unsafe { ld_dynamo_store_new(c"{".as_ptr(), &mut store, null_mut()) };
    assert_eq!((status, store), (LD_DYNAMO_INVALID_JSON, null_mut()));
}

#[test]
fn null_is_refused_by_name() {
    let store = store();
    let (mut error, mut item) = (null_mut(), std::ptr::dangling_mut());
    let kind = c"features".as_ptr();
    let status = unsafe { ld_dynamo_store_get(store, kind, null(), &mut item, &mut error) };
    assert_eq!((status, item), (LD_DYNAMO_NULL_ARGUMENT, null_mut()));
    assert!(taken(error).1.contains("\"key\""));
    let status = unsafe { ld_dynamo_store_get(store, kind, kind, null_mut(), &mut error) };
    assert_eq!(status, LD_DYNAMO_NULL_ARGUMENT);
    assert!(taken(error).1.contains("\"item_json\""));
    item = std::ptr::dangling_mut();
    let status = unsafe { ld_dynamo_store_get(null(), kind, kind, &mut item, &mut error) };
    assert_eq!((status, item), (LD_DYNAMO_NULL_ARGUMENT, null_mut()));
    assert!(taken(error).1.contains("\"store\""));
    unsafe { ld_dynamo_store_free(store) };
}

#[test]
fn text_must_be_utf8() {
    let bytes = CString::new(b"abc\xff".to_vec()).unwrap();
    let error = unsafe { text(bytes.as_ptr(), "kind") }.err().unwrap();
    let (status, message) = taken(Box::into_raw(Box::new(error)));
    assert_eq!(status, LD_DYNAMO_INVALID_UTF8);
    assert!(
        message.contains("\"kind\"") && message.contains("offset 3"),
        "{message}"
    );
}

#[test]
fn strings_belong_to_the_caller() {
    let mut place = null_mut();
    assert!(give("ü\n", &mut place).is_ok());
    assert_eq!(unsafe { CStr::from_ptr(place) }.to_bytes(), "ü\n".as_bytes());
    unsafe { ld_dynamo_string_free(place) };
    unsafe { ld_dynamo_string_free(null_mut()) };
    let store = store();
    let status = unsafe { ld_dynamo_store_stats(store, &mut place, null_mut()) };
    assert_eq!(status, LD_DYNAMO_OK);
    assert!(unsafe { CStr::from_ptr(place) }.to_str().unwrap().starts_with('{'));
    unsafe { ld_dynamo_string_free(place) };
    unsafe { ld_dynamo_store_free(store) };
}

#[test]
fn accessors_of_errors_take_null() {
    assert_eq!(unsafe { ld_dynamo_error_status(null()) }, LD_DYNAMO_OK);
    assert_eq!(unsafe { ld_dynamo_error_is_retriable(null()) }, 0);
    assert!(!unsafe { ld_dynamo_error_message(null()) }.is_null());
    assert!(unsafe { ld_dynamo_error_service_code(null()) }.is_null());
    unsafe { ld_dynamo_error_free(null_mut()) };
}

#[test]
fn a_panic_is_a_status_that_says_where() {
    let mut error = null_mut();
    let status = unsafe { guard(&mut error, || panic!("on purpose")) };
    let (same, message) = taken(error);
    assert_eq!((status, same), (LD_DYNAMO_PANIC, status));
    assert!(message.contains("on purpose, at src/ffi/tests.rs:"), "{message}");
}

#[test]
fn a_part_on_another_thread_is_guarded_as_its_call_is() {
    let is_part_guarded = || {
        let mut context = moved_call::capture();
        let part = std::thread::spawn(move || {
            let mut is_guarded = false;
            context.around(&mut || is_guarded = guard::is_guarded());
            is_guarded
        });
        part.join().expect("no panic")
    };
    assert!(!is_part_guarded());
    let mut within = false;
    let call = || {
        within = is_part_guarded();
        Ok(LD_DYNAMO_OK)
    };
    assert_eq!(unsafe { guard(null_mut(), call) }, LD_DYNAMO_OK);
    assert!(within && !guard::is_guarded());
}

unsafe extern "C" fn log(_: *mut c_void, _: i32, _: *const c_char) {}

unsafe extern "C" fn release(userdata: *mut c_void) {
    unsafe { &*userdata.cast::<AtomicUsize>() }.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn each_logger_is_released_once() {
    let released = [(); 3].map(|()| AtomicUsize::new(0));
    let counts = || released.each_ref().map(|count| count.load(Ordering::Relaxed));
    let store = store();
    let set = |index: usize| {
        let userdata = std::ptr::from_ref(&released[index]).cast_mut().cast();
        let status = unsafe { ld_dynamo_store_set_logger(store, Some(log), userdata, Some(release), null_mut()) };
        assert_eq!(status, LD_DYNAMO_OK);
    };
    set(0);
    set(1);
    assert_eq!(counts(), [1, 0, 0]);
    unsafe { ld_dynamo_store_set_logger(store, None, null_mut(), None, null_mut()) };
    assert_eq!(counts(), [1, 1, 0]);
    set(2);
    unsafe { ld_dynamo_store_free(store) };
    assert_eq!(counts(), [1, 1, 1]);
}

/// Collects members, and takes the value of each apart in its turn.
unsafe extern "C" fn collect(
    userdata: *mut c_void,
    name: *const c_char,
    name_length: usize,
    value: *const c_char,
    value_length: usize,
) {
    let mut inner = Vec::<(Vec<u8>, String)>::new();
    let inside = std::ptr::from_mut(&mut inner).cast();
    let status = unsafe { ld_dynamo_json_members(value, 2, Some(collect), inside, null_mut()) };
    // With the NUL behind it, which the length does not count.
    let name = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), name_length + 1) };
    let value = unsafe { CStr::from_ptr(value) }.to_str().unwrap();
    assert_eq!((name[name_length], value.len()), (0, value_length));
    let all = unsafe { &mut *userdata.cast::<Vec<(Vec<u8>, String)>>() };
    all.push((name[..name_length].to_vec(), value.to_owned()));
    all.extend(inner);
    assert_eq!(status == LD_DYNAMO_OK, value.starts_with('{'));
}

#[test]
fn json_objects_are_taken_apart() {
    let mut members = Vec::<(Vec<u8>, String)>::new();
    let (userdata, mut error) = (std::ptr::from_mut(&mut members).cast(), std::ptr::dangling_mut());
    let json = c"{\"a\\u0000\":{\"b\":1.0,\"c\":{}},\"a\\u0000\":\"\u{e9}\"}";
    let status = unsafe { ld_dynamo_json_members(json.as_ptr(), 3, Some(collect), userdata, &mut error) };
    assert_eq!((status, error), (LD_DYNAMO_OK, null_mut()));
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| (name.as_slice(), value.as_str()))
        .collect();
    let expected: [(&[u8], &str); 4] = [
        (b"a\0", "{\"b\":1.0,\"c\":{}}"),
        (b"b", "1.0"),
        (b"c", "{}"),
        (b"a\0", "\"\u{e9}\""),
    ];
    assert_eq!(members, expected);
}

#[test]
fn no_member_comes_from_what_is_refused() {
    let mut members = Vec::<(Vec<u8>, String)>::new();
    let (userdata, mut error) = (std::ptr::from_mut(&mut members).cast(), null_mut());
    let json = c"{\"a\":1,\"b\":{\"c\":[]}}".as_ptr();
    let status = unsafe { ld_dynamo_json_members(json, 2, Some(collect), userdata, &mut error) };
    assert_eq!(status, LD_DYNAMO_INVALID_JSON);
    assert!(taken(error).1.contains("more than 2 levels"));
    for (json, member, name) in [(null(), Some(collect as _), "object_json"), (json, None, "member")] {
        let status = unsafe { ld_dynamo_json_members(json, 0, member, userdata, &mut error) };
        assert_eq!(status, LD_DYNAMO_NULL_ARGUMENT);
        assert!(taken(error).1.contains(name));
    }
    assert!(members.is_empty());
}

/// A store in the hands of several threads.
#[derive(Clone, Copy)]
struct Shared(*mut ld_dynamo_store);

// SAFETY: stores may be used from many threads at once.
unsafe impl Send for Shared {}

impl Shared {
    fn store(self) -> *mut ld_dynamo_store {
        self.0
    }
}

#[test]
fn loggers_are_replaced_beside_calls() {
    static RELEASED: AtomicUsize = AtomicUsize::new(0);
    let shared = Shared(store());
    let rounds = if cfg!(miri) { 10 } else { 500 };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..rounds {
                    let userdata = std::ptr::from_ref(&RELEASED).cast_mut().cast();
                    let status = unsafe {
                        ld_dynamo_store_set_logger(shared.store(), Some(log), userdata, Some(release), null_mut())
                    };
                    assert_eq!(status, LD_DYNAMO_OK);
                }
            });
            scope.spawn(move || {
                for _ in 0..rounds {
                    // Refused before a request, after the logger was taken up.
                    let status = unsafe { ld_dynamo_store_init(shared.store(), c"[]".as_ptr(), null_mut()) };
                    assert_eq!(status, LD_DYNAMO_INVALID_DATA_SET);
                }
            });
        }
    });
    unsafe { ld_dynamo_store_free(shared.store()) };
    assert_eq!(RELEASED.load(Ordering::Relaxed), 2 * rounds);
}
