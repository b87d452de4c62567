//! Programs that are built with CMake and `find_package`.

use std::path::Path;

use super::place::{output, run, Installation};

/// Configures and builds the project, and runs its four programs: in C and C++, with the shared and the static library.
fn build_and_run(installation: &Installation) {
    build_and_run_from(installation, &installation.prefix);
}

/// As `build_and_run`, with the folder that CMake is told to look in.
fn build_and_run_from(installation: &Installation, searched: &Path) {
    let place = installation.place();
    let (project, build) = (place.join("project"), place.join("build"));
    std::fs::create_dir(&project).expect("a folder");
    for name in ["CMakeLists.txt", "program.c"] {
        std::fs::rename(installation.source(name), project.join(name)).expect("a file");
    }
    run(place
        .command("cmake")
        .arg("-S")
        .arg(&project)
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_PREFIX_PATH={}", searched.display())));
    run(place.command("cmake").arg("--build").arg(&build));
    for language in ["c", "cpp"] {
        for (kind, is_shared) in [("shared", true), ("static", false)] {
            // CMake writes the folder of the library into the program.
            installation.require_that_it_works(&build.join(format!("{language}-{kind}")), is_shared, None);
        }
    }
}

#[test]
fn where_it_was_moved_to() {
    build_and_run(&Installation::moved());
}

#[test]
fn where_it_was_installed() {
    build_and_run(&Installation::in_own_folders());
}

#[test]
fn where_a_deeper_folder_was_moved_to() {
    let mut installation = Installation::in_own_folders();
    installation.move_away();
    build_and_run(&installation);
}

/// As where /lib is a link to /usr/lib, and / is searched first.
#[test]
fn where_a_link_leads_to() {
    for installation in [Installation::moved(), Installation::in_own_folders()] {
        let root = installation.place().join("root");
        std::fs::create_dir(&root).expect("a folder");
        std::os::unix::fs::symlink(installation.prefix.join("lib"), root.join("lib")).expect("a link");
        build_and_run_from(&installation, &root);
    }
}

/// CMake has them since 3.19.
fn has_version_ranges(installation: &Installation) -> bool {
    let printed = run(installation.place().command("cmake").arg("--version"));
    let version = printed.split_whitespace().nth(2).expect("a version");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(3), Some(19))
}

#[test]
fn which_versions_it_takes() {
    let installation = Installation::moved();
    let place = installation.place();
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let later = minor.parse::<u32>().expect("a number") + 1;
    let next: u32 = major.parse::<u32>().expect("a number") + 1;
    let this = env!("CARGO_PKG_VERSION");
    let mut cases = vec![
        (String::new(), true),
        (format!("{major}.0"), true),
        (format!("{this} EXACT"), true),
        (format!("{major}.{later}"), false),
        (format!("{next}.0"), false),
    ];
    if has_version_ranges(&installation) {
        cases.extend([
            (format!("{major}.0...{this}"), true),
            (format!("{major}.0...<{this}"), false),
            (format!("{major}.0...<{major}.{later}"), true),
            (format!("{major}.0...<{next}.0"), true),
            (format!("{major}.0.0...{major}.0.0"), this.ends_with(".0.0")),
            (format!("{major}.{later}...{next}.0"), false),
        ]);
    }
    for (number, (version, is_found)) in cases.iter().enumerate() {
        let project = place.join(&format!("version-{number}"));
        std::fs::create_dir(&project).expect("a folder");
        let text = format!(
            "cmake_minimum_required(VERSION 3.16)\nproject(p C)\nfind_package(LdDynamoStore {version} REQUIRED)\n"
        );
        std::fs::write(project.join("CMakeLists.txt"), text).expect("a file");
        let output = output(
            place
                .command("cmake")
                .arg("-S")
                .arg(&project)
                .arg("-B")
                .arg(project.join("build"))
                .arg(format!("-DCMAKE_PREFIX_PATH={}", installation.prefix.display())),
        );
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.success(), *is_found, "\"{version}\": {printed}");
        assert!(*is_found || printed.contains("LdDynamoStore"), "{printed}");
    }
}
