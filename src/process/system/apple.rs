//! macOS.

use std::ffi::c_void;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What sends has no say here: the socket itself raises no SIGPIPE.
pub(in crate::process) const SEND_FLAGS: libc::c_int = 0;

/// Never: the kernel knows nothing of the kind.
pub(in crate::process) fn is_wiped_in_children(_memory: *mut c_void, _bytes: usize) -> bool {
    false
}

/// Nobody has to be woken, as waits are short.
pub(in crate::process) fn wake_all(_word: &AtomicU32) {}

/// Returns when `word` is not `value`, after a signal, or after a moment, `limit` at the latest.
///
/// The kernel has had a public wait on an address since macOS 14.4 only, and no other wait leaves neither lock nor port behind in a child
/// that a signal handler forks meanwhile.
pub(in crate::process) fn wait(word: &AtomicU32, value: u32, limit: Duration) {
    const MOMENT: Duration = Duration::from_micros(500);
    if word.load(Ordering::Acquire) != value {
        return;
    }
    let moment = libc::timespec {
        tv_sec: 0,
        tv_nsec: limit.min(MOMENT).subsec_nanos() as libc::c_long,
    };
    // SAFETY: the time is alive during the call.
    unsafe { libc::nanosleep(&moment, std::ptr::null_mut()) };
}

/// A socket for a TCP connection, which blocks nobody, raises no SIGPIPE, and which other programs do not inherit.
pub(in crate::process) fn stream_socket(family: libc::c_int) -> io::Result<libc::c_int> {
    let on: libc::c_int = 1;
    let size = std::mem::size_of_val(&on) as libc::socklen_t;
    // SAFETY: the option is alive during the call, and so long; the descriptor is closed where it is not handed on.
    unsafe {
        let socket = libc::socket(family, libc::SOCK_STREAM, 0);
        if socket == -1 {
            return Err(io::Error::last_os_error());
        }
        let is_set_up = libc::fcntl(socket, libc::F_SETFD, libc::FD_CLOEXEC) != -1
            && libc::fcntl(socket, libc::F_SETFL, libc::O_NONBLOCK) != -1
            && libc::setsockopt(
                socket,
                libc::SOL_SOCKET,
                libc::SO_NOSIGPIPE,
                (&raw const on).cast(),
                size,
            ) == 0;
        if is_set_up {
            return Ok(socket);
        }
        let error = io::Error::last_os_error();
        libc::close(socket);
        Err(error)
    }
}

/// Takes one of these signals, all of which this thread blocks, where one is pending; waits for none.
pub(in crate::process) fn take_pending(signals: &libc::sigset_t) {
    // SAFETY: the sets are alive during the calls, and the first is written before it is read. The kernel has chosen the thread for a
    // pending signal already, so that no other takes it away before `sigwait`.
    unsafe {
        let mut pending = std::mem::zeroed();
        if libc::sigpending(&mut pending) == 0 && pending & *signals != 0 {
            let mut taken = 0;
            libc::sigwait(signals, &mut taken);
        }
    }
}

/// Fills `bytes`, 256 at most, from the kernel's generator.
pub(in crate::process) fn random(bytes: &mut [u8]) -> bool {
    // SAFETY: writes so many bytes, to `bytes` only.
    unsafe { libc::getentropy(bytes.as_mut_ptr().cast(), bytes.len()) == 0 }
}

/// The addresses of this thread's stack.
pub(in crate::process) fn own_stack() -> Range<usize> {
    // SAFETY: a thread may ask for its own.
    let (highest, size) = unsafe {
        let thread = libc::pthread_self();
        (
            libc::pthread_get_stackaddr_np(thread) as usize,
            libc::pthread_get_stacksize_np(thread),
        )
    };
    highest.saturating_sub(size)..highest
}
