//! What a failure of a connection is taken for.

use super::*;

#[test]
fn a_fork_in_the_middle_is_told_from_a_connection_that_broke() {
    let why = |error| Why::of(error, Why::Lost);
    assert!(matches!(why(io::Error::other(Interrupted)), Why::Interrupted));
    assert!(matches!(why(io::ErrorKind::TimedOut.into()), Why::TimedOut));
    assert!(matches!(why(io::Error::other("another")), Why::Lost(_)));
    assert!(matches!(why(io::ErrorKind::BrokenPipe.into()), Why::Lost(_)));
}

#[test]
fn an_end_is_told_from_other_failures_of_a_connection() {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, ConnectionReset, PermissionDenied, TimedOut, UnexpectedEof};
    for kind in [ConnectionReset, BrokenPipe, UnexpectedEof] {
        assert!(is_end(&kind.into()), "{kind}");
    }
    for kind in [TimedOut, PermissionDenied, ConnectionRefused] {
        assert!(!is_end(&kind.into()), "{kind}");
    }
}
