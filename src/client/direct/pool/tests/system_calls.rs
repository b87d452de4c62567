//! What a request on an idle connection asks of the kernel, counted in a process of its own under `ptrace`.

use super::*;

/// Marks begin and end of what is counted, and is used for nothing else here.
const MARK: libc::c_long = libc::SYS_getppid;

/// What `poll` is, which not every architecture has.
#[cfg(target_arch = "x86_64")]
const POLL: libc::c_long = libc::SYS_poll;
#[cfg(not(target_arch = "x86_64"))]
const POLL: libc::c_long = libc::SYS_ppoll;

/// The system calls of `work` between its two marks.
fn system_calls(work: impl FnOnce()) -> Vec<libc::c_long> {
    // SAFETY: the child does nothing but `work`, in which nothing is asked for that another thread may hold, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: no pointers are passed.
        unsafe {
            libc::alarm(30);
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGSTOP);
        }
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // SAFETY: as above.
        unsafe { libc::_exit(i32::from(outcome.is_err())) };
    }
    let mut status = 0;
    let mut calls = Vec::new();
    let mut marks = 0;
    // SAFETY: the child is ours and traced by this thread; every place that is written to is alive and as large as is said.
    unsafe {
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
        assert_eq!(libc::ptrace(libc::PTRACE_SETOPTIONS, child, 0, options), 0);
        loop {
            assert_eq!(libc::ptrace(libc::PTRACE_SYSCALL, child, 0, 0), 0);
            assert_eq!(libc::waitpid(child, &mut status, 0), child);
            if libc::WIFEXITED(status) {
                break;
            }
            assert!(
                libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGTRAP | 0x80,
                "{status:x}"
            );
            let mut info: libc::ptrace_syscall_info = std::mem::zeroed();
            let size = size_of_val(&info);
            assert!(libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, child, size, &raw mut info) > 0);
            if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
                continue;
            }
            match info.u.entry.nr as libc::c_long {
                MARK => marks += 1,
                call if marks == 1 => calls.push(call),
                _ => {}
            }
        }
    }
    assert_eq!((libc::WEXITSTATUS(status), marks), (0, 2));
    calls
}

#[test]
fn a_request_on_an_idle_connection_takes_three() {
    let server = Server::start(answers_all);
    let calls = || {
        system_calls(|| {
            // In the child, which uses no connection of its parent's.
            let pool = server.pool(4);
            for _ in 0..2 {
                drop(exchange(&pool));
            }
            // SAFETY: it has no preconditions.
            let mark = || unsafe { libc::syscall(MARK) };
            mark();
            let is_right = exchange(&pool).is_ok_and(|exchange| exchange.status() == 200);
            mark();
            assert!(is_right);
        })
    };
    // A machine that stands still in between makes the connection look idle, and that takes a fourth.
    let tries: Vec<_> = (0..5).map(|_| calls()).collect();
    assert!(
        tries
            .iter()
            .any(|calls| matches!(calls[..], [libc::SYS_sendto, POLL, libc::SYS_recvfrom])),
        "{tries:?}"
    );
}
