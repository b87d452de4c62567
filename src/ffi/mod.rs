//! What C sees: the C ABI and its law.
//!
//! Owns the checks for NULL and UTF-8, panics, strings and errors that callers free, and the delivery of logs. Makes no decision about
//! data: it calls [`Store`](crate::Store). Nothing below it knows of C.
//!
//! * Every fallible function returns a status, takes its results through out-parameters and, last, an optional error.
//! * Statuses, log levels, configuration keys and functions are append-only; a number is never used again for anything else.
//! * One guard wraps every export: null checks, UTF-8 checks, panics.
//! * No public struct: what C sees is opaque, an integer, or a NUL-terminated UTF-8 string.
//!
//! Rust programs use [`Store`](crate::Store) instead.

mod big_segments;
mod cached;
mod collector;
mod credentials;
mod error;
mod guard;
mod json_members;
mod log;
mod moved_call;
mod store;
mod string;
#[cfg(test)]
mod tests;

pub use big_segments::*;
pub use cached::*;
pub use credentials::ld_dynamo_store_set_credentials;
pub use error::*;
pub use json_members::*;
pub use log::{
    ld_dynamo_log_callback, ld_dynamo_log_release, LD_DYNAMO_LOG_DEBUG, LD_DYNAMO_LOG_ERROR, LD_DYNAMO_LOG_INFO,
    LD_DYNAMO_LOG_TRACE, LD_DYNAMO_LOG_WARN,
};
pub use store::*;
pub use string::ld_dynamo_string_free;

use std::ffi::c_char;

/// The ABI's major number. It changes when a program that was compiled against an older header would break.
pub const LD_DYNAMO_ABI_MAJOR: u32 = 1;
/// The ABI's minor number. It grows with every function or constant that is added.
pub const LD_DYNAMO_ABI_MINOR: u32 = 3;

const VERSION_WITH_NUL: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// The version of the loaded library, for example "0.1.0". Static: never freed. Never NULL.
#[no_mangle]
pub extern "C" fn ld_dynamo_version() -> *const c_char {
    VERSION_WITH_NUL.as_ptr().cast()
}

/// The ABI of the loaded library: major << 16 | minor. A program needs the same major and at least the minor it was compiled with:
/// compare with LD_DYNAMO_ABI_VERSION.
#[no_mangle]
pub extern "C" fn ld_dynamo_abi_version() -> u32 {
    LD_DYNAMO_ABI_MAJOR << 16 | LD_DYNAMO_ABI_MINOR
}
