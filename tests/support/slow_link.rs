//! A way to an engine that carries only so many bytes a second towards it, over all connections together.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub struct SlowLink {
    pub endpoint: String,
}

impl SlowLink {
    /// Lasts as long as the test's process.
    pub fn to(endpoint: &str, bytes_per_second: u32) -> Self {
        let engine = endpoint
            .strip_prefix("http://")
            .expect("an endpoint without TLS")
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        // When the link will be free again.
        let free = Arc::new(Mutex::new(Instant::now()));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&engine).expect("the engine listens");
                let (from_client, to_server) = (
                    client.try_clone().expect("a socket"),
                    server.try_clone().expect("a socket"),
                );
                let free = Arc::clone(&free);
                std::thread::spawn(move || {
                    carry(from_client, to_server, |bytes| wait_for(&free, bytes, bytes_per_second))
                });
                std::thread::spawn(move || carry(server, client, |_| {}));
            }
        });
        SlowLink { endpoint }
    }
}

fn wait_for(free: &Mutex<Instant>, bytes: usize, bytes_per_second: u32) {
    let takes = Duration::from_secs_f64(bytes as f64 / f64::from(bytes_per_second));
    let until = {
        let mut free = free.lock().expect("no thread panics");
        *free = (*free).max(Instant::now()) + takes;
        *free
    };
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
}

fn carry(mut from: TcpStream, mut to: TcpStream, before: impl Fn(usize)) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        before(length);
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}
