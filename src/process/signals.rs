//! Signals are the host's: what it must not notice is blocked on the threads that do our work.

use super::system;

/// Blocks signals for the calling thread until dropped.
pub(crate) struct SignalsBlocked {
    before: libc::sigset_t,
}

impl SignalsBlocked {
    /// Blocks every signal, so that a thread started meanwhile never runs one of the host's handlers.
    pub(crate) fn all() -> Self {
        // SAFETY: both sets are initialised before they are read; pthread_sigmask changes this thread only.
        unsafe {
            let mut all = std::mem::zeroed();
            let mut before = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            SignalsBlocked { before }
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: `before` was filled by pthread_sigmask.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut());
        }
    }
}

/// Keeps SIGPIPE from the calling thread until dropped, and swallows one that our own writes raised meanwhile.
///
/// A plain C program has SIGPIPE at its default and would die of a write to a connection that the server closed.
pub(crate) struct SigpipeBlocked {
    before: libc::sigset_t,
    was_pending: bool,
}

impl SigpipeBlocked {
    pub(crate) fn new() -> Self {
        // SAFETY: every set is initialised before it is read; the calls concern this thread only.
        unsafe {
            let mut pending = std::mem::zeroed();
            libc::sigpending(&mut pending);
            let was_pending = libc::sigismember(&pending, libc::SIGPIPE) == 1;
            let mut before = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, &sigpipe(), &mut before);
            SigpipeBlocked { before, was_pending }
        }
    }
}

impl Drop for SigpipeBlocked {
    fn drop(&mut self) {
        // SAFETY: as in `new`.
        unsafe {
            if !self.was_pending {
                system::take_pending(&sigpipe());
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, std::ptr::null_mut());
        }
    }
}

fn sigpipe() -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGPIPE);
        set
    }
}
