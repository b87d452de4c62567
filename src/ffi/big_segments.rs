//! Big Segments, read and written.

use std::ffi::c_char;

use super::error::*;
use super::guard::{guard, result_place};
use super::store::{call, call_for_result, ld_dynamo_store};
use super::string::{give, give_if_found, text};
use crate::store::{context_hash, BigSegmentsPatch};

/// The key under which Big Segments know a context: base64, in the standard alphabet and padded, of the SHA-256 of the context's key.
/// LaunchDarkly's SDKs compute it themselves; this is for users without one. Sends nothing.
///
/// `key`: the context's key; of a context of several kinds, LaunchDarkly hashes the key of the kind that the segment is about.
/// `hash_out`: receives the hash, to be freed with ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned.
///
/// # Safety
/// Pointers are NULL or valid; `key` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_context_hash(
    key: *const c_char,
    hash_out: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        guard(error, || {
            let place = result_place(hash_out, "hash_out")?;
            give(context_hash(text(key, "key")?), place)?;
            Ok(LD_DYNAMO_OK)
        })
    }
}

/// When Big Segments were last synchronized, by the Relay Proxy or ld_dynamo_store_big_segments_set_synchronized. Costs one request;
/// never cached.
///
/// `metadata_json`: receives {"synchronizedOn": Unix time in milliseconds}, to be freed with ld_dynamo_string_free; NULL unless
/// LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where nothing has been synchronized.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_big_segments_metadata(
    store: *const ld_dynamo_store,
    metadata_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call_for_result(store, (metadata_json, "metadata_json"), error, |store, place| {
            give_if_found(store.big_segments_metadata()?, place)
        })
    }
}

/// The version of the last patch that was applied, after which LaunchDarkly is asked for the next ones. Costs one strongly consistent
/// request; never cached.
///
/// `cursor_out`: receives the version, to be freed with ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK,
/// or LD_DYNAMO_NOT_FOUND where no patch was ever applied.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_big_segments_cursor(
    store: *const ld_dynamo_store,
    cursor_out: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call_for_result(store, (cursor_out, "cursor_out"), error, |store, place| {
            give_if_found(store.big_segments_cursor()?, place)
        })
    }
}

/// The Big Segments that include or exclude a context. Costs one request, or none within "context_cache_ttl_ms" of the last.
///
/// `context_hash`: what ld_dynamo_context_hash makes of the context's key; an SDK hands it over.
/// `membership_json`: receives {"segment-key.g1": true, …}, true for included and false for excluded, to be freed with
/// ld_dynamo_string_free; NULL unless LD_DYNAMO_OK is returned. Returns LD_DYNAMO_OK, or LD_DYNAMO_NOT_FOUND where the context has no row.
///
/// # Safety
/// Pointers are NULL or valid; `context_hash` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_big_segments_membership(
    store: *const ld_dynamo_store,
    context_hash: *const c_char,
    membership_json: *mut *mut c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call_for_result(store, (membership_json, "membership_json"), error, |store, place| {
            let context_hash = text(context_hash, "context_hash")?;
            give_if_found(store.big_segments_membership(context_hash)?.as_deref(), place)
        })
    }
}

/// Applies a patch of one Big Segment, as LaunchDarkly sends it to the Relay Proxy.
///
/// `patch_json`: {"environmentId": text, "segmentId": "segment-key.g1", "version": text, "previousVersion": text, "changes": {"included":
/// {"add": [context hash, …], "remove": […]}, "excluded": {"add": […], "remove": […]}}}. "segmentId" and "version" are required. A removal
/// wins over an addition of the same context to the same set.
///
/// The patch is applied where the table's cursor is its "previousVersion" (or there is none and that is empty), and moves the cursor to
/// "version". Up to 99 contexts, whose rows have no more than 4 MB together, are changed all at once or not at all; more in several
/// transactions, of which the last moves the cursor, so that a patch which failed can be applied again. Costs two write units for each KB of each context's row, and two for the cursor
/// in each transaction. What may pass is repeated until "init_timeout_ms".
/// Returns LD_DYNAMO_OK, or LD_DYNAMO_OUT_OF_ORDER where the cursor is another: ask LaunchDarkly for the patches since ld_dynamo_store_big_segments_cursor.
/// A bad patch is LD_DYNAMO_INVALID_BIG_SEGMENTS or LD_DYNAMO_INVALID_JSON, before the first request.
///
/// # Safety
/// Pointers are NULL or valid; `patch_json` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_big_segments_apply_patch(
    store: *const ld_dynamo_store,
    patch_json: *const c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call(store, error, |store| {
            Ok(match store.big_segments_apply_patch(text(patch_json, "patch_json")?)? {
                BigSegmentsPatch::Applied => LD_DYNAMO_OK,
                BigSegmentsPatch::OutOfOrder => LD_DYNAMO_OUT_OF_ORDER,
            })
        })
    }
}

/// Notes that Big Segments were in step with LaunchDarkly, whatever was noted before. SDKs take memberships for stale some time after
/// it, 120 s by default; the Relay Proxy notes it every 30 s. Costs one request.
///
/// `unix_ms`: the time in milliseconds since 1970; a negative one is LD_DYNAMO_INVALID_BIG_SEGMENTS.
///
/// # Safety
/// Pointers are NULL or valid.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_big_segments_set_synchronized(
    store: *const ld_dynamo_store,
    unix_ms: i64,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        call(store, error, |store| {
            store.big_segments_set_synchronized(unix_ms)?;
            Ok(LD_DYNAMO_OK)
        })
    }
}
