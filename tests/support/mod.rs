//! What the integration tests share: the engines they run against and raw access to their tables.
#![allow(dead_code)]

pub mod cached;
pub mod cases;
pub mod certificates;
pub mod compile;
pub mod data_set;
pub mod driver;
pub mod fake;
pub mod flag_table;
pub mod header;
pub mod json_text;
pub mod languages;
pub mod messages;
pub mod place;
pub mod rerun;
pub mod slow_link;
pub mod small_stack;
pub mod stand_in;
pub mod watchdog;

use std::collections::BTreeSet;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{json, Value};

/// A DynamoDB on loopback, in a process of its own that ends with this one.
pub struct Engine {
    pub endpoint: String,
    /// Whether it says what a call has consumed, and as Amazon DynamoDB does.
    pub tells_units: bool,
    /// `None` where it is not ours to end.
    process: Option<Child>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Where cargo put the binaries: `target/release`, or wherever this test itself lies.
pub fn build_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.parent()
        .and_then(Path::parent)
        .expect("target/PROFILE/deps/TEST")
        .to_owned()
}

/// Which way requests go: with `LD_DYNAMO_TEST_TRANSPORT=sdk` through the AWS SDK only.
pub fn transport() -> String {
    let asked = std::env::var("LD_DYNAMO_TEST_TRANSPORT").unwrap_or_default();
    if asked.is_empty() {
        "auto".to_owned()
    } else {
        asked
    }
}

/// Says that a test, or a part of it, does not run: on standard error itself, as what a test that passes prints is shown to nobody.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Whether requests go out directly; where they never do, what is asked about those is said to be skipped.
pub fn goes_out_directly() -> bool {
    let is_direct = transport() != "sdk";
    if !is_direct {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        skipped(&format!("{test} is about requests that go out directly"));
    }
    is_direct
}

/// What a refusal costs in requests: the AWS SDK repeats what a direct one ends in, and says what it means.
pub fn requests_of_a_refusal() -> u64 {
    if transport() == "sdk" {
        1
    } else {
        2
    }
}

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shared library that `cargo build` made.
pub fn library() -> PathBuf {
    let library = build_folder().join(format!("{DLL_PREFIX}ld_dynamo_store{DLL_SUFFIX}"));
    assert!(library.exists(), "{} is missing: run make test", library.display());
    current(library)
}

/// A file that cargo built, unless it would build it anew now, which `cargo test` alone does not do.
fn current(built: PathBuf) -> PathBuf {
    static CURRENT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
    if !current.contains(&built) {
        let mut script = Command::new(repository().join("tests/require_current.sh"));
        let output = script.arg(&built).output().expect("sh");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        current.insert(built.clone());
    }
    built
}

/// Starts a process that ends with this one, however this one ends: java does not look at its input.
fn spawn_bound(mut command: Command) -> std::io::Result<Child> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        // SAFETY: prctl is safe between fork and exec, and touches no memory.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            })
        };
    }
    // The signal comes when the thread ends that started the process: this one does not.
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = sender.send(command.spawn());
        loop {
            std::thread::park();
        }
    });
    receiver.recv().expect("the thread answers")
}

