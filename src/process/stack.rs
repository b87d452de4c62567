//! The stack of the calling thread, and how much of it is left. Threads may be small: 128 KB under musl, 512 KB under macOS, 1 MB in Ruby.

use std::cell::Cell;
use std::ops::Range;

use super::system;

/// What the AWS SDK needs at most, and a third more: an upsert through it was measured at 866 KB of an x86-64 release build.
const FOR_THE_AWS_SDK: usize = 1200 * 1024;
/// What threads of ours have.
pub(super) const OF_OUR_THREADS: usize = 2 * 1024 * 1024;

thread_local! {
    /// Where it is costly to ask: in the first thread of a process, glibc reads a file.
    static OWN: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// The addresses of this thread's stack; none where the system cannot tell.
pub(crate) fn own_stack() -> Range<usize> {
    let (lowest, end) = OWN.get().unwrap_or_else(|| {
        let stack = system::own_stack();
        OWN.set(Some((stack.start, stack.end)));
        (stack.start, stack.end)
    });
    lowest..end
}

/// Whether the AWS SDK may be called on this thread.
pub(super) fn has_room_for_the_aws_sdk() -> bool {
    let here = 0_u8;
    has_room(&own_stack(), std::ptr::from_ref(&here) as usize)
}

/// On another stack than the thread's own (a fiber's, a coroutine's) nobody can tell what is left: then there is no room.
fn has_room(stack: &Range<usize>, here: usize) -> bool {
    stack.contains(&here) && here - stack.start >= FOR_THE_AWS_SDK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_the_own_stack_counts() {
        let stack = 0x1000_0000..0x1000_0000 + OF_OUR_THREADS;
        assert!(has_room(&stack, stack.end - 1));
        assert!(has_room(&stack, stack.start + FOR_THE_AWS_SDK));
        assert!(!has_room(&stack, stack.start + FOR_THE_AWS_SDK - 1));
        assert!(!has_room(&stack, stack.end));
        assert!(!has_room(&(0..0), stack.start));
    }

    #[test]
    fn threads_of_ours_have_room() {
        let thread = std::thread::Builder::new().stack_size(OF_OUR_THREADS);
        let thread = thread.spawn(has_room_for_the_aws_sdk);
        assert!(thread.expect("a thread").join().expect("an answer"));
    }
}
