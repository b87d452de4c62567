//! The store's functions.

use std::ffi::{c_char, c_void};

use super::error::*;
use super::guard::{guard, required, result_place, Outcome};
use super::log::{forget_jumped_over, ld_dynamo_log_callback, ld_dynamo_log_release, Logger};
use super::moved_call;
use super::string::{give, give_if_found, give_items, give_known, text};
use crate::config::Config;
use crate::process::{self, Replaceable};
use crate::store::{Store, Upsert};

/// A store: one table under one prefix. Opaque; made by ld_dynamo_store_new, ended by ld_dynamo_store_free. Usable from many threads
/// at once, and in forked children of the process that made it.
#[allow(non_camel_case_types)]
pub struct ld_dynamo_store {
    pub(super) store: Store,
    logger: Replaceable<Logger>,
}

/// Runs a call on a store with its logger around it. Nothing of the store is touched after the messages were delivered: a callback may
/// have freed it.
///
/// # Safety
/// As for `guard`; `store` is NULL or a live store.
pub(super) unsafe fn call(
    store: *const ld_dynamo_store,
    error: *mut *mut ld_dynamo_error,
    body: impl FnOnce(&Store) -> Outcome,
) -> ld_dynamo_status {
    forget_jumped_over();
    // SAFETY: promised by the caller.
    let logger = unsafe { store.as_ref() }.and_then(|store| store.logger.get());
    // SAFETY: promised by the caller.
    let work = || unsafe { body(&required(store, "store")?.store) };
    // SAFETY: promised by the caller.
    unsafe {
        match logger {
            None => guard(error, work),
            Some(logger) => logger.around(|| guard(error, || moved_call::heard(work))),
        }
    }
}

/// As `call`, for a call with a result: the place for it is NULL whatever else is wrong.
///
/// # Safety
/// As for `call`; `result` is NULL or points to writable memory for one pointer.
pub(super) unsafe fn call_for_result(
    store: *const ld_dynamo_store,
    (result, name): (*mut *mut c_char, &str),
    error: *mut *mut ld_dynamo_error,
    body: impl FnOnce(&Store, &mut *mut c_char) -> Outcome,
) -> ld_dynamo_status {
    // SAFETY: promised by the caller.
    unsafe {
        let place = result_place(result, name);
        call(store, error, |store| body(store, place?))
    }
}

