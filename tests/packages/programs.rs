//! Programs in C on every platform: the shared cases, forks, TLS, small stacks.

use crate::compile::{Link, Unpacked};
use crate::platform::{platforms, Platform};
use crate::support;
use crate::support::cases::run_all;
use crate::support::certificates::text;
use crate::support::driver::Program;
use crate::support::flag_table::FlagTable;
use crate::support::place::run;
use crate::support::small_stack::require_calls_to_fit;
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
fn forks_beside_busy_threads() {
    for_each(|platform, unpacked| {
        // The emulator ends a child of threads that starts one itself, as look-ups of names and children of children do.
        let (table, depth) = if platform.is_at_home() {
            (FlagTable::encrypted().by_name(), 2)
        } else {
            (FlagTable::plain(&[]), 1)
        };
        let fork = |name: &str, arguments: &[String]| {
            let program = unpacked.program(&source(name), Link::Shared);
            println!("{}", run(unpacked.command(&program).args(arguments)));
        };
        let numbers = ["20".to_owned(), depth.to_string()];
        fork(
            "fork.c",
            &[&[table.uncached(), table.cached(20)][..], &numbers].concat(),
        );
        fork("fork_idle.c", &[table.uncached()]);
        fork("fork_noticed.c", &[table.uncached()]);
    });
}

#[test]
#[ignore = "uses what make packages made"]
fn calls_leave_half_of_a_small_stack() {
    for_each(|_, unpacked| {
        let program = unpacked.program(&source("small_stack.c"), Link::Shared);
        require_calls_to_fit(unpacked.command(&program));
    });
}

#[test]
#[ignore = "uses what make packages made"]
fn a_host_may_load_and_close_the_library() {
    for_each(|_, unpacked| {
        let table = FlagTable::encrypted();
        let program = unpacked.program(&source("unload.c"), Link::AtRunTime);
        let mut command = unpacked.command(&program);
        run(command
            .arg(unpacked.file("lib/libld_dynamo_store.so.1"))
            .arg(table.uncached()));
    });
}
