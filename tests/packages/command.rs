//! The operator's command in the archives: it runs where the platform's programs run, finds its engine, and is told about as it is.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::binaries::{
    needed, output, require_common_libraries, require_floor, require_large_pages, require_processor, require_stripped,
};
use crate::compile::Unpacked;
use crate::platform::{platforms, Platform};
use crate::support::place::run;

/// In bytes.
const LARGEST: u64 = 14_000_000;
const PROGRAMS: [&str; 2] = ["bin/ld-dynamo-store", "libexec/local-dynamodb"];

fn for_each(check: impl Fn(&Platform, &Unpacked)) {
    for platform in platforms() {
        println!("{}", platform.name);
        check(&platform, &Unpacked::new(&platform));
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn its_programs_run_on_their_systems_and_say_nothing_of_another() {
    for_each(|platform, unpacked| {
        for program in PROGRAMS.map(|name| unpacked.file(name)) {
            require_processor(platform, &program);
            require_large_pages(platform, &program);
            require_stripped(&program, LARGEST);
            require_floor(platform, &program);
            let segments = output("readelf", &["--program-headers", "--wide"], &program);
            if platform.is_musl() {
                // They run on every system of the processor: nothing has to be found.
                assert!(
                    needed(&program).is_empty() && !segments.contains("INTERP"),
                    "{segments}"
                );
            } else {
                require_common_libraries(platform, &program);
            }
            let stack = segments
                .lines()
                .find(|line| line.contains("GNU_STACK"))
                .expect("a stack");
            assert!(!stack.contains("RWE"), "{stack}");
            assert!(segments.contains("GNU_RELRO"), "{segments}");
            // zig links what is static to a fixed address.
            assert!(platform.is_musl() || segments.contains("DYN"), "{segments}");
        }
    });
}

/// `serve-local` with a data set, and what it said; an emulated one starts its engine through a script.
struct Served {
    process: Child,
    environment: Vec<(String, String)>,
}

impl Served {
    fn start(platform: &Platform, unpacked: &Unpacked) -> Self {
        let mut command = unpacked.command(&unpacked.file(PROGRAMS[0]));
        command
            .args(["serve-local", "--json"])
            .arg(unpacked.file("examples/flags.json"));
        if !platform.is_at_home() {
            command.env("LD_DYNAMO_STORE_LOCAL", emulated(unpacked, &unpacked.file(PROGRAMS[1])));
        }
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let mut told = String::new();
        let stdout = process.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut told).expect("a line");
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told["initialized"], true, "{told}");
        let environment = told["environment"].as_object().expect("an object");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Served {
            environment: environment
                .iter()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            process,
        }
    }

    /// The command, told which table is served.
    fn command(&self, unpacked: &Unpacked) -> Command {
        let mut command = unpacked.command(&unpacked.file(PROGRAMS[0]));
        command.envs(self.environment.iter().cloned());
        command
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A script that runs a program as `unpacked` would.
fn emulated(unpacked: &Unpacked, program: &Path) -> PathBuf {
    let command = unpacked.command(program);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().expect("UTF-8")))
        .collect();
    let script = unpacked.place.join("emulated");
    std::fs::write(&script, format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "))).expect("a script");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("a script");
    script
}

#[test]
#[ignore = "uses what make packages made"]
fn it_serves_a_table_and_reads_it() {
    for_each(|platform, unpacked| {
        let served = Served::start(platform, unpacked);
        let asked = |arguments: &[&str]| run(served.command(unpacked).args(arguments));
        let all: Value = serde_json::from_str(&asked(&["export"])).expect("JSON");
        let flags = all["features"].as_object().expect("features");
        let key = flags.keys().next().expect("a flag");
        assert_eq!(
            serde_json::from_str::<Value>(&asked(&["get", "flags", key])).expect("JSON"),
            flags[key]
        );
        let version = flags[key]["version"].to_string();
        let arrived = asked(&["watch", "--key", key, "--until-version", &version]);
        assert!(arrived.contains(&format!("has version {version}")), "{arrived}");
    });
}

#[test]
#[ignore = "uses what make packages made"]
fn it_finds_nothing_wrong_with_a_healthy_table_and_what_is_wrong_with_another() {
    for_each(|platform, unpacked| {
        let served = Served::start(platform, unpacked);
        let found = run(served.command(unpacked).args(["check", "--json"]));
        let found: Value = serde_json::from_str(&found).expect("JSON");
        assert_eq!(
            (&found["findings"], &found["initialized"]),
            (&Value::Array(Vec::new()), &Value::Bool(true)),
            "{found}"
        );
        let mut of_another = served.command(unpacked);
        let of_another = of_another
            .args(["check", "--prefix", "nobody"])
            .output()
            .expect("the command starts");
        assert_eq!(of_another.status.code(), Some(1), "{of_another:?}");
    });
}

#[test]
#[ignore = "looks at what make packages made"]
fn its_pages_and_completions_are_those_of_the_command() {
    for_each(|_, unpacked| {
        let told = |arguments: &[&str]| run(unpacked.command(&unpacked.file(PROGRAMS[0])).args(arguments));
        let read = |name: &str| std::fs::read_to_string(unpacked.file("share").join(name)).expect("UTF-8");
        assert_eq!(told(&["man"]), read("man/man1/ld-dynamo-store.1"));
        for (shell, file) in [
            ("bash", "bash-completion/completions/ld-dynamo-store"),
            ("zsh", "zsh/site-functions/_ld-dynamo-store"),
            ("fish", "fish/vendor_completions.d/ld-dynamo-store.fish"),
        ] {
            assert_eq!(told(&["completions", shell]), read(file));
        }
        let version = told(&["--version"]);
        assert_eq!(version.trim(), format!("ld-dynamo-store {}", env!("CARGO_PKG_VERSION")));
    });
}
