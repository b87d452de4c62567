//! Credentials that the host hands in.

use std::ffi::c_char;

use super::error::*;
use super::guard::{guard, required};
use super::log::forget_jumped_over;
use super::store::ld_dynamo_store;
use super::string::text;
use crate::config::ExpiringCredentials;

/// Gives a store the AWS credentials that its requests are signed with from now on. The store must have been configured with
/// "credentials": "pushed"; until the first ones come, and when the last ones have expired, what has to ask the table fails with
/// LD_DYNAMO_NO_CREDENTIALS and sends nothing.
///
/// `credentials_json`: {"access_key_id": …, "secret_access_key": …, "session_token": …, "expires_ms": Unix time in milliseconds}. The
/// token is for temporary credentials; without "expires_ms" they count as lasting for ever. An unknown or mistyped member, or one that is
/// given twice, is an error that names it; null is absent, and an empty token is none. Copied: the text may be wiped afterwards.
/// At any time, from any thread, also before the first call and during others: those use the new ones for their next request or retry.
/// The last ones given stand, and a forked child has those that were there at the fork, then its own. They are of this store alone.
/// Sends nothing, checks nothing with AWS, waits for no call and no lock that a fork could leave taken, and never logs them.
/// Fails with LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_INVALID_UTF8, LD_DYNAMO_INVALID_JSON, and LD_DYNAMO_INVALID_CONFIGURATION for wrong
/// members or a store that is configured otherwise; the store keeps what it had.
///
/// # Safety
/// Pointers are NULL or valid; `credentials_json` is NUL-terminated.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_store_set_credentials(
    store: *const ld_dynamo_store,
    credentials_json: *const c_char,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    forget_jumped_over();
    // SAFETY: what the caller promises is what each of these needs.
    unsafe {
        // Nothing is logged, so the logger is not looked at.
        guard(error, || {
            let store = &required(store, "store")?.store;
            let given = ExpiringCredentials::from_json(text(credentials_json, "credentials_json")?)?;
            store.set_credentials(given.credentials, given.expires)?;
            Ok(LD_DYNAMO_OK)
        })
    }
}