/// A port on which nobody listens. It is below those that the system hands out: no engine is given it, and no attempt to connect meets itself.
pub fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(20_000..32_000);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn start_amazon(port: u16) -> Child {
    let folder = repository().join("target/dynamodb-local");
    let mut command = Command::new("java");
    command
        .current_dir(&folder)
        .arg(format!("-Djava.library.path={}", folder.display()))
        .arg("-cp")
        .arg(format!("{}/*", folder.display()))
        .args([
            "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
            "-inMemory",
            "-sharedDb",
            "-port",
        ])
        .arg(port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    spawn_bound(command).expect("java starts; make setup fetches DynamoDB Local")
}

fn require_time_left(deadline: Instant) {
    assert!(
        Instant::now() < deadline,
        "DynamoDB Local did not start: run make setup"
    );
}

impl Engine {
    /// The embedded engine (dynoxide).
    pub fn embedded() -> Self {
        let mut command = Command::new(current(build_folder().join("local-dynamodb")));
        command.arg("--exit-with-stdin");
        Self::start(command)
    }

    /// The scripted endpoint, with further options.
    pub fn fake(options: &[&str]) -> Self {
        let mut command = Command::new(current(build_folder().join("fake-dynamodb")));
        command.arg("--exit-with-stdin").args(options);
        Self::start(command)
    }

    /// This engine as one that differs from Amazon DynamoDB: a process of its own between it and its clients.
    pub fn differing(&self, differences: &[&str]) -> Self {
        let options = ["--forward-to", &self.endpoint].into_iter();
        let differences = differences.iter().flat_map(|difference| ["--difference", difference]);
        let mut engine = Self::fake(&options.chain(differences).collect::<Vec<_>>());
        engine.tells_units = false;
        engine
    }

    /// An engine that somebody started.
    pub fn running(endpoint: &str) -> Self {
        Engine {
            endpoint: endpoint.to_owned(),
            tells_units: false,
            process: None,
        }
    }

    /// Amazon DynamoDB Local, from the folder that `make setup` filled.
    pub fn amazon() -> Self {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let port = free_port();
            let mut process = start_amazon(port);
            while process.try_wait().expect("the state of java").is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Engine {
                        endpoint: format!("http://127.0.0.1:{port}"),
                        tells_units: true,
                        process: Some(process),
                    };
                }
                require_time_left(deadline);
                std::thread::sleep(Duration::from_millis(50));
            }
            // Another one took the port, or java has ended for a reason of its own.
            require_time_left(deadline);
        }
    }

    pub fn process_id(&self) -> u32 {
        self.process.as_ref().expect("a process of ours").id()
    }

    fn start(mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; run make test"));
        let mut address = String::new();
        let output = process.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut address)
            .expect("the engine's address");
        Engine {
            endpoint: address.trim().to_owned(),
            tells_units: true,
            process: Some(process),
        }
    }

    /// Sends one request of DynamoDB's JSON protocol; no engine here looks at the signature.
    pub fn request(&self, operation: &str, body: &Value) -> Result<Value, Value> {
        let mut response = ureq::post(&self.endpoint)
            .config()
            .http_status_as_error(false)
            .build()
            .header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.0")
            .header("X-Amz-Date", "20260101T000000Z")
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
            )
            .send(body.to_string())
            .expect("the engine answers");
        let text = response
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_string()
            .expect("a body");
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if response.status().is_success() {
            Ok(value)
        } else {
            Err(value)
        }
    }

    /// Makes a table with the store's keys under a name of its own.
    pub fn create_table(&self) -> String {
        self.create_table_with_keys(&["namespace", "key"])
    }

    /// Makes a table with a partition key and perhaps a sort key, all strings.
    pub fn create_table_with_keys(&self, keys: &[&str]) -> String {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let table = format!("table-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let types = ["HASH", "RANGE"];
        let attributes: Vec<_> = keys
            .iter()
            .map(|key| json!({"AttributeName": key, "AttributeType": "S"}))
            .collect();
        let schema: Vec<_> = keys
            .iter()
            .zip(types)
            .map(|(key, kind)| json!({"AttributeName": key, "KeyType": kind}))
            .collect();
        let body = json!({"TableName": table, "AttributeDefinitions": attributes, "KeySchema": schema, "BillingMode": "PAY_PER_REQUEST"});
        self.request("CreateTable", &body).expect("a table");
        let is_active = || {
            let table = self.request("DescribeTable", &json!({"TableName": table}));
            table.expect("a table")["Table"]["TableStatus"] == "ACTIVE"
        };
        while !is_active() {
            std::thread::sleep(Duration::from_millis(5));
        }
        table
    }

    pub fn put(&self, table: &str, row: &Value) {
        self.request("PutItem", &json!({"TableName": table, "Item": row}))
            .expect("a row");
    }

    /// All rows of a table.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut body = json!({"TableName": table, "ConsistentRead": true});
        loop {
            let mut page = self.request("Scan", &body).expect("rows");
            rows.append(page["Items"].as_array_mut().expect("items"));
            match page.get("LastEvaluatedKey") {
                Some(key) if !key.is_null() => body["ExclusiveStartKey"] = key.clone(),
                _ => return rows,
            }
        }
    }

    /// The configuration of a store on this engine, without a cache.
    pub fn configuration(&self, table: &str) -> Value {
        json!({
            "table": table,
            "endpoint": self.endpoint,
            "region": "us-east-1",
            "credentials": {"access_key_id": "local", "secret_access_key": "local"},
            "cache_ttl_ms": 0,
            "transport": transport(),
        })
    }

    pub fn store(&self, table: &str) -> ld_dynamo_store::Store {
        self.store_with(table, json!({}))
    }

    /// A store with further configuration.
    pub fn store_with(&self, table: &str, overrides: Value) -> ld_dynamo_store::Store {
        let mut configuration = self.configuration(table);
        for (key, value) in overrides.as_object().expect("an object") {
            configuration[key] = value.clone();
        }
        let config = ld_dynamo_store::Config::from_json(&configuration.to_string()).expect("a configuration");
        ld_dynamo_store::Store::new(config).expect("a store")
    }
}
