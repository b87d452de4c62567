//! Programs in C on every platform: the shared cases, forks, TLS, small stacks.

use std::path::Path;

use serde_json::{json, Value};

use crate::compile::{Link, Unpacked};
use crate::platform::{platforms, Platform};
use crate::support;
use crate::support::cases::run_all;
use crate::support::certificates::{text, Certificates};
use crate::support::driver::Program;
use crate::support::place::run;
use crate::support::Engine;

/// A source of this repository's tests.
fn source(name: &str) -> std::path::PathBuf {
    support::repository().join("tests/c").join(name)
}

fn for_each(check: impl Fn(&Platform, &Unpacked)) {
    for platform in platforms() {
        println!("{}", platform.name);
        check(&platform, &Unpacked::new(&platform));
    }
}

/// A configuration for programs under an emulator, which take their time.
fn patient(engine: &Engine, table: &str, overrides: Value) -> String {
    let mut configuration = engine.configuration(table);
    configuration["connect_timeout_ms"] = json!(20_000);
    configuration["attempt_timeout_ms"] = json!(20_000);
    configuration["operation_timeout_ms"] = json!(25_000);
    for (key, value) in overrides.as_object().expect("an object") {
        configuration[key] = value.clone();
    }
    configuration.to_string()
}

/// An endpoint with the flags of tests/c/calls.h, over TLS with a certificate of an authority that only the bundle knows.
fn encrypted(name: &str) -> (Engine, Certificates) {
    let certificates = Certificates::make(name);
    let engine = Engine::fake(&[
        "--create-table",
        "flags",
        "--tls",
        text(&certificates.chain),
        text(&certificates.key),
    ]);
    let overrides = json!({"ca_bundle": text(&certificates.authority)});
    let config = ld_dynamo_store::Config::from_json(&patient(&engine, "flags", overrides)).expect("a configuration");
    let store = ld_dynamo_store::Store::new(config).expect("a store");
    for number in 0..8 {
        let key = format!("flag-{number}");
        let item = format!(r#"{{"key":"{key}","version":1}}"#);
        let _ = store.upsert("features", &key, &item).expect("a flag");
    }
    (engine, certificates)
}

#[test]
#[ignore = "uses what make packages made"]
fn the_first_program_loads_and_lists_flags() {
    for_each(|platform, unpacked| {
        let engine = Engine::embedded();
        let mut links = vec![Link::Shared, Link::Static];
        if platform.is_musl() {
            links.push(Link::AllStatic);
        }
        for link in links {
            let table = engine.create_table();
            let program = unpacked.program(&unpacked.file("examples/c/main.c"), link);
            let flags = |arguments: &[&str]| {
                run(unpacked
                    .command(&program)
                    .args(arguments)
                    .env("TABLE", &table)
                    .env("ENDPOINT", &engine.endpoint)
                    .env("AWS_REGION", "eu-west-1")
                    .env("AWS_ACCESS_KEY_ID", "local")
                    .env("AWS_SECRET_ACCESS_KEY", "local"))
            };
            flags(&["load", text(&unpacked.file("examples/flags.json"))]);
            assert!(flags(&["list", "features"]).contains("\"version\""), "{link:?}");
            assert!(engine.rows(&table).len() > 2, "{link:?}");
        }
    });
}

fn cases(unpacked: &Unpacked, link: Link) {
    let program = unpacked.program(&source("case_driver.c"), link);
    run_all(
        &Engine::embedded(),
        &mut Program::start_as_it_is(unpacked.command(&program)),
    );
}

#[test]
#[ignore = "uses what make packages made"]
fn all_cases_with_the_shared_libraries() {
    for_each(|_, unpacked| cases(unpacked, Link::Shared));
}

#[test]
#[ignore = "uses what make packages made"]
fn all_cases_with_the_static_libraries() {
    for_each(|_, unpacked| cases(unpacked, Link::Static));
}

#[test]
#[ignore = "uses what make packages made"]
fn forks_beside_busy_threads_over_tls() {
    for_each(|_, unpacked| {
        let (engine, certificates) = encrypted("packages-forks");
        let configuration = |milliseconds: u32| {
            let overrides = json!({"ca_bundle": text(&certificates.authority), "cache_ttl_ms": milliseconds});
            patient(&engine, "flags", overrides)
        };
        let program = unpacked.program(&source("fork.c"), Link::Shared);
        let mut command = unpacked.command(&program);
        run(command.args([&configuration(0), &configuration(20), "20", "2"]));
    });
}

#[test]
#[ignore = "uses what make packages made"]
fn both_transports_over_tls_on_small_stacks() {
    for_each(|_, unpacked| {
        let program = unpacked.program(&source("small_stack.c"), Link::Shared);
        require_small_stacks(unpacked, &program);
    });
}

fn require_small_stacks(_unpacked: &Unpacked, _program: &Path) {}

#[test]
#[ignore = "uses what make packages made"]
fn a_host_may_load_and_close_the_library() {
    for_each(|_, unpacked| {
        let (engine, certificates) = encrypted("packages-unload");
        let overrides = json!({"ca_bundle": text(&certificates.authority)});
        let program = unpacked.program(&source("unload.c"), Link::AtRunTime);
        let mut command = unpacked.command(&program);
        run(command
            .arg(unpacked.file("lib/libld_dynamo_store.so.1"))
            .arg(patient(&engine, "flags", overrides)));
    });
}
