//! A layer as docs/packages.md lays it out, in what AWS Lambda gives a function: a file system that is read-only, no HOME, region and credentials in
//! the environment.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::compile::{Link, Unpacked};
use crate::languages::install_wheel;
use crate::platform::at_home;
use crate::support;
use crate::support::place::{run, Place};
use crate::support::Engine;

const STARTS: usize = 20;

/// Mounts the layer and makes everything else read-only, then becomes the program.
const VIEW: &str = "mount --bind \"$LAYER\" /opt && mount --bind /tmp /tmp \
    && for place in / /opt /tmp; do mount -o remount,bind,ro \"$place\" || exit; done \
    && ! touch /opt/written 2>/dev/null && ! touch /tmp/written 2>/dev/null && unset LAYER && exec \"$@\"";

/// A program as a function's process is started: with Lambda's variables and none of this machine's.
fn function(layer: &Path, program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("PATH"))
        .env("LAYER", layer)
        .env("LANG", "en_US.UTF-8")
        .env("TZ", ":UTC")
        .env(
            "LD_LIBRARY_PATH",
            "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
        )
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_DEFAULT_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_SESSION_TOKEN", "token")
        .env("AWS_LAMBDA_FUNCTION_NAME", "evaluate")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_EXECUTION_ENV", "AWS_Lambda_python3.11")
        .env("LAMBDA_TASK_ROOT", "/var/task")
        .args([
            "--map-root-user",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            VIEW,
            "sh",
        ])
        .arg(program);
    command
}

fn table_with_a_flag() -> (Engine, String) {
    let engine = Engine::embedded();
    let table = engine.create_table();
    let store = engine.store(&table);
    let item = r#"{"key":"flag-1","version":1}"#;
    let _ = store.upsert("features", "flag-1", item).expect("a flag");
    (engine, table)
}

/// Starts it again and again; prints the median of the times until it has answered and ended.
fn start_often(name: &str, start: impl Fn() -> Command) {
    let mut milliseconds: Vec<f64> = (0..STARTS)
        .map(|_| {
            let before = Instant::now();
            let printed = run(&mut start());
            assert_eq!(printed.trim(), r#"{"key":"flag-1","version":1}"#);
            before.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    milliseconds.sort_by(f64::total_cmp);
    println!("{name}: {:.1} ms, median of {STARTS}", milliseconds[STARTS / 2]);
}

#[test]
#[ignore = "uses what make packages made"]
fn python_from_a_layer() {
    let Some(platform) = at_home() else { return };
    let place = Place::new();
    install_wheel(&platform, &place, &place.join("layer/python"));
    let (engine, table) = table_with_a_flag();
    let python = run(place
        .command("python3")
        .args(["-c", "import sys; print(sys.executable)"]));
    let program = "import json, os, ld_dynamo_store\n\
        assert 'HOME' not in os.environ\n\
        store = ld_dynamo_store.Store(os.environ['TABLE'])\n\
        print(json.dumps(store.get('features', 'flag-1'), separators=(',', ':')))";
    let start = |program: &str| {
        let mut command = function(&place.join("layer"), Path::new(python.trim()));
        command
            .env("PYTHONPATH", "/opt/python")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("TABLE", &table)
            .env("AWS_ENDPOINT_URL_DYNAMODB", &engine.endpoint)
            .args(["-c", program]);
        command
    };
    start_often("Python, from start to end", || start(program));
    let idle = "print('{\"key\":\"flag-1\",\"version\":1}')";
    start_often("Python that does nothing", || start(idle));
}

#[test]
#[ignore = "uses what make packages made"]
fn a_program_with_the_library_of_a_layer() {
    let Some(platform) = at_home() else { return };
    let unpacked = Unpacked::new(&platform);
    let layer = unpacked.place.join("layer");
    std::fs::create_dir_all(layer.join("lib")).expect("a folder");
    let library = unpacked.file("lib/libld_dynamo_store.so.1");
    std::fs::copy(library, layer.join("lib/libld_dynamo_store.so.1")).expect("a copy");
    let source = support::repository().join("tests/packages/function.c");
    let program = unpacked.program(&source, Link::SharedElsewhere);
    let (engine, table) = table_with_a_flag();
    start_often("C, from start to end", || {
        let mut command = function(&layer, &program);
        command
            .env("TABLE", &table)
            .env("AWS_ENDPOINT_URL_DYNAMODB", &engine.endpoint);
        command
    });
}
