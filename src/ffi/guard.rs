//! The one guard around every fallible export.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::{ld_dynamo_error, ld_dynamo_status, LD_DYNAMO_NULL_ARGUMENT, LD_DYNAMO_PANIC};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A call's outcome before it is a status.
pub(super) type Outcome = Result<ld_dynamo_status, ld_dynamo_error>;

/// Runs the body of an export. `*error` becomes NULL first, and the error of a failure last.
///
/// # Safety
/// `error` is NULL or points to writable memory for one pointer.
pub(super) unsafe fn guard(error: *mut *mut ld_dynamo_error, body: impl FnOnce() -> Outcome) -> ld_dynamo_status {
    // SAFETY: promised by the caller.
    let error = unsafe { error.as_mut() };
    silence_panics();
    let was_guarded = GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(body));
    GUARDED.set(was_guarded);
    let outcome = outcome.unwrap_or_else(|_| {
        let place = take_panic().unwrap_or_default();
        let message = format!("a defect in ld-dynamo-store, please report it: {place}");
        Err(ld_dynamo_error::new(LD_DYNAMO_PANIC, message))
    });
    let (status, failure) = match outcome {
        Ok(status) => (status, std::ptr::null_mut()),
        Err(failure) if error.is_none() => (failure.status(), std::ptr::null_mut()),
        Err(failure) => (failure.status(), Box::into_raw(Box::new(failure))),
    };
    if let Some(error) = error {
        *error = failure;
    }
    status
}

/// The value behind a pointer argument, or an error that names it.
///
/// # Safety
/// `pointer` is NULL or points to a live value that nobody changes meanwhile.
pub(super) unsafe fn required<'a, T>(pointer: *const T, name: &str) -> Result<&'a T, ld_dynamo_error> {
    // SAFETY: promised by the caller.
    unsafe { pointer.as_ref() }.ok_or_else(|| null_argument(name))
}

/// The place for a result, set to `empty`, or an error that names it.
///
/// # Safety
/// `pointer` is NULL or points to writable memory that nobody else uses meanwhile.
pub(super) unsafe fn result_place<'a, T>(pointer: *mut *mut T, name: &str) -> Result<&'a mut *mut T, ld_dynamo_error> {
    // SAFETY: promised by the caller.
    let place = unsafe { pointer.as_mut() }.ok_or_else(|| null_argument(name))?;
    *place = std::ptr::null_mut();
    Ok(place)
}

pub(super) fn null_argument(name: &str) -> ld_dynamo_error {
    ld_dynamo_error::new(LD_DYNAMO_NULL_ARGUMENT, format!("argument \"{name}\" must not be NULL"))
}

/// Has panics below a guard recorded instead of printed; all others go to the hook that was there.
fn silence_panics() {
    static IS_INSTALLED: AtomicBool = AtomicBool::new(false);
    // A flag instead of a lock: a fork in the middle must not leave anyone waiting.
    if IS_INSTALLED.load(Ordering::Relaxed) || IS_INSTALLED.swap(true, Ordering::Relaxed) {
        return;
    }
    let _inside = crate::process::enter();
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        if GUARDED.get() {
            record_panic(describe(panic));
        } else {
            previous(panic);
        }
    }));
}

pub(super) fn is_guarded() -> bool {
    GUARDED.get()
}

/// For a thread that does nothing but a part of one call.
pub(super) fn set_guarded(is_guarded: bool) {
    GUARDED.set(is_guarded);
}

pub(super) fn record_panic(description: String) {
    // The variables of a thread that is ending are gone, and a second panic would end the process.
    let _ = PANIC.try_with(|place| place.replace(Some(description)));
}

pub(super) fn take_panic() -> Option<String> {
    PANIC.try_with(RefCell::take).ok().flatten()
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let payload = panic.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panic");
    match panic.location() {
        Some(place) => format!("{text}, at {}:{}", place.file(), place.line()),
        None => text.to_owned(),
    }
}
