//! Status numbers and the error object.

use std::ffi::{c_char, CString};

use crate::error::{Error, ErrorKind};

/// What a call came to: 0 is success, positive numbers are benign outcomes, negative numbers are failures.
#[allow(non_camel_case_types)]
pub type ld_dynamo_status = i32;

/// Success.
pub const LD_DYNAMO_OK: i32 = 0;
/// There is no such item, no full data set, no Big Segments data.
pub const LD_DYNAMO_NOT_FOUND: i32 = 1;
/// upsert: the table holds this version or a newer one, which is returned; nothing was written.
pub const LD_DYNAMO_NOT_NEWER: i32 = 2;
/// upsert: the item is over the size limit of 400,000 bytes; nothing was written, and the stored row stays as it was.
pub const LD_DYNAMO_TOO_LARGE: i32 = 3;
/// get_cached, all_cached, initialized_cached: the cache does not know, and the table would have to be asked.
pub const LD_DYNAMO_NOT_CACHED: i32 = 4;
/// big_segments_apply_patch: the table's cursor is not the patch's previous version; a patch of one transaction has changed nothing.
pub const LD_DYNAMO_OUT_OF_ORDER: i32 = 5;

/// A pointer that must not be NULL is; the message names the argument.
pub const LD_DYNAMO_NULL_ARGUMENT: i32 = -1;
/// A string is not UTF-8; the message names the argument and the offset of the first bad byte.
pub const LD_DYNAMO_INVALID_UTF8: i32 = -2;
/// A text is not JSON; json_members: or is no object, or holds what was not to be there.
pub const LD_DYNAMO_INVALID_JSON: i32 = -3;
/// An item is not a JSON object, or has no integer "version" in 0 … 2^63-1.
pub const LD_DYNAMO_INVALID_ITEM: i32 = -4;
/// A kind that cannot be a namespace of ours.
pub const LD_DYNAMO_INVALID_KIND: i32 = -5;
/// A key that DynamoDB cannot hold: empty, or over 1,024 bytes.
pub const LD_DYNAMO_INVALID_KEY: i32 = -6;
/// A data set of the wrong shape: not an object of objects, a key twice, "features" and "flags" at once.
pub const LD_DYNAMO_INVALID_DATA_SET: i32 = -7;
/// A patch of Big Segments of the wrong shape, which the message describes, or a time before 1970.
pub const LD_DYNAMO_INVALID_BIG_SEGMENTS: i32 = -8;

/// The configuration is wrong; the message names the key.
pub const LD_DYNAMO_INVALID_CONFIGURATION: i32 = -100;
/// The AWS profile needs credential_process, SSO or a sign-in; the message says what to do instead.
pub const LD_DYNAMO_UNSUPPORTED_CREDENTIALS: i32 = -101;
/// No AWS region could be found; the message says where it was looked for.
pub const LD_DYNAMO_NO_REGION: i32 = -102;

/// DynamoDB knows no such table in this region.
pub const LD_DYNAMO_TABLE_NOT_FOUND: i32 = -200;
/// The table has other keys than "namespace" and "key".
pub const LD_DYNAMO_TABLE_MISMATCH: i32 = -201;
/// AWS refused the credentials, or they lack a permission.
pub const LD_DYNAMO_ACCESS_DENIED: i32 = -202;
/// No AWS credentials could be found; or none were pushed, or those have expired, which alone is retriable.
pub const LD_DYNAMO_NO_CREDENTIALS: i32 = -203;
/// Any other refusal or fault that DynamoDB reported; see ld_dynamo_error_service_code.
pub const LD_DYNAMO_SERVICE_ERROR: i32 = -204;

/// DynamoDB throttled every attempt. Retriable.
pub const LD_DYNAMO_THROTTLED: i32 = -300;

/// The call ran out of its time. Retriable.
pub const LD_DYNAMO_TIMED_OUT: i32 = -400;
/// No connection could be made, or it broke. Retriable.
pub const LD_DYNAMO_UNREACHABLE: i32 = -401;
/// What came back was no answer of DynamoDB's. Retriable.
pub const LD_DYNAMO_INVALID_RESPONSE: i32 = -402;

/// get: the stored "item" is not a string or not a JSON object.
pub const LD_DYNAMO_CORRUPT_ITEM: i32 = -500;

/// The store is configured "read_only"; nothing was sent.
pub const LD_DYNAMO_READ_ONLY: i32 = -600;

/// The library could not do its own work, for example for want of file descriptors.
pub const LD_DYNAMO_INTERNAL: i32 = -900;
/// A defect in the library; the message says where. The store stays usable.
pub const LD_DYNAMO_PANIC: i32 = -901;

