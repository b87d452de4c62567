//! An HTTP endpoint on loopback that answers whatever it is told to, and keeps what it was asked.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub struct Listener {
    /// With the path `/credentials`.
    pub url: String,
    /// A status, and nothing is answered where it is 0.
    answer: Arc<Mutex<(u16, String)>>,
    /// When it believes to answer, in HTTP's form.
    pub date: Arc<Mutex<Option<String>>>,
    requests: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/credentials", listener.local_addr().expect("an address"));
        let answer = Arc::new(Mutex::new((503, String::new())));
        let date: Arc<Mutex<Option<String>>> = Arc::default();
        let dates = Arc::clone(&date);
        let requests = Arc::new(AtomicUsize::new(0));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answers, counted, heard) = (Arc::clone(&answer), Arc::clone(&requests), Arc::clone(&asked));
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for mut stream in listener.incoming().flatten() {
                let mut request = [0; 8192];
                let length = stream.read(&mut request).unwrap_or(0);
                if length == 0 {
                    continue;
                }
                counted.fetch_add(1, Ordering::Relaxed);
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                heard.lock().expect("no panic").push(text);
                let (status, body) = answers.lock().expect("no panic").clone();
                if status == 0 {
                    silent.push(stream);
                    continue;
                }
                let length = body.len();
                let date = dates.lock().expect("no panic").clone();
                let date = date.map(|date| format!("date: {date}\r\n")).unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {status} Scripted\r\nconnection: close\r\n{date}content-length: {length}\r\n\r\n"
                );
                let _ = stream.write_all((head + &body).as_bytes());
            }
        });
        Listener {
            url,
            answer,
            date,
            requests,
            asked,
        }
    }

    /// One that answers every request as a table without rows does.
    pub fn empty_table() -> Self {
        let listener = Listener::new();
        listener.says(200, "{}".to_owned());
        listener
    }

    /// Without a path.
    pub fn address(&self) -> &str {
        self.url.trim_end_matches("/credentials")
    }

    pub fn says(&self, status: u16, body: String) {
        *self.answer.lock().expect("no panic") = (status, body);
    }

    /// How many since the last time.
    pub fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::Relaxed)
    }

    /// The requests since the last time, heads and what came with them at once.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }

    /// Who signed the only request since the last time.
    pub fn signer(&self) -> String {
        let asked = self.asked();
        let [request] = asked.as_slice() else {
            panic!("{} requests", asked.len());
        };
        signer(request).expect("a signature").to_owned()
    }
}

pub fn signer(request: &str) -> Option<&str> {
    let begin = request.find("Credential=")? + "Credential=".len();
    request[begin..].split('/').next()
}
