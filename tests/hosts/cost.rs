//! What warm calls without a cache cost in instructions and allocations, so that none becomes dearer unnoticed.
//!
//! Callgrind counts the instructions of tests/c/cost.c and the library in it; system calls count as one each. Its processor has no SHA
//! extensions, so signing looks dearer than it is, and stands in a figure of its own. The ceilings in cost.json are for x86-64 and for the
//! release profile, which is what tests load: with the `dist` profile's optimisation across crates the counts differ by some per cent.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{json, Value};

use crate::support::compile::{program, Library};
use crate::support::{build_folder, repository, transport, Engine};

const FEW: u32 = 100;
const MORE: u32 = 1000;
const ITEM_BYTES: usize = 1024;

/// What a call, or a row, takes.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
struct Cost {
    /// Without those of SHA-256.
    instructions: f64,
    sha256_instructions: f64,
    allocations: f64,
}

/// What all calls of a part took.
struct Part {
    calls: f64,
    cost: Cost,
}

impl Cost {
    fn combine(self, other: Cost, combine: impl Fn(f64, f64) -> f64) -> Cost {
        Cost {
            instructions: combine(self.instructions, other.instructions),
            sha256_instructions: combine(self.sha256_instructions, other.sha256_instructions),
            allocations: combine(self.allocations, other.allocations),
        }
    }

    fn each(self, count: f64) -> Cost {
        self.combine(self, |cost, _| cost / count)
    }

    /// Whether any figure is over the ceiling's.
    fn exceeds(&self, ceiling: &Cost) -> bool {
        self.instructions > ceiling.instructions
            || self.sha256_instructions > ceiling.sha256_instructions
            || self.allocations > ceiling.allocations
    }
}

fn row(namespace: &str, key: &str) -> Value {
    let head = r#"{"version":1,"salt":""#;
    let item = format!(r#"{head}{}"}}"#, "x".repeat(ITEM_BYTES - head.len() - 2));
    json!({"namespace": {"S": namespace}, "key": {"S": key}, "version": {"N": "1"}, "item": {"S": item}})
}

/// The costs of a call, and of a row of `all`, by the names that cost.json has.
fn measure() -> BTreeMap<String, Cost> {
    let engine = Engine::fake(&[]);
    let table = engine.create_table();
    let flags = (0..8).map(|number| row("features", &format!("flag-{number}")));
    let few = (0..FEW).map(|number| row("few", &format!("row-{number}")));
    let many = (0..FEW + MORE).map(|number| row("many", &format!("row-{number}")));
    engine.seed(&table, &flags.chain(few).chain(many).collect::<Vec<_>>());
    let mut configuration = engine.configuration(&table);
    // Everything takes fifty times as long as usual.
    for time_out in ["connect_timeout_ms", "attempt_timeout_ms", "operation_timeout_ms"] {
        configuration[time_out] = json!(60_000);
    }

    let folder = build_folder().join(format!("cost-{}", transport()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in std::fs::read_dir(&folder).expect("a folder") {
        std::fs::remove_file(file.expect("a file").path()).expect("a file of an earlier run");
    }
    let output = Command::new("valgrind")
        .args([
            "--quiet",
            "--tool=callgrind",
            "--compress-strings=no",
            "--compress-pos=no",
        ])
        .arg(format!("--callgrind-out-file={}", folder.join("part").display()))
        .arg(program("gcc", "-std=c11", &["tests/c/cost.c"], Library::Shared))
        .arg(configuration.to_string())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("PATH"))
        .output()
        .expect("valgrind starts; make setup installs it");
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let mut parts: BTreeMap<&str, Part> = printed
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let [name, calls, allocations] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line:?}");
            };
            let file = folder.join(format!("part.{}", index + 1));
            let (instructions, sha256_instructions) = instructions(&file, name);
            let cost = Cost {
                instructions,
                sha256_instructions,
                allocations: allocations.parse().expect("a number"),
            };
            let calls = calls.parse().expect("a number");
            (name, Part { calls, cost })
        })
        .collect();
    let mut part = |name: &str| {
        let Part { calls, cost } = parts.remove(name).unwrap_or_else(|| panic!("no {name}: {printed}"));
        cost.each(calls)
    };
    // What a call takes beside its rows drops out.
    let rows = part("all_many").combine(part("all_few"), |many, few| many - few);
    let mut costs = BTreeMap::from([("row of all".to_owned(), rows.each(f64::from(MORE)))]);
    for (name, part_name) in [
        ("get", "get"),
        ("upsert, newer", "upsert_newer"),
        ("upsert, refused", "upsert_refused"),
    ] {
        costs.insert(name.to_owned(), part(part_name));
    }
    costs
}

/// The instructions in one of callgrind's files: those outside and those inside of SHA-256.
fn instructions(file: &Path, part: &str) -> (f64, f64) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert!(
        text.contains(&format!("Client Request: {part}\n")),
        "{} is not of {part}",
        file.display()
    );
    let (mut others, mut sha256) = (0.0, 0.0);
    let mut is_sha256 = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(function) = line.strip_prefix("fn=") {
            is_sha256 = function.contains("sha256");
        } else if line.starts_with("calls=") {
            // The line behind it counts what the called function took, which also stands with that function.
            lines.next();
        } else if let Some((position, count)) = line.split_once(' ') {
            if let (Ok(_), Ok(count)) = (position.parse::<u64>(), count.parse::<f64>()) {
                *(if is_sha256 { &mut sha256 } else { &mut others }) += count;
            }
        }
    }
    (others, sha256)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "the ceilings are for optimised code")]
fn no_call_costs_more_than_is_recorded() {
    let recorded = std::fs::read_to_string(repository().join("tests/hosts/cost.json")).expect("cost.json");
    let recorded: Value = serde_json::from_str(&recorded).expect("JSON");
    let ceilings: BTreeMap<String, Cost> = serde_json::from_value(recorded["ceilings"].clone()).expect("ceilings");
    let costs = measure();
    let lines: Vec<String> = costs
        .iter()
        .map(|(name, cost)| format!("{name}: {cost:.1?}\n    at most {:?}", ceilings[name]))
        .collect();
    let lines = lines.join("\n");
    println!("{lines}");
    let dearer = costs.iter().filter(|(name, cost)| cost.exceeds(&ceilings[*name]));
    let dearer: Vec<&String> = dearer.map(|(name, _)| name).collect();
    // What is far below its ceiling was not measured.
    let is_measured = |(name, cost): (&String, &Cost)| cost.instructions > ceilings[name].instructions / 10.0;
    assert!(costs.iter().all(is_measured), "{lines}");
    if transport() == "sdk" {
        // The ceilings are of direct requests: this is the proof that they would be exceeded.
        assert_eq!(dearer, costs.keys().collect::<Vec<_>>(), "{lines}");
    } else {
        assert!(dearer.is_empty(), "{dearer:?} became dearer:\n{lines}");
    }
}
