//! Deadlines, ends, signals and forks of one connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::*;

/// A connection over loopback, and its other end.
fn pair() -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let socket =
        Socket::connect(generation(), listener.local_addr().expect("an address"), after(5000)).expect("a connection");
    (socket, listener.accept().expect("a connection").0)
}

fn after(milliseconds: u64) -> Instant {
    Instant::now() + Duration::from_millis(milliseconds)
}

#[test]
fn bytes_come_and_go_until_the_end() {
    let (socket, mut peer) = pair();
    let mut received = [0; 16];
    assert!(socket.is_quiet());
    socket.send_all(b"question", after(1000)).expect("sent");
    peer.read_exact(&mut received[..8]).expect("received");
    assert_eq!(&received[..8], b"question");
    peer.write_all(b"answer").expect("sent");
    assert_eq!(socket.receive(&mut received, after(1000)).expect("received"), 6);
    assert_eq!(&received[..6], b"answer");
    drop(peer);
    assert_eq!(socket.receive(&mut received, after(1000)).expect("the end"), 0);
    assert!(!socket.is_quiet());
}

#[test]
fn both_families_connect() {
    for place in ["127.0.0.1:0", "[::1]:0"] {
        let listener = match TcpListener::bind(place) {
            // Some machines have only one.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EADDRNOTAVAIL | libc::EAFNOSUPPORT)) => {
                let _ = writeln!(std::io::stderr(), "skipped: this machine has no {place}: {error}");
                continue;
            }
            bound => bound.expect("a port"),
        };
        let address = listener.local_addr().expect("an address");
        let socket = Socket::connect(generation(), address, after(1000)).expect("a connection");
        let (mut peer, _) = listener.accept().expect("a connection");
        socket.send_all(b"hello", after(1000)).expect("sent");
        let mut received = [0; 5];
        peer.read_exact(&mut received).expect("received");
        assert_eq!(&received, b"hello");
    }
}

#[test]
fn a_port_where_nobody_listens_refuses_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error = Socket::connect(generation(), address, after(5000)).expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

/// A listener whose queue is full leaves connections pending.
#[test]
fn every_wait_ends_at_its_deadline() {
    use std::os::fd::AsRawFd;
    let ends_in_time = |what: &str, wait: &mut dyn FnMut(Instant) -> io::Error| {
        let began = Instant::now();
        let error = wait(after(100));
        let took = began.elapsed();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{what}: {error}");
        assert!(
            took >= Duration::from_millis(100) && took < Duration::from_secs(1),
            "{what}: {took:?}"
        );
    };
    let (socket, _peer) = pair();
    ends_in_time("receive", &mut |deadline| {
        socket.receive(&mut [0], deadline).expect_err("nothing comes")
    });
    let large = vec![0; 64 << 20];
    ends_in_time("send", &mut |deadline| {
        socket.send_all(&large, deadline).expect_err("nobody reads")
    });
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    // SAFETY: the listener is alive; its queue gets shorter.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let _queued = TcpStream::connect(address).expect("a place in the queue");
    ends_in_time("connect", &mut |deadline| {
        Socket::connect(generation(), address, deadline).expect_err("the queue is full")
    });
}

#[test]
fn a_program_that_is_executed_inherits_no_connection() {
    let (socket, _peer) = pair();
    // SAFETY: the descriptor is open.
    let flags = unsafe { libc::fcntl(socket.descriptor, libc::F_GETFD) };
    assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
}