/// Makes a store from its configuration, a JSON object. Starts no thread and sends nothing: a missing table is found by the first call.
/// Only with "share"
/// does it look at the time and size of the AWS files.
///
/// `config_json`: "table" (required) and optionally the keys that docs/configuration.md lists; an unknown or mistyped key, or one that is
/// given twice, is an error that names it.
/// `store`: receives the store, to be freed with ld_dynamo_store_free; NULL on failure.
/// Fails with LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_INVALID_UTF8, LD_DYNAMO_INVALID_JSON, LD_DYNAMO_INVALID_CONFIGURATION.
///
/// # Safety
/// Pointers are NULL or valid; `config_json` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_new(
    config_json: *const c_char,
    store: *mut *mut ld_dynamo_store,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        guard(error, || {
            let place = result_place(store, "store")?;
            let config = Config::from_json(text(config_json, "config_json")?)?;
            let store = Store::new(config)?;
            process::carry(moved_call::capture);
            let logger = Replaceable::new();
            *place = Box::into_raw(Box::new(ld_dynamo_store { store, logger }));
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// Makes the kinds in a data set hold exactly its items, then marks the table as initialized.
///
/// `all_data_json`: {"features": {key: item, …}, "segments": {key: item, …}}, as LaunchDarkly sends it ("flags" is another name for
/// "features"). A kind that is absent is left alone, an empty one is emptied. Each item is a JSON object with an integer "version". Bad
/// input is refused before the first request. An item over 400,000 bytes is logged as an error and left out, with its older copy.
/// Reads what is stored and writes only the difference; takes at most "init_timeout_ms". On failure some rows may have been
/// written, the mark is as it was unless putting it is what failed, and the next init goes on from there. Blocks; several may run at
/// once, the last write stands.
/// Costs one read of the kinds' rows and one write unit per KB that differs, and one for the mark.
///
/// # Safety
/// Pointers are NULL or valid; `all_data_json` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_init(
    store: *const ld_dynamo_store,
    all_data_json: *const c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call(store, error, |store| {
            // What was dropped is logged, and counted by `stats`.
            let _ = store.init(text(all_data_json, "all_data_json")?)?;
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// Gets one item as stored, tombstones included.
///
/// `kind`: "features" (or "flags"), "segments", or a kind of your own. `key`: the flag's or segment's key.
/// `item_json`: receives the item's JSON, to be freed with ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned.
/// Returns LD_DYNAMO_OK or LD_DYNAMO_NOT_FOUND; fails with LD_DYNAMO_CORRUPT_ITEM where the row holds no JSON object.
/// A row deleted by an official store comes back as an item with "deleted": true. Costs at most one request.
///
/// # Safety
/// Pointers are NULL or valid; strings are NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_get(
    store: *const ld_dynamo_store,
    kind: *const c_char,
    key: *const c_char,
    item_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    let mut is_known = true;
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        // What the cache knows is given without a look at the logger, as there is nothing to log.
        let status = guard(error, || {
            let place = result_place(item_json, "item_json")?;
            let store = &required(store, "store")?.store;
            let (kind, key) = (text(kind, "kind")?, text(key, "key")?);
            let known = store.cached(kind, key, |item| give_known(item, place))?;
            is_known = known.is_some();
            Ok(known.unwrap_or(LD_DYNAMO_OK))
        });
        if is_known {
            return status;
        }
        call_for_result(store, (item_json, "item_json"), error, |store, place| {
            give_if_found(store.get(text(kind, "kind")?, text(key, "key")?)?.as_deref(), place)
        })
    }
}

/// Gets all items of a kind, tombstones included.
///
/// `items_json`: receives one JSON object from key to item, {} where there are none, to be freed with ld_dynamo_string_free; NULL on
/// failure. A corrupt row is left out and logged as an error with its key. Costs one request per MB stored, and at least one.
///
/// # Safety
/// Pointers are NULL or valid; `kind` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_all(
    store: *const ld_dynamo_store,
    kind: *const c_char,
    items_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call_for_result(store, (items_json, "items_json"), error, |store, place| {
            give_items(store.all(text(kind, "kind")?)?, place);
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// Writes one item where the table holds none or an older version. Costs one request, even when it is refused.
///
/// `item_json`: the whole item, a JSON object with an integer "version"; it is stored byte for byte under `key`. A deletion ("deleted":
/// true) of a feature or segment that lacks the kind's full schema is stored as a tombstone that every official SDK can read.
/// `stored_json`: receives the row that won where LD_DYNAMO_NOT_NEWER is returned, to be freed with ld_dynamo_string_free; else NULL.
/// It must not be NULL itself: like every place for a result, it is needed, and nothing is sent without it.
/// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_NEWER or LD_DYNAMO_TOO_LARGE (logged as an error; the stored row stays as it was).
///
/// # Safety
/// Pointers are NULL or valid; strings are NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_upsert(
    store: *const ld_dynamo_store,
    kind: *const c_char,
    key: *const c_char,
    item_json: *const c_char,
    stored_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call_for_result(store, (stored_json, "stored_json"), error, |store, place| {
            let (kind, key) = (text(kind, "kind")?, text(key, "key")?);
            match store.upsert(kind, key, text(item_json, "item_json")?)? {
                Upsert::Stored => Ok(LD_DYNAMO_OK),
                Upsert::TooLarge => Ok(LD_DYNAMO_TOO_LARGE),
                Upsert::NotNewer(stored) => {
                    give(&*stored, place)?;
                    Ok(LD_DYNAMO_NOT_NEWER)
                }
            }
        })
    }
}

/// Ends a store; NULL is nothing. Does no I/O and cannot fail. While another thread forks the process it waits for that, a second at
/// most; nothing else blocks it. In a forked child it frees nothing of the parent's. No call on the store may be under way; freeing it
/// twice, or using it afterwards, is undefined.
///
/// # Safety
/// `store` is NULL or a store that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_free(store: *mut ld_dynamo_store) {
    if store.is_null() {
        return;
    }
    forget_jumped_over();
    // SAFETY: stores are made by Box::into_raw in `ld_dynamo_store_new`, and the caller promises that this one is still there.
    let ld_dynamo_store { store, logger } = *unsafe { Box::from_raw(store) };
    // SAFETY: NULL is no place for an error.
    unsafe {
        guard(std::ptr::null_mut(), || {
            drop(store);
            Ok(LD_DYNAMO_OK)
        });
    }
    // Its release is the host's: no panic of its own is ours to record.
    drop(logger);
}

/// Whether the table holds a full data set under the store's prefix: LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_initialized(
    store: *const ld_dynamo_store,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call(store, error, |store| {
            let is_initialized = store.initialized()?;
            Ok(if is_initialized {
                LD_DYNAMO_OK
            } else {
                LD_DYNAMO_NOT_FOUND
            })
        })
    }
}

