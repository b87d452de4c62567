//! Which connection a request takes, and what its caller is told.

mod failures;
#[cfg(target_os = "linux")]
mod system_calls;
mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::*;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}";

/// A server that gives each connection, numbered from 0, to `serve`, and counts them.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl Server {
    fn start(serve: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let [connections, ended] = [(); 2].map(|()| Arc::<AtomicUsize>::default());
        let (counter, ends, serve) = (Arc::clone(&connections), Arc::clone(&ended), Arc::new(serve));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let (mut stream, serve) = (stream.expect("a connection"), Arc::clone(&serve));
                // Else a second message is held back until the first is acknowledged, which the next request may do.
                stream.set_nodelay(true).expect("a socket");
                let ends = Arc::clone(&ends);
                std::thread::spawn(move || {
                    serve(number, &mut stream);
                    drop(stream);
                    ends.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Server {
            port,
            connections,
            ended,
        }
    }

    fn pool(&self, max_idle: usize) -> Pool {
        Pool::new(self.place("127.0.0.1", |_, _| unreachable!("an address")), max_idle)
    }

    fn place(
        &self,
        host: &str,
        look_up: impl Fn(&str, Instant) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Place {
        Place {
            host: host.to_owned(),
            port: self.port,
            tls: None,
            connect_timeout: Some(Duration::from_secs(1)),
            look_up: Arc::new(look_up),
        }
    }

    /// Of so many connections, and until the pool looks at what it has kept.
    fn wait_for_ends(&self, connections: usize) {
        for _ in 0..2000 {
            std::thread::sleep(TRUSTED_IDLE);
            if self.ended.load(Ordering::SeqCst) >= connections {
                return;
            }
        }
        panic!("no end of {connections} connection(s)");
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Reads a request; `false` at the end of the connection.
fn asked(stream: &mut TcpStream) -> bool {
    let mut request = [0; REQUEST.len()];
    stream.read_exact(&mut request).is_ok_and(|()| request == REQUEST)
}

fn answer(stream: &mut TcpStream, headers: &str, body: &str) {
    let length = body.len();
    let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    // The client may have had enough.
    let _ = stream.write_all(answer.as_bytes());
}

/// Answers each request with the number of its connection.
fn answers_all(number: usize, stream: &mut TcpStream) {
    while asked(stream) {
        answer(stream, "Date: today\r\n", &number.to_string());
    }
}

/// Has the kernel send a reset instead of an end.
fn reset(stream: &TcpStream) {
    use std::os::fd::AsRawFd;
    let linger = libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    let size = size_of_val(&linger) as libc::socklen_t;
    // SAFETY: the option is alive during the call, and so long.
    let outcome = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size,
        )
    };
    assert_eq!(outcome, 0);
}

fn exchange(pool: &Pool) -> Result<Exchange<'_>, Broken> {
    let deadline = Instant::now() + Duration::from_secs(5);
    pool.exchange(|bytes, _| bytes.extend_from_slice(REQUEST), deadline)
}

fn body(pool: &Pool) -> String {
    let exchange = exchange(pool).expect("an answer");
    assert_eq!(exchange.status(), 200);
    String::from_utf8(exchange.body().to_owned()).expect("text")
}

fn broken(pool: &Pool) -> Broken {
    match exchange(pool) {
        Ok(exchange) => panic!("{:?}", exchange.answer),
        Err(broken) => broken,
    }
}

fn idle(pool: &Pool) -> usize {
    pool.idle.lock().expect("no panic").len()
}

/// As if the idle connections had been used so long ago.
fn age(pool: &Pool, seconds: u64) {
    for kept in pool.idle.lock().expect("no panic").iter_mut() {
        kept.last_used -= Duration::from_secs(seconds);
    }
}

#[test]
fn a_connection_is_used_again_with_its_memory() {
    let server = Server::start(answers_all);
    let pool = server.pool(4);
    assert_eq!(
        (body(&pool), body(&pool), server.connections()),
        ("0".into(), "0".into(), 1)
    );
    let exchange = exchange(&pool).expect("an answer");
    assert_eq!(exchange.date(), Some("today"));
}

#[test]
fn requests_at_once_have_connections_of_their_own_and_few_are_kept() {
    let server = Server::start(answers_all);
    let pool = server.pool(2);
    let at_once = [(); 3].map(|()| exchange(&pool).expect("an answer"));
    assert_eq!((server.connections(), idle(&pool)), (3, 0));
    drop(at_once);
    assert_eq!(idle(&pool), 2);
    // The last used is the first to be used again.
    assert_eq!(body(&pool), "2");
    let none_kept = server.pool(0);
    assert_eq!((body(&none_kept), idle(&none_kept)), ("3".into(), 0));
}

#[test]
fn of_the_idle_connections_the_next_to_be_used_has_room_for_a_page() {
    const PAGE: usize = 500_000;
    let server = Server::start(|number, stream| {
        while asked(stream) {
            answer(stream, "", &"x".repeat(if number == 2 { 1 } else { PAGE }));
        }
    });
    let pool = server.pool(4);
    let at_once = [(); 3].map(|()| exchange(&pool).expect("an answer"));
    drop(at_once);
    let room: Vec<bool> = pool
        .idle
        .lock()
        .expect("no panic")
        .iter()
        .map(|kept| kept.answer.capacity() > PAGE)
        .collect();
    assert_eq!(room, [false, false, true]);
}

#[test]
fn an_idle_connection_keeps_little_memory_of_a_large_request() {
    let server = Server::start(|_, stream| {
        let mut all = vec![0; 8 << 20];
        // A request of so many bytes, whatever they are.
        while stream.read_exact(&mut all).is_ok() {
            answer(stream, "", "{}");
        }
    });
    let pool = server.pool(4);
    let write = |request: &mut Vec<u8>, scratch: &mut Vec<u8>| {
        scratch.resize(8 << 20, b'x');
        request.extend_from_slice(scratch);
    };
    drop(
        pool.exchange(write, Instant::now() + Duration::from_secs(10))
            .expect("an answer"),
    );
    let idle = pool.idle.lock().expect("no panic");
    assert_eq!(idle.len(), 1);
    let kept: usize = idle
        .iter()
        .map(|kept| kept.request.capacity() + kept.scratch.capacity())
        .sum();
    assert!(kept <= 2 * response::LITTLE_BYTES, "{kept} bytes");
}

#[test]
fn an_old_idle_connection_is_looked_at_and_a_very_old_one_closed() {
    let server = Server::start(answers_all);
    let pool = server.pool(4);
    body(&pool);
    age(&pool, 49);
    assert_eq!(body(&pool), "0");
    let both = [exchange(&pool).expect("an answer"), exchange(&pool).expect("an answer")];
    drop(both);
    age(&pool, 51);
    assert_eq!((body(&pool), idle(&pool)), ("2".into(), 1));
    // One is used all the time; the other goes with its age.
    let both = [exchange(&pool).expect("an answer"), exchange(&pool).expect("an answer")];
    drop(both);
    pool.idle.lock().expect("no panic")[0].last_used -= Duration::from_secs(51);
    body(&pool);
    assert_eq!(idle(&pool), 1);
}

#[test]
fn a_connection_that_the_server_closed_while_idle_is_replaced() {
    let server = Server::start(|number, stream| {
        assert!(asked(stream));
        answer(stream, "", &number.to_string());
    });
    let pool = server.pool(4);
    assert_eq!(body(&pool), "0");
    server.wait_for_ends(1);
    assert_eq!(body(&pool), "1");
}

/// As where its end crosses a request on the way.
#[test]
fn a_request_that_went_out_whole_is_not_sent_again() {
    let server = Server::start(|_, stream| {
        assert!(asked(stream));
        answer(stream, "", "0");
        assert!(asked(stream));
    });
    let pool = server.pool(4);
    assert_eq!(body(&pool), "0");
    let broken = broken(&pool);
    assert!(matches!(broken.why, Why::Lost(_)) && broken.was_sent, "{broken:?}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_comes_late_is_noticed_before_the_next_request() {
    let [(reads, was_read), (came, has_come)] = [(); 2].map(|()| mpsc::channel());
    let was_read = Mutex::new(was_read);
    let server = Server::start(move |number, stream| {
        while asked(stream) {
            answer(stream, "", &number.to_string());
            let _ = was_read.lock().expect("no panic").recv();
            answer(stream, "", "nobody asked");
            let _ = came.send(());
        }
    });
    let pool = server.pool(4);
    for number in 0..3 {
        assert_eq!(body(&pool), number.to_string());
        reads.send(()).expect("the server lives");
        has_come.recv().expect("the server lives");
        std::thread::sleep(2 * TRUSTED_IDLE);
    }
}

#[test]
fn a_connection_that_was_reset_while_idle_is_replaced() {
    // A reset would take away an answer that has not been read.
    let (reads, was_read) = mpsc::channel();
    let was_read = Mutex::new(was_read);
    let server = Server::start(move |number, stream| {
        assert!(asked(stream));
        answer(stream, "", &number.to_string());
        let _ = was_read.lock().expect("no panic").recv();
        reset(stream);
    });
    let pool = server.pool(4);
    let idle_until_reset = |ends| {
        reads.send(()).expect("the server lives");
        server.wait_for_ends(ends);
    };
    assert_eq!(body(&pool), "0");
    idle_until_reset(1);
    assert_eq!(body(&pool), "1");
    // Without a look before, the kernel does not even take the request.
    idle_until_reset(2);
    for kept in pool.idle.lock().expect("no panic").iter_mut() {
        kept.last_used = Instant::now() + Duration::from_secs(60);
    }
    assert_eq!(body(&pool), "2");
}

#[test]
fn a_new_connection_that_ends_or_is_reset_is_an_error_at_once() {
    for resets in [false, true] {
        let server = Server::start(move |_, stream| {
            assert!(asked(stream));
            if resets {
                reset(stream);
            }
        });
        let broken = broken(&server.pool(4));
        assert!(matches!(broken.why, Why::Lost(_)) && broken.was_sent, "{broken:?}");
        assert!(broken.why.to_string().starts_with("the connection broke: "));
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn half_an_answer_is_an_error_even_where_the_connection_was_idle() {
    let server = Server::start(|_, stream| {
        assert!(asked(stream));
        answer(stream, "", "whole");
        assert!(asked(stream));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal");
    });
    let pool = server.pool(4);
    assert_eq!(body(&pool), "whole");
    let broken = broken(&pool);
    assert!(
        matches!(broken.why, Why::Malformed(Malformed::EndInTheMiddle)) && broken.was_sent,
        "{broken:?}"
    );
    assert_eq!((server.connections(), idle(&pool)), (1, 0));
}

#[test]
fn an_answer_that_says_so_is_the_last_of_its_connection() {
    let server = Server::start(|number, stream| {
        while asked(stream) {
            answer(stream, "Connection: close\r\n", &number.to_string());
        }
    });
    let pool = server.pool(4);
    assert_eq!((body(&pool), idle(&pool), body(&pool)), ("0".into(), 0, "1".into()));
}

#[test]
fn a_server_that_says_nothing_costs_the_time_and_the_connection() {
    let server = Server::start(|_, stream| while asked(stream) {});
    let pool = server.pool(4);
    let began = Instant::now();
    let outcome = pool.exchange(
        |bytes, _| bytes.extend_from_slice(REQUEST),
        began + Duration::from_millis(100),
    );
    let broken = outcome.map(|_| ()).expect_err("no answer");
    assert!(matches!(broken.why, Why::TimedOut) && broken.was_sent, "{broken:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(idle(&pool), 0);
}

#[test]
fn addresses_are_tried_in_their_order() {
    let server = Server::start(answers_all);
    let place = server.place("two.invalid", |host, _| {
        assert_eq!(host, "two.invalid");
        // Nobody listens at the first.
        Ok(vec!["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()])
    });
    assert_eq!(body(&Pool::new(place, 1)), "0");
    let unknown = server.place("unknown.invalid", |_, _| Err(io::ErrorKind::NotFound.into()));
    let nowhere = server.place("nowhere.invalid", |_, _| Ok(Vec::new()));
    let refused = server.place("127.0.0.2", |_, _| unreachable!("an address"));
    for place in [unknown, nowhere, refused] {
        let broken = broken(&Pool::new(place, 1));
        assert!(
            matches!(broken.why, Why::NotConnected(_)) && !broken.was_sent,
            "{broken:?}"
        );
    }
}

#[test]
fn each_address_has_its_share_of_the_time() {
    use std::os::fd::AsRawFd;
    let server = Server::start(answers_all);
    // A full queue at another address of the same port lets nobody in.
    let full = TcpListener::bind(("127.0.0.3", server.port)).expect("a port");
    // SAFETY: the listener is alive; its queue gets shorter.
    assert_eq!(unsafe { libc::listen(full.as_raw_fd(), 0) }, 0);
    let _queued = TcpStream::connect(full.local_addr().expect("an address")).expect("a place in the queue");
    let began = Instant::now();
    let place = server.place("two.invalid", |_, _| {
        Ok(vec!["127.0.0.3".parse().unwrap(), "127.0.0.1".parse().unwrap()])
    });
    assert_eq!(body(&Pool::new(place, 1)), "0");
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(500) && took < Duration::from_millis(1000),
        "{took:?}"
    );

    // Alone it has the time for connecting, or that of the call, whichever is less.
    for (to_connect, of_the_call) in [(300, 30_000), (30_000, 300)] {
        let place = Place {
            connect_timeout: Some(Duration::from_millis(to_connect)),
            ..server.place("127.0.0.3", |_, _| unreachable!("an address"))
        };
        let pool = Pool::new(place, 1);
        let began = Instant::now();
        let outcome = pool.exchange(
            |bytes, _| bytes.extend_from_slice(REQUEST),
            began + Duration::from_millis(of_the_call),
        );
        let broken = outcome.map(|_| ()).expect_err("nobody is let in");
        assert!(matches!(broken.why, Why::TimedOut) && !broken.was_sent, "{broken:?}");
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
}

/// As in a child that was forked after its call found the pool, by a handler while another thread had the lock.
#[test]
fn the_pool_of_another_process_is_left_alone() {
    let server = Server::start(answers_all);
    let pool = Pool {
        generation: u64::MAX,
        ..server.pool(4)
    };
    let _taken = pool.idle.lock();
    let broken = broken(&pool);
    assert!(matches!(broken.why, Why::Interrupted) && !broken.was_sent, "{broken:?}");
    assert_eq!(server.connections(), 0);
}

#[test]
fn many_threads_share_a_pool() {
    let server = Server::start(answers_all);
    let pool = server.pool(4);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..200).for_each(|_| drop(body(&pool))));
        }
    });
    assert!(idle(&pool) <= 4 && idle(&pool) > 0);
}
