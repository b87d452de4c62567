//! A process may fork at any moment, whatever its threads are doing: the parent is unharmed and the children work.
//!
//! The forking is done by programs in C, as a test process has threads of its own. They watch over themselves: a hang ends as a failure
//! that shows where. LD_DYNAMO_STRESS=1 makes ten and a hundred times as many children.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support;
use crate::support::certificates::{text, Certificates};
use crate::support::compile::{program, Library};
use crate::support::flag_table::FlagTable;
use crate::turn;
use serde_json::{json, Value};

/// How many children a test makes, one run after the other.
fn children() -> &'static [u32] {
    if std::env::var("LD_DYNAMO_STRESS").is_ok_and(|value| value == "1") {
        &[200, 2000]
    } else {
        &[20]
    }
}

pub fn compiled(name: &str) -> Command {
    let mut command = Command::new(program(
        "gcc",
        "-std=c11",
        &[&format!("tests/c/{name}.c")],
        Library::Shared,
    ));
    // Nothing of the machine's own configuration is looked at.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// Runs a program to its end and returns what it printed.
pub fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?} {}:\n{printed}{complaints}",
        output.status
    );
    assert_eq!(complaints, "", "{command:?} printed something");
    printed
}

fn fork_in_flight(place: &FlagTable, forks: u32, depth: u32) {
    let mut command = compiled("fork");
    command.args([place.uncached(), place.cached(20), forks.to_string(), depth.to_string()]);
    println!("{}", run(&mut command));
}

#[test]
fn with_eight_threads_in_flight() {
    let _turn = turn::beside_programs();
    for &forks in children() {
        fork_in_flight(&FlagTable::plain(&[]), forks, 1);
    }
}

#[test]
fn with_eight_threads_in_flight_over_tls() {
    let _turn = turn::beside_programs();
    for &forks in children() {
        fork_in_flight(&FlagTable::encrypted(), forks, 1);
    }
}

#[test]
fn with_eight_threads_in_flight_on_shared_handles() {
    let _turn = turn::beside_programs();
    fork_in_flight(&FlagTable::plain(&[]).with(json!({"share": true})), children()[0], 1);
}

#[test]
fn forks_of_forks() {
    let _turn = turn::beside_programs();
    fork_in_flight(&FlagTable::plain(&[]), children()[0] / 4, 4);
    fork_in_flight(&FlagTable::encrypted(), children()[0] / 4, 4);
}

#[test]
fn while_the_connection_rests() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&[]);
    place.engine.control("POST", "reset", &Value::Null);
    run(compiled("fork_idle").arg(place.uncached()));
    let counters = place.engine.control("GET", "counters", &Value::Null);
    // The parent's, and that of the child that calls; four calls and two, none of them repeated.
    assert_eq!(
        (&counters["connections"], &counters["requests"]["GetItem"]),
        (&json!(2), &json!(6)),
        "{counters}"
    );
    run(compiled("fork_idle").arg(FlagTable::encrypted().uncached()));
}

fn fork_in_first_call(place: FlagTable, name: &str) {
    let place = place.by_name().with_credentials_in_files();
    let folder = support::build_folder();
    let (credentials, profiles) = (
        folder.join(format!("{name}.credentials")),
        folder.join(format!("{name}.config")),
    );
    let secrets = "[forking]\naws_access_key_id = local\naws_secret_access_key = local\n";
    std::fs::write(&credentials, secrets).expect("a file");
    std::fs::write(&profiles, "[profile forking]\nregion = us-east-1\n").expect("a file");
    for &forks in children() {
        let mut command = compiled("fork_first");
        command.args([place.uncached(), (forks / 4).to_string()]);
        command
            .env("AWS_SHARED_CREDENTIALS_FILE", &credentials)
            .env("AWS_CONFIG_FILE", &profiles);
        println!("{}", run(&mut command));
    }
}

#[test]
fn in_the_first_call_of_eight_threads() {
    let _turn = turn::beside_programs();
    fork_in_first_call(FlagTable::plain(&[]), "first-call");
}

#[test]
fn in_the_first_call_of_eight_threads_over_tls() {
    let _turn = turn::beside_programs();
    fork_in_first_call(FlagTable::encrypted(), "first-call-over-tls");
}

#[test]
fn beside_threads_that_push_credentials() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&[]).with(json!({"credentials": "pushed"}));
    for &forks in children() {
        let mut command = compiled("fork_pushed");
        command.args([place.uncached(), forks.to_string()]);
        println!("{}", run(&mut command));
    }
}

