//! JSON objects taken apart, for users who have no JSON parser. Needs no store and no state.

use std::ffi::{c_char, c_void};

use super::error::*;
use super::guard::{guard, null_argument};
use super::string::text;
use crate::table::json_members::members;

/// Receives one member of a JSON object: the userdata of the call, the member's name without escapes, and its value as it stands in the text.
/// Both end with a NUL, too, which the lengths do not count; a name may hold others. It must keep neither. It may call the library, and fork.
/// It must not unwind, nor jump over the library (longjmp).
#[allow(non_camel_case_types)]
pub type ld_dynamo_member_callback = Option<
    unsafe extern "C" fn(
        userdata: *mut c_void,
        name: *const c_char,
        name_length: usize,
        value_json: *const c_char,
        value_length: usize,
    ),
>;

/// Takes a JSON object apart, such as this library returns: calls a function for each member, in their order, those of the same name
/// included. For programs without a JSON parser. Needs no store, sends nothing, waits for nothing.
///
/// `object_json`: must stay as it is until the call returns. `most_levels`: with 0 the values are any JSON, for what holds texts of others,
/// which are then looked at one by one. Else the values, to their last level, must be what other JSON parsers take, too: no half of a
/// surrogate pair (\ud800), no number outside a double's range or with an exponent of over 9 digits, and no more than so many levels of
/// objects and arrays, 128 at most, the object itself being the first.
/// `member`: runs on the calling thread, after all of the text was found to be in order: on failure it is not called. `userdata`: handed to it.
/// Fails with LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_INVALID_UTF8, and LD_DYNAMO_INVALID_JSON for a text that is no JSON object, or as said above.
///
/// # Safety
/// Pointers are NULL or valid; `object_json` is NUL-terminated; `member` does as its type says.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_json_members(
    object_json: *const c_char,
    most_levels: u32,
    member: ld_dynamo_member_callback,
    userdata: *mut c_void,
    error: *mut *mut ld_dynamo_error,
) -> ld_dynamo_status {
    let mut found = None;
    // SAFETY: what the caller promises is what each of these needs.
    let status = unsafe {
        guard(error, || {
            let json = text(object_json, "object_json")?;
            let member = member.ok_or_else(|| null_argument("member"))?;
            found = Some((member, members(json, most_levels)?.0));
            Ok(LD_DYNAMO_OK)
        })
    };
    // Outside of the guard, so that a panic in a host's function is the host's.
    let (mut name_with_nul, mut value_with_nul) = (Vec::new(), Vec::new());
    if let Some((member, members)) = found {
        for (name, value) in &members {
            let (name, name_length) = terminated(&mut name_with_nul, name);
            let (value, value_length) = terminated(&mut value_with_nul, value.get());
            // SAFETY: the caller promises that the function is one, and both texts live until the next round.
            unsafe { member(userdata, name, name_length, value, value_length) };
        }
    }
    status
}

/// A text with a NUL behind it, in memory that is used again, and its length without.
fn terminated(memory: &mut Vec<u8>, text: &str) -> (*const c_char, usize) {
    memory.clear();
    memory.extend_from_slice(text.as_bytes());
    memory.push(0);
    (memory.as_ptr().cast(), text.len())
}
