//! What the systems below do in different ways, each function by the same name for all of them. `linux` has what Linux has, whichever C
//! library is there (glibc or musl); `apple` has what macOS has.

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_vendor = "apple")]
pub(super) use apple::*;
#[cfg(target_os = "linux")]
pub(super) use linux::*;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use std::time::{Duration, Instant};

    #[test]
    fn a_wait_ends_by_itself_or_does_not_begin() {
        let word = AtomicU32::new(0);
        let began = Instant::now();
        wait(&word, 1, Duration::from_secs(60));
        wait(&word, 0, Duration::from_millis(1));
        wake_all(&word);
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn random_bytes_differ() {
        let (mut one, mut other) = ([0; 16], [0; 16]);
        assert!(random(&mut one) && random(&mut other));
        assert_ne!(one, other);
    }

    #[test]
    fn a_thread_is_on_its_own_stack() {
        let own = || {
            let here = 0_u8;
            let (stack, here) = (own_stack(), std::ptr::from_ref(&here) as usize);
            assert!(stack.contains(&here), "{here:x} {stack:x?}");
            stack
        };
        let size = 512 * 1024;
        let thread = std::thread::Builder::new().stack_size(size).spawn(own);
        let stack = thread.expect("a thread").join().expect("its stack");
        // The C library may have had a larger one left from another thread.
        assert!(stack.len() >= size, "{stack:x?}");
    }

    #[test]
    fn a_socket_is_neither_inherited_by_programs_nor_waited_for() {
        let socket = stream_socket(libc::AF_INET).expect("a socket");
        // SAFETY: no pointers are passed, and the descriptor is not used afterwards.
        unsafe {
            assert_ne!(libc::fcntl(socket, libc::F_GETFD) & libc::FD_CLOEXEC, 0);
            assert_ne!(libc::fcntl(socket, libc::F_GETFL) & libc::O_NONBLOCK, 0);
            libc::close(socket);
        }
    }
}