#[test]
fn in_a_signal_handler_whose_child_returns_into_the_call() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&["--latency-ms", "100"]);
    for threads in [0, 1, 8] {
        let mut command = compiled("fork_in_handler");
        command.args([place.uncached(), children()[0].to_string(), threads.to_string()]);
        println!("{}", run(&mut command));
    }
}

/// Milliseconds that `fork` took.
pub fn waited(program: &str, arguments: &[&str]) -> u64 {
    run(compiled(program).args(arguments)).trim().parse().expect("a number")
}

#[test]
fn a_fork_does_not_wait_for_the_network() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&["--latency-ms", "1200"]).by_name();
    let took = waited("fork_waits", &["network", &place.uncached()]);
    assert!(took < 800, "{took} ms");
}

#[test]
fn a_fork_waits_for_a_thread_inside_a_dependency() {
    let _turn = turn::beside_programs();
    let place = FlagTable::encrypted();
    let authority = PathBuf::from(place.configuration["ca_bundle"].as_str().expect("a path"));
    let fifo = authority.with_extension("fifo");
    let _ = std::fs::remove_file(&fifo);
    assert!(Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
    let place = place.with(json!({"ca_bundle": text(&fifo)}));
    let took = waited(
        "fork_waits",
        &["work", &place.uncached(), text(&fifo), text(&authority)],
    );
    // The fork begins after 100 ms, the file is there after 300.
    assert!((150..1500).contains(&took), "{took} ms");
}

#[test]
fn a_fork_waits_a_moment_for_a_name_to_be_looked_up() {
    let _turn = turn::beside_programs();
    let place = FlagTable::plain(&[]).by_name();
    let took = waited("fork_waits", &["name", &place.uncached()]);
    assert!((40..800).contains(&took), "{took} ms");
}

/// The 32 random bytes that a TLS client sends first.
fn client_random(mut connection: TcpStream) -> Vec<u8> {
    let mut hello = [0; 43];
    connection.read_exact(&mut hello).expect("a ClientHello");
    // A handshake record with a ClientHello in it; two versions and two lengths come before the random bytes.
    assert_eq!((hello[0], hello[5]), (22, 1), "{hello:?}");
    hello[11..].to_vec()
}

#[test]
fn random_numbers_are_not_inherited() {
    let _turn = turn::beside_programs();
    let certificates = Certificates::make();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let configuration = json!({
        "table": "flags",
        "endpoint": format!("https://localhost:{}", listener.local_addr().expect("an address").port()),
        "region": "us-east-1",
        "credentials": {"access_key_id": "local", "secret_access_key": "local"},
        "cache_ttl_ms": 0,
        "max_attempts": 1,
        "ca_bundle": text(&certificates.authority),
    });
    let randoms = std::thread::spawn(move || {
        let accept = |_| client_random(listener.accept().expect("a connection").0);
        (0..4).map(accept).collect::<Vec<_>>()
    });
    run(compiled("fork_randoms").arg(configuration.to_string()));
    let randoms = randoms.join().expect("four connections");
    let different: BTreeSet<_> = randoms.iter().collect();
    assert_eq!(different.len(), 4, "{randoms:02x?}");
}

/// Forks here; the child makes a store and says what its next random number is.
fn random_number_of_a_child(configuration: &str) -> u64 {
    let (mut answer, mut question) = std::io::pipe().expect("a pipe");
    // SAFETY: the child allocates, which glibc allows, makes a store, writes to its pipe and ends without any destructor.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::alarm(10);
            let config = ld_dynamo_store::Config::from_json(configuration).expect("a configuration");
            let store = ld_dynamo_store::Store::new(config);
            let written = question.write_all(&fastrand::u64(..).to_le_bytes());
            libc::_exit(i32::from(store.is_err() || written.is_err()));
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        assert_eq!(status, 0);
    }
    let mut bytes = [0; 8];
    answer.read_exact(&mut bytes).expect("a number");
    u64::from_le_bytes(bytes)
}

#[test]
fn random_delays_are_not_inherited() {
    let _turn = turn::alone();
    let configuration = r#"{"table":"flags"}"#;
    let config = ld_dynamo_store::Config::from_json(configuration).expect("a configuration");
    ld_dynamo_store::Store::new(config).expect("a store");
    fastrand::seed(7);
    let children = [(); 2].map(|()| random_number_of_a_child(configuration));
    assert_ne!(children[0], children[1]);
    assert_ne!(
        children[0],
        fastrand::u64(..),
        "the first child goes on with its parent's numbers"
    );
}

