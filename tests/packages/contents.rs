//! What lies in the packages, beside the libraries.

use std::path::Path;

use crate::go::go_archive;
use crate::java::maven_archive;
use crate::lists::LISTS;
use crate::node::npm_archive;
use crate::platform::{composer_archive, packages, platforms};
use crate::support::place::{run, Place};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The names in a package, as its tool lists them.
fn names(program: &str, arguments: &[&str], file: &Path) -> Vec<String> {
    let place = Place::new();
    let listed = run(place.command(program).args(arguments).arg(file));
    listed.lines().map(str::to_owned).collect()
}

fn require(names: &[String], needed: &[&str]) {
    for name in needed {
        assert!(
            names.iter().any(|found| found.ends_with(name)),
            "no {name} in {names:#?}"
        );
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn there_is_nothing_else_in_the_folder() {
    let mut expected = vec![
        composer_archive(),
        npm_archive(),
        go_archive(),
        maven_archive(),
        packages().join("SHA256SUMS"),
    ];
    expected.extend(LISTS.map(|list| list.file()));
    for platform in platforms() {
        expected.extend([platform.archive(), platform.wheel(), platform.gem()]);
    }
    expected.sort();
    let entries = std::fs::read_dir(packages()).expect("target/packages");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
#[ignore = "looks at what make packages made"]
fn archives_have_all_that_programs_are_built_with() {
    for platform in platforms() {
        let names = names("tar", &["-tzf"], &platform.archive());
        require(
            &names,
            &[
                "/include/ld_dynamo_store.h",
                "/include/ld_dynamo_store.hpp",
                "/include/ld_dynamo_store_launchdarkly.hpp",
                "/lib/libld_dynamo_store.so",
                "/lib/libld_dynamo_store.so.1",
                "/lib/libld_dynamo_store.a",
                "/lib/pkgconfig/ld_dynamo_store.pc",
                "/lib/pkgconfig/ld_dynamo_store-static.pc",
                "/lib/cmake/LdDynamoStore/LdDynamoStoreConfig.cmake",
                "/README.md",
                "/LICENSE",
                "/THIRD-PARTY-LICENSES.txt",
                "/bin/ld-dynamo-store",
                "/libexec/local-dynamodb",
                "/share/man/man1/ld-dynamo-store.1",
                "/share/man/man1/ld-dynamo-store-check.1",
                "/share/bash-completion/completions/ld-dynamo-store",
                "/share/zsh/site-functions/_ld-dynamo-store",
                "/share/fish/vendor_completions.d/ld-dynamo-store.fish",
                "/docs/c.md",
                "/examples/c/main.c",
            ],
        );
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn nobody_s_name_and_no_time_of_day_is_in_the_archives() {
    for platform in platforms() {
        let listed = names(
            "tar",
            &["--numeric-owner", "--utc", "--full-time", "-tvzf"],
            &platform.archive(),
        );
        let times: std::collections::BTreeSet<Vec<&str>> = listed
            .iter()
            .map(|line| line.split_whitespace().skip(3).take(2).collect())
            .collect();
        assert_eq!(times.len(), 1, "{times:?}");
        assert!(listed.iter().all(|line| line.contains(" 0/0 ")), "{listed:#?}");
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn the_licences_of_others_are_in_all_of_them() {
    const NAME: &str = "THIRD-PARTY-LICENSES.txt";
    let maven = Place::new();
    run(maven.command("unzip").arg("-q").arg(maven_archive()));
    let in_archive = |program: &str, how: &str, archive: &Path, name: &str| {
        let place = Place::new();
        run(place.command(program).arg(how).arg(archive).arg(name))
    };
    let mut texts = vec![
        in_archive("unzip", "-p", &composer_archive(), NAME),
        in_archive("tar", "-xzOf", &npm_archive(), &format!("package/{NAME}")),
    ];
    for platform in platforms() {
        let in_module = format!("*/internal/native/packaged/{}/{NAME}", platform.name);
        texts.push(in_archive("unzip", "-p", &go_archive(), &in_module));
        let jar = format!(
            "ld-dynamo-store/ld-dynamo-store/{VERSION}/ld-dynamo-store-{VERSION}-{}.jar",
            platform.name
        );
        texts.push(in_archive(
            "unzip",
            "-p",
            &maven.join(&jar),
            &format!("META-INF/{NAME}"),
        ));
        texts.push(in_archive(
            "unzip",
            "-p",
            &platform.wheel(),
            &format!("ld_dynamo_store/{NAME}"),
        ));
        let place = Place::new();
        run(place.command("tar").arg("-xf").arg(platform.gem()));
        texts.push(in_archive("tar", "-xzOf", &place.join("data.tar.gz"), NAME));
        let unpacked = platform.unpack(&place).join(NAME);
        let of_archive = std::fs::read_to_string(unpacked).expect("UTF-8");
        let of_programs = of_archive.strip_prefix(&texts[0]).expect("the library's, and more");
        for part in [
            "  clap ",
            "  indicatif ",
            "  dynoxide-rs ",
            "  libsqlite3-sys ",
            "Rich Felker",
        ] {
            assert!(of_programs.contains(part), "{part}");
        }
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
    for part in [
        "  aws-lc-sys ",
        "  tokio ",
        "  serde_json ",
        "ISC",
        "Unicode",
        "LLVM Exceptions to the Apache 2.0 License",
    ] {
        assert!(texts[0].contains(part), "{part}");
    }
}

#[test]
#[ignore = "looks at what make packages made"]
fn tests_are_in_none_of_them() {
    let mut archives = vec![("unzip", "-Z1", go_archive())];
    for platform in platforms() {
        archives.extend([("tar", "-tzf", platform.archive()), ("unzip", "-Z1", platform.wheel())]);
    }
    for (program, arguments, file) in archives {
        let names = names(program, &[arguments], &file);
        let is_test =
            |name: &&String| name.contains("/tests/") || name.contains("/test/") || name.ends_with("_test.go");
        assert_eq!(names.iter().find(is_test), None, "{}", file.display());
    }
    let names = names("unzip", &["-Z1"], &composer_archive());
    require(
        &names,
        &[
            "composer.json",
            "LICENSE",
            "README.md",
            "src/Store.php",
            "src/ld_dynamo_store.php.h",
        ],
    );
    assert!(!names.iter().any(|name| name.starts_with("tests/")), "{names:#?}");
}