fn status(kind: ErrorKind) -> ld_dynamo_status {
    match kind {
        ErrorKind::InvalidJson => LD_DYNAMO_INVALID_JSON,
        ErrorKind::InvalidItem => LD_DYNAMO_INVALID_ITEM,
        ErrorKind::InvalidKind => LD_DYNAMO_INVALID_KIND,
        ErrorKind::InvalidKey => LD_DYNAMO_INVALID_KEY,
        ErrorKind::InvalidDataSet => LD_DYNAMO_INVALID_DATA_SET,
        ErrorKind::InvalidBigSegments => LD_DYNAMO_INVALID_BIG_SEGMENTS,
        ErrorKind::InvalidConfiguration => LD_DYNAMO_INVALID_CONFIGURATION,
        ErrorKind::UnsupportedCredentials => LD_DYNAMO_UNSUPPORTED_CREDENTIALS,
        ErrorKind::NoRegion => LD_DYNAMO_NO_REGION,
        ErrorKind::TableNotFound => LD_DYNAMO_TABLE_NOT_FOUND,
        ErrorKind::TableMismatch => LD_DYNAMO_TABLE_MISMATCH,
        ErrorKind::AccessDenied => LD_DYNAMO_ACCESS_DENIED,
        ErrorKind::NoCredentials => LD_DYNAMO_NO_CREDENTIALS,
        ErrorKind::Service => LD_DYNAMO_SERVICE_ERROR,
        ErrorKind::Throttled => LD_DYNAMO_THROTTLED,
        ErrorKind::TimedOut => LD_DYNAMO_TIMED_OUT,
        ErrorKind::Unreachable => LD_DYNAMO_UNREACHABLE,
        ErrorKind::InvalidResponse => LD_DYNAMO_INVALID_RESPONSE,
        ErrorKind::CorruptItem => LD_DYNAMO_CORRUPT_ITEM,
        ErrorKind::ReadOnly => LD_DYNAMO_READ_ONLY,
        ErrorKind::Internal => LD_DYNAMO_INTERNAL,
    }
}

/// Why a call failed. Made by a failing call for the caller, who frees it with ld_dynamo_error_free; safe to read from any thread.
#[allow(non_camel_case_types)]
pub struct ld_dynamo_error {
    status: ld_dynamo_status,
    message: CString,
    service_code: Option<CString>,
    is_retriable: bool,
}

impl ld_dynamo_error {
    pub(super) fn new(status: ld_dynamo_status, message: String) -> Self {
        ld_dynamo_error {
            status,
            message: c_string(message),
            service_code: None,
            is_retriable: false,
        }
    }

    pub(super) fn status(&self) -> ld_dynamo_status {
        self.status
    }
}

impl From<Error> for ld_dynamo_error {
    fn from(error: Error) -> Self {
        ld_dynamo_error {
            status: status(error.kind()),
            message: c_string(error.message().to_owned()),
            service_code: error.service_code().map(|code| c_string(code.to_owned())),
            is_retriable: error.is_retriable(),
        }
    }
}

/// A message may quote what it was given, and a NUL in it must not cut it short.
fn c_string(text: String) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// The status that the failed call returned; LD_DYNAMO_OK for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_error_status(error: *const ld_dynamo_error) -> i32 {
    // SAFETY: promised by the caller.
    unsafe { error.as_ref() }.map_or(LD_DYNAMO_OK, |error| error.status)
}

/// 1 when the same call may succeed later without any change, else 0; 0 for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_error_is_retriable(error: *const ld_dynamo_error) -> i32 {
    // SAFETY: promised by the caller.
    unsafe { error.as_ref() }.map_or(0, |error| error.is_retriable.into())
}

/// One line of UTF-8 for people: names what is wrong, never a secret. It lives as long as the error. Never NULL: "" for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_error_message(error: *const ld_dynamo_error) -> *const c_char {
    // SAFETY: promised by the caller.
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// The AWS error code, for example "ResourceNotFoundException"; it lives as long as the error. NULL when AWS gave none, and for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_error_service_code(error: *const ld_dynamo_error) -> *const c_char {
    // SAFETY: promised by the caller.
    let code = unsafe { error.as_ref() }.and_then(|error| error.service_code.as_ref());
    code.map_or(std::ptr::null(), |code| code.as_ptr())
}

/// Frees an error; NULL is nothing. Freeing it twice, or using it afterwards, is undefined.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_error_free(error: *mut ld_dynamo_error) {
    if !error.is_null() {
        // SAFETY: errors are made by Box::into_raw in the guard, and the caller promises that this one is still there.
        drop(unsafe { Box::from_raw(error) });
    }
}
