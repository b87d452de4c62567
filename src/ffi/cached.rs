//! What the cache knows, for hosts whose threads must not wait.

use std::ffi::c_char;

use super::error::*;
use super::guard::{guard, required, result_place};
use super::store::ld_dynamo_store;
use super::string::{give_items, give_known, text};

/// As ld_dynamo_store_get, but from the cache alone: never asks the table and never waits for somebody who does. For event loops and
/// greenlets, which leave to another thread only what has to wait.
///
/// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_FOUND where the cache knows that there is no item, and LD_DYNAMO_NOT_CACHED where
/// ld_dynamo_store_get would have to ask. Logs nothing.
///
/// # Safety
/// Pointers are NULL or valid; strings are NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_get_cached(
    store: *const ld_dynamo_store,
    kind: *const c_char,
    key: *const c_char,
    item_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        guard(error, || {
            let place = result_place(item_json, "item_json")?;
            let store = &required(store, "store")?.store;
            let (kind, key) = (text(kind, "kind")?, text(key, "key")?);
            let known = store.cached(kind, key, |item| give_known(item, place))?;
            Ok(known.unwrap_or(LD_DYNAMO_NOT_CACHED))
        })
    }
}

/// As ld_dynamo_store_all, but from the cache alone: never asks the table and never waits for somebody who does.
///
/// Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_CACHED where ld_dynamo_store_all would have to ask. Logs nothing.
///
/// # Safety
/// Pointers are NULL or valid; `kind` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_all_cached(
    store: *const ld_dynamo_store,
    kind: *const c_char,
    items_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        guard(error, || {
            let place = result_place(items_json, "items_json")?;
            let store = &required(store, "store")?.store;
            let Some(items) = store.cached_kind(text(kind, "kind")?)? else {
                return Ok(LD_DYNAMO_NOT_CACHED);
            };
            give_items(items, place);
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// As ld_dynamo_store_initialized, but from the cache alone: never asks the table and never waits for somebody who does.
///
/// Returns LD_DYNAMO_OK, LD_DYNAMO_NOT_FOUND, or LD_DYNAMO_NOT_CACHED where ld_dynamo_store_initialized would have to ask. Logs nothing.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_initialized_cached(
    store: *const ld_dynamo_store,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        guard(error, || {
            Ok(match required(store, "store")?.store.cached_initialized() {
                None => LD_DYNAMO_NOT_CACHED,
                Some(true) => LD_DYNAMO_OK,
                Some(false) => LD_DYNAMO_NOT_FOUND,
            })
        })
    }
}