/// As in a child that a signal handler forked between the choice of a connection and the making of it.
#[test]
fn no_connection_is_made_for_a_call_of_another_process() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let error = Socket::connect(u64::MAX, address, after(1000)).expect_err("not this process's");
    assert!(Interrupted::is_cause_of(&error), "{error}");
    listener.set_nonblocking(true).expect("no wait");
    assert_eq!(listener.accept().expect_err("nobody").kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_connection_that_was_reset_raises_no_signal() {
    let (socket, peer) = pair();
    socket.send_all(b"never read", after(1000)).expect("sent");
    drop(peer);
    // SIGPIPE would end a program of C's; here it stays pending.
    let blocked = crate::process::SignalsBlocked::all();
    let mut errors = (0..100).filter_map(|_| {
        std::thread::sleep(Duration::from_millis(1));
        socket.send_all(b"more", after(1000)).err()
    });
    // The first is the reset itself, which raises none.
    let kinds = [errors.next(), errors.next()].map(|error| error.expect("an error").kind());
    assert!(kinds.contains(&ErrorKind::BrokenPipe), "{kinds:?}");
    // SAFETY: the set is initialised before it is read.
    let is_pending = unsafe {
        let mut pending = mem::zeroed();
        libc::sigpending(&mut pending);
        libc::sigismember(&pending, libc::SIGPIPE)
    };
    drop(blocked);
    assert_eq!(is_pending, 0);
    assert!(!socket.is_quiet());
}

/// As in a child that was forked after its call found the connection.
#[test]
fn the_connection_of_another_process_is_left_alone() {
    let (socket, mut peer) = pair();
    let descriptor = socket.descriptor;
    let other = Socket {
        descriptor,
        generation: u64::MAX,
    };
    for error in [
        other.send_all(b"x", after(1000)).expect_err("not ours"),
        other.receive(&mut [0], after(1000)).expect_err("not ours"),
    ] {
        assert!(Interrupted::is_cause_of(&error) && error.to_string() == interrupted().message());
    }
    peer.write_all(b"kept").expect("sent");
    assert!(!other.is_quiet());
    drop(other);
    let mut received = [0; 4];
    assert_eq!(socket.receive(&mut received, after(1000)).expect("received"), 4);
    assert!(!Interrupted::is_cause_of(&ErrorKind::TimedOut.into()));
}

mod handlers {
    use super::*;
    use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};

    /// Has `handler` run on the thread that is in `wait`, every ten milliseconds.
    fn while_signals_come<T>(signal: libc::c_int, handler: extern "C" fn(libc::c_int), wait: impl FnOnce() -> T) -> T {
        // SAFETY: the action is initialised; what the handlers do is said at each.
        let thread = unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            action.sa_sigaction = handler as *const () as usize;
            // Even where the host asks for restarts, `poll` returns.
            action.sa_flags = libc::SA_RESTART;
            assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
            libc::pthread_self()
        };
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(10));
                    // SAFETY: the thread waits for this one to end.
                    unsafe { libc::pthread_kill(thread, signal) };
                }
            });
            let outcome = wait();
            is_over.store(true, Ordering::Relaxed);
            outcome
        })
    }

    static SIGNALS: AtomicUsize = AtomicUsize::new(0);

    extern "C" fn count(_: libc::c_int) {
        SIGNALS.fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn signals_neither_end_nor_prolong_a_wait() {
        let (socket, mut peer) = pair();
        let began = Instant::now();
        let outcome = while_signals_come(libc::SIGUSR1, count, || socket.receive(&mut [0], after(100)));
        assert_eq!(outcome.expect_err("nothing comes").kind(), ErrorKind::TimedOut);
        // Each signal would begin the wait anew, and they do not end before it.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let answers = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            peer.write_all(b"x").expect("sent");
            peer
        });
        let outcome = while_signals_come(libc::SIGUSR1, count, || socket.receive(&mut [0], after(5000)));
        assert_eq!(outcome.expect("received"), 1);
        assert!(SIGNALS.load(Ordering::Relaxed) > 2);
        answers.join().expect("no panic");
    }

    /// The child's process id in the parent once it has forked; 0 in the child.
    static FORKED: AtomicI32 = AtomicI32::new(-1);

    extern "C" fn fork_once(_: libc::c_int) {
        if FORKED.load(Ordering::Relaxed) == -1 {
            // SAFETY: the thread waits in `poll`, which holds no lock.
            FORKED.store(unsafe { libc::fork() }, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_child_forked_by_a_handler_leaves_the_answer_to_its_parent() {
        let (socket, mut peer) = pair();
        let answers = std::thread::spawn(move || {
            while FORKED.load(Ordering::Relaxed) == -1 {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(100));
            peer.write_all(b"answer").expect("sent");
            peer
        });
        let mut received = [0; 16];
        let wait = || {
            let outcome = socket.receive(&mut received, after(5000));
            if FORKED.load(Ordering::Relaxed) == 0 {
                let is_right = outcome.is_err_and(|error| Interrupted::is_cause_of(&error));
                // SAFETY: nothing of the parent's test is run in the child.
                unsafe { libc::_exit(if is_right { 7 } else { 1 }) };
            }
            outcome
        };
        assert_eq!(while_signals_come(libc::SIGUSR2, fork_once, wait).expect("received"), 6);
        let mut status = 0;
        let child = FORKED.load(Ordering::Relaxed);
        // SAFETY: the status is alive during the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 7, "{status}");
        answers.join().expect("no panic");
    }
}
