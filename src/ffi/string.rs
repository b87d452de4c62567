//! Strings in: borrowed, checked for UTF-8. Strings out: owned by the caller.

use std::ffi::{c_char, CStr, CString};
use std::sync::Arc;

use super::error::{
    ld_dynamo_error, ld_dynamo_status, LD_DYNAMO_INTERNAL, LD_DYNAMO_INVALID_UTF8, LD_DYNAMO_NOT_FOUND, LD_DYNAMO_OK,
};
use super::guard::{required, Outcome};

/// A string argument as text, or an error that names the argument and the first bad byte.
///
/// # Safety
/// `pointer` is NULL or a NUL-terminated string that nobody changes meanwhile.
pub(super) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, ld_dynamo_error> {
    // SAFETY: promised by the caller; `required` only refuses NULL.
    let bytes = unsafe {
        required(pointer, name)?;
        CStr::from_ptr(pointer)
    };
    bytes.to_str().map_err(|error| {
        ld_dynamo_error::new(
            LD_DYNAMO_INVALID_UTF8,
            format!(
                "argument \"{name}\" is not UTF-8: bad byte at offset {}",
                error.valid_up_to()
            ),
        )
    })
}

/// Hands a text to the caller, who frees it with `ld_dynamo_string_free`.
pub(super) fn give(text: impl Into<Vec<u8>>, place: &mut *mut c_char) -> Result<(), ld_dynamo_error> {
    let text = CString::new(text)
        .map_err(|_| ld_dynamo_error::new(LD_DYNAMO_INTERNAL, "a result held a NUL byte".to_owned()))?;
    *place = text.into_raw();
    Ok(())
}

/// As `give`, for what was parsed as JSON before: that has no NUL, and is not searched for one again.
fn give_json(json: &str, place: &mut *mut c_char) {
    let mut bytes = Vec::with_capacity(json.len() + 1);
    bytes.extend_from_slice(json.as_bytes());
    // SAFETY: JSON has no unescaped control characters but line breaks, carriage returns and tabs.
    *place = unsafe { CString::from_vec_unchecked(bytes) }.into_raw();
}

/// Hands all items of a kind to the caller; where nobody else holds them nothing is copied.
pub(super) fn give_items(items: Arc<String>, place: &mut *mut c_char) {
    match Arc::try_unwrap(items) {
        // SAFETY: as in `give_json`.
        Ok(json) => *place = unsafe { CString::from_vec_unchecked(json.into_bytes()) }.into_raw(),
        Err(shared) => give_json(&shared, place),
    }
}

/// Hands a cached item to the caller, `None` being that there is none.
pub(super) fn give_known(item: Option<&Arc<str>>, place: &mut *mut c_char) -> ld_dynamo_status {
    match item {
        None => LD_DYNAMO_NOT_FOUND,
        Some(item) => {
            give_json(item, place);
            LD_DYNAMO_OK
        }
    }
}

/// Hands out what was found, or says that nothing was.
pub(super) fn give_if_found(found: Option<impl Into<Vec<u8>>>, place: &mut *mut c_char) -> Outcome {
    match found {
        None => Ok(LD_DYNAMO_NOT_FOUND),
        Some(found) => {
            give(found, place)?;
            Ok(LD_DYNAMO_OK)
        }
    }
}

/// Frees a string that a function of this library returned through an out-parameter; NULL is nothing. Never blocks. Freeing it
/// twice, using it afterwards, or freeing a string from elsewhere is undefined; it must not have been changed in length.
///
/// # Safety
/// `string` is NULL or such a string, not freed yet.
#[no_mangle]
pub unsafe extern "C" fn ld_dynamo_string_free(string: *mut c_char) {
    if !string.is_null() {
        // SAFETY: such strings are made by CString::into_raw in `give`.
        drop(unsafe { CString::from_raw(string) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the caller was given, who frees it.
    fn given(place: *mut c_char) -> Option<String> {
        // SAFETY: NULL, or a string of this module's that is not freed yet.
        let text = (!place.is_null()).then(|| unsafe { CStr::from_ptr(place) }.to_str().expect("UTF-8").to_owned());
        // SAFETY: as above.
        unsafe { ld_dynamo_string_free(place) };
        text
    }

    #[test]
    fn the_caller_is_given_the_whole_text() {
        let mut place = std::ptr::null_mut();
        for text in ["{}", "{\"key\":\"é\"}"] {
            assert!(give(text, &mut place).is_ok());
            assert_eq!(given(place).as_deref(), Some(text));
            give_items(Arc::new(text.to_owned()), &mut place);
            assert_eq!(given(place).as_deref(), Some(text));
            let shared = Arc::new(text.to_owned());
            give_items(Arc::clone(&shared), &mut place);
            assert_eq!(given(place).as_deref(), Some(&**shared));
        }
    }

    #[test]
    fn what_is_absent_leaves_the_place_as_it_is() {
        let mut place = std::ptr::null_mut();
        assert_eq!(give_known(None, &mut place), LD_DYNAMO_NOT_FOUND);
        assert_eq!(
            give_if_found(None::<String>, &mut place).ok(),
            Some(LD_DYNAMO_NOT_FOUND)
        );
        assert_eq!(given(place), None);
        assert_eq!(give_known(Some(&"{}".into()), &mut place), LD_DYNAMO_OK);
        assert_eq!(given(place).as_deref(), Some("{}"));
        assert_eq!(give_if_found(Some("[]"), &mut place).ok(), Some(LD_DYNAMO_OK));
        assert_eq!(given(place).as_deref(), Some("[]"));
    }
}
