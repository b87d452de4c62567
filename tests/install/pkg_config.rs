//! Programs that are built with what pkg-config says.

use super::place::{run, Installation};

const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// Builds and runs the program four times: in C and C++, with the shared and the static library.
fn build_and_run(installation: &Installation, options: &[&str]) {
    let source = installation.source("program.c");
    for (compiler, standard) in [("gcc", "-std=c11"), ("g++", "-std=c++17")] {
        for (package, is_shared) in [("ld_dynamo_store", true), ("ld_dynamo_store-static", false)] {
            let flags = installation.pkg_config(&[options, &["--cflags", "--libs", package]].concat());
            let program = installation.place().join(&format!("{compiler}-{package}"));
            let mut command = installation.place().command(compiler);
            command.arg(standard).args(WARNINGS);
            if compiler == "g++" {
                command.args(["-x", "c++"]);
            }
            command
                .arg(&source)
                .args(["-x", "none", "-o"])
                .arg(&program)
                .args(flags);
            run(&mut command);
            let library_path = is_shared.then_some(installation.libraries.as_path());
            installation.require_that_it_works(&program, is_shared, library_path);
        }
    }
}

#[test]
fn where_it_was_moved_to() {
    build_and_run(&Installation::moved(), &["--define-prefix"]);
}

#[test]
fn where_it_was_installed() {
    build_and_run(&Installation::in_own_folders(), &[]);
}

/// Deeper than the two folders above the file, which --define-prefix takes.
#[test]
fn where_a_deeper_folder_was_moved_to() {
    let mut installation = Installation::in_own_folders();
    installation.move_away();
    let prefix = format!("--define-variable=prefix={}", installation.prefix.display());
    build_and_run(&installation, &[&prefix]);
}

#[test]
fn what_it_says() {
    let installation = Installation::moved();
    for package in ["ld_dynamo_store", "ld_dynamo_store-static"] {
        let version = installation.pkg_config(&["--modversion", package]);
        assert_eq!(version, [env!("CARGO_PKG_VERSION")]);
    }
    assert_eq!(
        installation.pkg_config(&["--cflags", "--libs", "ld_dynamo_store"]),
        ["-I/opt/elsewhere/include", "-L/opt/elsewhere/lib", "-lld_dynamo_store"]
    );
    // A build system that looks for a static library by itself.
    let private = installation.pkg_config(&["--static", "--libs", "ld_dynamo_store"]);
    for library in ["-lpthread", "-lm", "-ldl"] {
        assert!(private.iter().any(|flag| flag == library), "{private:?}");
    }
}