/// LD_DYNAMO_OK when the table answers now, else the failure. Always asks the table, never the cache; one request.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_available(
    store: *const ld_dynamo_store,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call(store, error, |store| {
            store.available()?;
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// What the store counted in this process, or with "share" all stores of its live state, for monitoring. Sends nothing.
///
/// `stats_json`: receives one JSON object, to be freed with ld_dynamo_string_free. Fields may be added. Numbers only grow, but for
/// "last_init" and "generation"; they begin at 0 with the first call in a process, and a forked child counts for itself.
/// "hits": get, all, initialized and membership calls answered from the cache. "misses": those that were not, while there is a cache.
/// "stale_hits": misses whose read failed, or another's within the last second, and that were served what was known before.
/// "joined_calls": misses served the answer
/// to another caller's request. "requests": HTTP requests to DynamoDB, retries included. "direct_requests": those of them that the
/// calling thread sent itself, past the AWS SDK. "retries": those that repeat one that
/// failed. "throttles": answers that said that the table or the account is asked too much. "consumed_read_units" and
/// "consumed_write_units": capacity units that DynamoDB bills, halves included; a write refused for its version counts as one.
/// "unprocessed_rows": rows of batches that DynamoDB left undone, each time; they are sent again. "last_init": rows of the
/// last init that succeeded, "written", "unchanged", "deleted", and "dropped" for their size. "generation": a number of the process that
/// counted this; it is another in a forked child.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_stats(
    store: *const ld_dynamo_store,
    stats_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call_for_result(store, (stats_json, "stats_json"), error, |store, place| {
            give(store.stats(), place)?;
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// Sets the function that receives the store's log messages from now on, those of the AWS SDK included, down to "log_level".
///
/// `callback`: runs on the thread that made a call, when the call's work is done; NULL for no more messages, and then `userdata` and
/// `release` are not looked at. At most 256 messages a call are delivered, the less severe giving way, and the others counted in one
/// more. What the callback's own calls on this store log is delivered after it has returned, within that limit; where a destructor of
/// thread-local data makes the call as its thread ends, it is not delivered, and the callback must not jump (longjmp). Never a secret.
/// `userdata`: handed to the callback. `release`: NULL, or a function that is called once with userdata when the logger was replaced
/// or the store freed and the last call that uses it is over; in a forked child never for a logger that the parent set. On failure
/// release is not called.
///
/// # Safety
/// Pointers are NULL or valid; callback and release accept userdata on any thread that uses the store.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_set_logger(
    store: *const ld_dynamo_store,
    callback: ld_dynamo_log_callback,
    userdata: *mut c_void,
    release: ld_dynamo_log_release,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    forget_jumped_over();
    let mut replaced = None;
    // SAFETY: what the caller promises is what each of these needs.
    let status = unsafe {
        guard(error, || {
            let store = required(store, "store")?;
            let logger = callback.map(|callback| Logger::new(store.store.config(), callback, userdata, release));
            replaced = store.logger.replace(logger);
            Ok(LD_DYNAMO_OK)
        })
    };
    // Its release is the host's: no panic of its own is ours to record.
    drop(replaced);
    status
}