/// A server that is ended with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Ends well within ten seconds once it was asked to.
    fn must_end(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return assert!(status.success(), "{status}");
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What one request to a server of one line is answered with: the worker's process id and the item.
fn line_of(port: u16) -> (u32, String) {
    let connection = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a socket");
    let mut line = String::new();
    BufReader::new(connection).read_line(&mut line).expect("an answer");
    let (worker, item) = line.trim_end().split_once(' ').unwrap_or_else(|| panic!("{line:?}"));
    (worker.parse().expect("a process id"), item.to_owned())
}

/// Sends requests from several threads until so many workers have answered, each time rightly; which one does is up to the kernel.
fn ask(least_workers: usize, request: impl Fn() -> (u32, String) + Sync) {
    let mut workers = BTreeSet::new();
    for _ in 0..20 {
        let answers: Vec<_> = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| [(); 25].map(|()| request())));
            threads
                .into_iter()
                .flat_map(|thread| thread.join().expect("answers"))
                .collect()
        });
        for (worker, item) in answers {
            assert_eq!(item, r#"{"key":"flag-3","version":1}"#, "worker {worker}");
            workers.insert(worker);
        }
        if workers.len() >= least_workers {
            return;
        }
    }
    panic!("only {workers:?} answered");
}

/// The server, not started yet.
pub fn forked_workers(place: &FlagTable) -> Command {
    let mut command = compiled("prefork");
    command.arg(place.with_sharing());
    command
}

pub fn serve_from_forked_workers(mut command: Command) {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut server = Server(child);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a port");
    let port = line.trim().parse().unwrap_or_else(|_| panic!("{line:?} is no port"));
    // 25 requests a worker: the first four are all replaced.
    ask(8, || line_of(port));
    drop(server.0.stdin.take());
    server.must_end();
}

impl FlagTable {
    /// As PHP uses it: one live state a process, with a cache.
    fn with_sharing(&self) -> String {
        let mut configuration = self.configuration.clone();
        configuration["share"] = json!(true);
        configuration["cache_ttl_ms"] = json!(50);
        configuration.to_string()
    }
}

#[test]
fn a_server_that_forks_as_php_fpm_does() {
    let _turn = turn::beside_programs();
    for place in [FlagTable::plain(&[]), FlagTable::encrypted()] {
        serve_from_forked_workers(forked_workers(&place));
    }
}

/// As `line_of`, by HTTP.
fn get(port: u16) -> (u32, String) {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a socket");
    connection.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("a request");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    let (worker, item) = body.split_once(' ').unwrap_or_else(|| panic!("{answer:?}"));
    (worker.parse().expect("a process id"), item.to_owned())
}

fn serve_with_gunicorn(place: &FlagTable, options: &[&str]) {
    let root = support::repository();
    let mut command = Command::new(root.join("target/python/bin/gunicorn"));
    command
        .args([
            "--preload",
            "--workers",
            "4",
            "--bind",
            "127.0.0.1:0",
            "--chdir",
            "tests/forks",
            "--graceful-timeout",
            "5",
        ])
        .args(options)
        .arg("wsgi:application")
        .current_dir(root)
        .env("PYTHONPATH", root.join("bindings/python/src"))
        .env("LD_DYNAMO_STORE_LIBRARY", support::library())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("STORE_CONFIGURATION", place.cached(50))
        .stderr(Stdio::piped());
    let mut server = Server(command.spawn().expect("gunicorn; make setup installs it"));
    let mut log = BufReader::new(server.0.stderr.take().expect("a pipe"));
    let mut lines = String::new();
    let port = loop {
        assert!(log.read_line(&mut lines).expect("gunicorn's log") > 0, "{lines}");
        if let Some((_, address)) = lines.rsplit_once("Listening at: http://127.0.0.1:") {
            let port: String = address.chars().take_while(char::is_ascii_digit).collect();
            break port.parse().expect("a port");
        }
    };
    let rest = std::thread::spawn(move || {
        let mut rest = String::new();
        let _ = log.read_to_string(&mut rest);
        rest
    });
    ask(4, || get(port));
    // SAFETY: a signal to a child of ours that has not been waited for.
    unsafe { libc::kill(server.0.id() as i32, libc::SIGTERM) };
    server.must_end();
    let rest = rest.join().expect("the log");
    assert!(
        !rest.contains("Traceback") && !rest.contains("TIMEOUT") && !rest.contains("SIGKILL"),
        "{rest}"
    );
}

#[test]
fn gunicorn_with_preload() {
    let _turn = turn::beside_programs();
    serve_with_gunicorn(&FlagTable::plain(&[]), &[]);
}

#[test]
fn gunicorn_with_preload_and_threads_over_tls() {
    let _turn = turn::beside_programs();
    serve_with_gunicorn(
        &FlagTable::encrypted(),
        &["--worker-class", "gthread", "--threads", "4"],
    );
}
