//! The stack of the calling thread, and how much of it is left. Threads may be small: 128 KB under musl, 512 KB under macOS, 1 MB in Ruby.

use std::cell::Cell;
use std::ops::Range;

use super::system;

/// What the AWS SDK needs at most, and a third more: an upsert through it was measured at up to 866 KB of an x86-64 release build.
const FOR_THE_AWS_SDK: usize = as_built(1200);
/// What it was measured at, and a little more: enough where there is no other stack to be had.
const BARELY_FOR_THE_AWS_SDK: usize = as_built(900);
/// What threads of ours have.
pub(super) const OF_OUR_THREADS: usize = as_built(2048);

/// So many kilobytes of a release build. Without optimisation that upsert takes up to 1,955 KB.
const fn as_built(kilobytes: usize) -> usize {
    let halves = if cfg!(debug_assertions) { 5 } else { 2 };
    kilobytes * 1024 * halves / 2
}

thread_local! {
    /// Where it is costly to ask: in the first thread of a process, glibc reads a file.
    static OWN: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// The addresses of this thread's stack; none where the system cannot tell.
pub(crate) fn own_stack() -> Range<usize> {
    remembered(system::own_stack)
}

fn remembered(ask: impl FnOnce() -> Range<usize>) -> Range<usize> {
    if let Some((lowest, end)) = OWN.get() {
        return lowest..end;
    }
    let stack = ask();
    // What the system cannot tell now, for want of a descriptor perhaps, it may tell the next time.
    if !stack.is_empty() {
        OWN.set(Some((stack.start, stack.end)));
    }
    stack
}

/// Whether the AWS SDK is called on this thread.
pub(super) fn has_room_for_the_aws_sdk() -> bool {
    left().is_some_and(|left| left >= FOR_THE_AWS_SDK)
}

/// Whether the AWS SDK may be called on this thread if it cannot be on another.
pub(super) fn has_barely_room_for_the_aws_sdk() -> bool {
    left().is_some_and(|left| left >= BARELY_FOR_THE_AWS_SDK)
}

fn left() -> Option<usize> {
    let here = 0_u8;
    left_of(&own_stack(), std::ptr::from_ref(&here) as usize)
}

/// On another stack than the thread's own (a fiber's, a coroutine's) nobody can tell what is left.
fn left_of(stack: &Range<usize>, here: usize) -> Option<usize> {
    stack.contains(&here).then(|| here - stack.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_the_own_stack_counts() {
        let stack = 0x1000_0000..0x1000_0000 + OF_OUR_THREADS;
        assert_eq!(left_of(&stack, stack.end - 1), Some(OF_OUR_THREADS - 1));
        assert_eq!(left_of(&stack, stack.start), Some(0));
        assert_eq!(left_of(&stack, stack.start - 1), None);
        assert_eq!(left_of(&stack, stack.end), None);
        assert_eq!(left_of(&(0..0), stack.start), None);
    }

    #[test]
    fn a_stack_that_could_not_be_told_is_asked_for_again() {
        let thread = std::thread::spawn(|| {
            assert_eq!(remembered(|| 0..0), 0..0);
            assert_eq!(remembered(|| 1..2), 1..2);
            assert_eq!(remembered(|| unreachable!("it is known")), 1..2);
        });
        thread.join().expect("the stack");
    }

    #[test]
    fn threads_of_ours_have_room() {
        let thread = std::thread::Builder::new().stack_size(OF_OUR_THREADS);
        let thread = thread.spawn(has_room_for_the_aws_sdk);
        assert!(thread.expect("a thread").join().expect("an answer"));
    }
}
