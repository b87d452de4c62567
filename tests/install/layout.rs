//! What is installed under which name, and that nothing of it stays.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::place::{make, output, Installation, Place};
use crate::support;

/// The files and links below a folder, by their names from there.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).expect("below it").to_owned());
            }
        }
    }
    found
}

/// The number that the header gives a macro.
fn number(name: &str) -> String {
    let header = std::fs::read_to_string(support::repository().join("include/ld_dynamo_store.h")).expect("the header");
    let start = format!("#define {name} ");
    let value = header.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap_or_else(|| panic!("{name}")).to_owned()
}

#[test]
fn the_library_has_its_three_names() {
    let installation = Installation::moved();
    let (major, minor) = (number("LD_DYNAMO_ABI_MAJOR"), number("LD_DYNAMO_ABI_MINOR"));
    let link = |name: &str| std::fs::read_link(installation.libraries.join(name)).expect("a link");
    let of_this_abi = format!("libld_dynamo_store.so.{major}");
    assert_eq!(link("libld_dynamo_store.so"), Path::new(&of_this_abi));
    assert_eq!(link(&of_this_abi), PathBuf::from(format!("{of_this_abi}.{minor}")));
    assert!(!installation
        .libraries
        .join(format!("{of_this_abi}.{minor}"))
        .is_symlink());
}

/// ldconfig points the name that programs look for to the highest number.
#[test]
fn a_newer_library_gives_way_to_the_one_that_is_installed() {
    let installation = Installation::in_own_folders();
    let of_this_abi = format!("libld_dynamo_store.so.{}", number("LD_DYNAMO_ABI_MAJOR"));
    let newer = installation.libraries.join(format!("{of_this_abi}.999"));
    let others = [
        installation.libraries.join("libld_dynamo_store.so.999.1"),
        installation.libraries.join("libld_dynamo_store_more.so.1.1"),
    ];
    for file in others.iter().chain([&newer]) {
        std::fs::write(file, "").expect("a file");
    }
    make(installation.place(), "install", &installation.settings());
    assert!(!newer.exists());
    assert!(others.iter().all(|other| other.exists()));
    assert!(installation.libraries.join(of_this_abi).exists());
}

#[test]
fn folders_that_the_files_cannot_name_are_refused() {
    let place = Place::new();
    for name in [
        "a b", "a\tb", "a\nb", "a&b", "a|b", "a\\b", "a\"b", "a'b", "a$b", "a#b", "a;b",
    ] {
        for setting in ["PREFIX", "LIBDIR", "INCLUDEDIR"] {
            let folder = place.join(name);
            let mut command = place.command("bash");
            command
                .arg(support::repository().join("packaging/install.sh"))
                .arg("install")
                .env("BUILT", support::build_folder())
                .env("PREFIX", place.join("prefix"))
                .env(setting, &folder);
            let refused = output(&mut command);
            let printed = String::from_utf8_lossy(&refused.stderr).into_owned();
            assert!(!refused.status.success(), "{setting}={name}");
            assert!(printed.contains("white space"), "{setting}={name}: {printed}");
            assert!(!folder.exists() && !place.join("prefix").exists(), "{setting}={name}");
        }
    }
}

#[test]
fn every_header_is_installed() {
    let installation = Installation::moved();
    let headers = files(&support::repository().join("include"));
    assert!(!headers.is_empty());
    assert_eq!(files(&installation.headers), headers);
}

#[test]
fn nothing_names_the_repository_or_the_place_of_installation() {
    let installation = Installation::moved();
    let texts = files(&installation.prefix);
    let texts = texts.iter().filter(|file| {
        file.extension()
            .is_some_and(|extension| extension == "pc" || extension == "cmake")
    });
    let mut count = 0;
    for file in texts {
        let text = std::fs::read_to_string(installation.prefix.join(file)).expect("a text");
        let repository = support::repository().to_str().expect("UTF-8");
        assert!(!text.contains(repository) && !text.contains("staged"), "{text}");
        assert!(!text.contains('@'), "{} is not filled in: {text}", file.display());
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn what_is_uninstalled_is_gone_and_nothing_else() {
    let installation = Installation::in_own_folders();
    // Of an older version, and of somebody else.
    let older = installation.libraries.join("libld_dynamo_store.so.1.0");
    std::fs::write(older, "").expect("a file");
    let others = [
        installation.libraries.join("libld_dynamo.so"),
        installation.libraries.join("pkgconfig/other.pc"),
        installation.headers.join("other.h"),
    ];
    for other in &others {
        std::fs::write(other, "").expect("a file");
    }
    make(installation.place(), "uninstall", &installation.settings());
    let left = files(&installation.prefix);
    assert_eq!(
        left.iter()
            .map(|file| installation.prefix.join(file))
            .collect::<BTreeSet<_>>(),
        others.into()
    );
    assert!(!installation.libraries.join("cmake/LdDynamoStore").exists());
}
