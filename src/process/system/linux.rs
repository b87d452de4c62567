//! Linux, with glibc or musl.

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// A write to a connection that the other side has closed raises no SIGPIPE.
pub(in crate::process) const SEND_FLAGS: libc::c_int = libc::MSG_NOSIGNAL;

/// Whether the kernel will hand this memory to a forked child as zeros. (`bytes` may be less than a page: it goes by whole ones.)
///
/// Kernels before 4.14 refuse to. Emulators (qemu-user before 7.2) and sandboxes say yes to any advice, even to one that does not exist,
/// and cannot be believed.
pub(in crate::process) fn is_wiped_in_children(memory: *mut c_void, bytes: usize) -> bool {
    const NO_ADVICE: libc::c_int = -1;
    // SAFETY: the caller has the memory to itself; both change nothing of what it holds here.
    unsafe { libc::madvise(memory, bytes, NO_ADVICE) != 0 && libc::madvise(memory, bytes, libc::MADV_WIPEONFORK) == 0 }
}

/// Wakes every thread that waits at `word`.
pub(in crate::process) fn wake_all(word: &AtomicU32) {
    // SAFETY: the kernel uses the address of a live atomic as a name only.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            i32::MAX,
        )
    };
}

/// Returns when `word` is not `value`, when it is woken, after a signal, or after `limit`, which is under a second.
pub(in crate::process) fn wait(word: &AtomicU32, value: u32, limit: Duration) {
    let limit = libc::timespec {
        tv_sec: 0,
        tv_nsec: limit.subsec_nanos() as libc::c_long,
    };
    // std's waits go on after a signal. SAFETY: the atomic and the time are alive during the call.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            value,
            &limit,
        )
    };
}

/// A socket for a TCP connection, which blocks nobody, and which other programs do not inherit.
pub(in crate::process) fn stream_socket(family: libc::c_int) -> io::Result<libc::c_int> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no pointers are passed.
    match unsafe { libc::socket(family, kind, 0) } {
        -1 => Err(io::Error::last_os_error()),
        socket => Ok(socket),
    }
}

/// Takes one of these signals, all of which this thread blocks, where one is pending; waits for none.
pub(in crate::process) fn take_pending(signals: &libc::sigset_t) {
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: set and time are alive during the call, which returns at once.
    unsafe { libc::sigtimedwait(signals, std::ptr::null_mut(), &now) };
}

/// Fills `bytes` from the kernel's generator; false where it has none, as before Linux 3.17.
pub(in crate::process) fn random(bytes: &mut [u8]) -> bool {
    // glibc has a function for it since 2.25 only. SAFETY: writes at most so many bytes, to `bytes` only.
    let written = unsafe { libc::syscall(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) };
    usize::try_from(written) == Ok(bytes.len())
}

/// The addresses of this thread's stack; none where the system cannot tell.
pub(in crate::process) fn own_stack() -> Range<usize> {
    // SAFETY: the attributes are initialised by the first call before they are read, and destroyed once.
    let found = unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return 0..0;
        }
        let mut lowest = std::ptr::null_mut();
        let mut size = 0;
        let found = libc::pthread_attr_getstack(&attributes, &mut lowest, &mut size);
        libc::pthread_attr_destroy(&mut attributes);
        (found == 0).then(|| lowest as usize..lowest as usize + size)
    };
    let stack = found.unwrap_or(0..0);
    if cfg!(target_env = "musl") {
        with_room_to_grow(stack)
    } else {
        stack
    }
}

/// musl tells of the first thread's stack what is in use by now; the kernel has it grow.
fn with_room_to_grow(stack: Range<usize>) -> Range<usize> {
    /// Where there is no limit.
    const USUAL_LIMIT: usize = 8 * 1024 * 1024;
    /// musl ends the stack with the page of the auxiliary vector, and what the kernel put there for AT_RANDOM is within a page of that.
    const ABOVE_THE_END: usize = 4096;
    // A child that another thread forked has that thread's stack, which is not the kernel's: ids of threads do not tell.
    // SAFETY: neither has preconditions, and the limit is alive during the call.
    let limit = unsafe {
        let at_random = libc::getauxval(libc::AT_RANDOM) as usize;
        if !(stack.start..stack.end.saturating_add(ABOVE_THE_END)).contains(&at_random) {
            return stack;
        }
        let mut limit: libc::rlimit = std::mem::zeroed();
        match libc::getrlimit(libc::RLIMIT_STACK, &mut limit) {
            0 if limit.rlim_cur != libc::RLIM_INFINITY => limit.rlim_cur as usize,
            _ => USUAL_LIMIT,
        }
    };
    stack.end.saturating_sub(limit).min(stack.start)..stack.end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its only thread has the id of the process, as the first thread of every program.
    #[test]
    fn the_stack_of_a_child_that_a_thread_forked_does_not_grow() {
        let in_a_child = || {
            let stack = own_stack();
            // SAFETY: the child, which is beside no other thread, calls the kernel only.
            unsafe {
                let child = libc::fork();
                if child == 0 {
                    let is_the_same = !stack.is_empty() && with_room_to_grow(stack.clone()) == stack;
                    libc::_exit(i32::from(!is_the_same));
                }
                let mut status = -1;
                assert_eq!(libc::waitpid(child, &mut status, 0), child);
                status
            }
        };
        let thread = std::thread::Builder::new().stack_size(128 * 1024).spawn(in_a_child);
        assert_eq!(thread.expect("a thread").join().expect("a status"), 0);
    }

    #[test]
    fn the_stack_that_the_kernel_made_grows() {
        // SAFETY: no preconditions.
        let at_random = unsafe { libc::getauxval(libc::AT_RANDOM) } as usize;
        for end in [at_random - 1024, at_random + 16] {
            let in_use = end - 64 * 1024..end;
            let stack = with_room_to_grow(in_use.clone());
            assert!(stack.end == end && stack.start < in_use.start, "{stack:x?}");
        }
    }
}
