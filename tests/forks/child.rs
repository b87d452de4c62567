//! Children that are forked from the tests themselves.

use std::any::Any;
use std::io::Write;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Forks, runs `work` in the child, which a signal ends after so many seconds, and returns the child's number.
pub fn fork(seconds: u32, work: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child runs only what follows here, and ends without running anything of the parent's.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "no fork");
        if child == 0 {
            libc::alarm(seconds);
            let outcome = catch_unwind(AssertUnwindSafe(work));
            if let Err(reason) = &outcome {
                say(reason.as_ref());
            }
            libc::_exit(i32::from(outcome.is_err()));
        }
        child
    }
}

/// Why a child panicked, past what keeps a test's output until its end, which a child does not come to.
fn say(reason: &(dyn Any + Send)) {
    let text = reason.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| reason.downcast_ref::<&str>().copied());
    let _ = writeln!(std::io::stderr(), "in a child: {}", text.unwrap_or("a panic"));
}

pub fn require_good_end(child: libc::pid_t) {
    let mut status = 0;
    // SAFETY: waits for a child of ours.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
        "the child ended with {status:#x}"
    );
}
