//! The version is the same wherever it stands, and `packaging/version.sh` sets it everywhere.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::{files, read, support};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is published, and what stands before its version.
const PLACES: [(&str, &str); 8] = [
    ("Cargo.toml", "\nversion = \""),
    ("Cargo.lock", "\nname = \"ld-dynamo-store\"\nversion = \""),
    ("bindings/python/pyproject.toml", "\nversion = \""),
    ("bindings/python/src/ld_dynamo_store/__init__.py", "\n__version__ = \""),
    ("bindings/ruby/lib/ld_dynamo_store/version.rb", "  VERSION = \""),
    (
        "bindings/java/pom.xml",
        "<artifactId>ld-dynamo-store</artifactId>\n  <version>",
    ),
    ("bindings/node/package.json", "\n  \"version\": \""),
    ("include/ld_dynamo_store.h", "\n#define LD_DYNAMO_VERSION \""),
];

#[test]
fn all_packages_have_the_same_version() {
    for (file, start) in PLACES {
        let text = read(file);
        let version = text
            .split_once(start)
            .and_then(|(_, rest)| rest.split(['"', '<']).next());
        assert_eq!(version, Some(VERSION), "{file}");
    }
}

/// The files of the repository in another place.
struct Checkout(PathBuf);

impl Checkout {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ld-dynamo-store-{name}-{}", std::process::id()));
        for file in files() {
            let (from, to) = (support::repository().join(&file), folder.join(&file));
            std::fs::create_dir_all(to.parent().expect("a folder")).expect("a folder for the copy");
            std::fs::copy(&from, &to).unwrap_or_else(|error| panic!("{file}: {error}"));
        }
        Self(folder)
    }

    fn version(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.0.join("packaging/version.sh"));
        command.args(arguments).output().expect("version.sh runs")
    }

    fn read(&self, file: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.0.join(file)).expect("a file of the copy")).into_owned()
    }

    /// Runs the script, which must refuse to, and returns why.
    fn refusal(&self, version: &str) -> String {
        let before: Vec<_> = PLACES.iter().map(|(file, _)| self.read(file)).collect();
        let output = self.version(&[version]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{version}: {said}");
        let after: Vec<_> = PLACES.iter().map(|(file, _)| self.read(file)).collect();
        assert_eq!(before, after, "{version}");
        said
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the copy is removed");
    }
}

/// Whether a version stands in a text, and not as part of a longer one.
fn names(text: &str, version: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    text.match_indices(version)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + version.len()..].chars().next()))
}

#[test]
fn the_script_leaves_nothing_of_the_old_version() {
    let copy = Checkout::new("version");
    assert_eq!(String::from_utf8_lossy(&copy.version(&[]).stdout).trim(), VERSION);
    // Right after a release there is nothing to release.
    let changes = copy
        .read("CHANGELOG.md")
        .replacen("## Unreleased\n", "## Unreleased\n\n- A change.\n", 1);
    std::fs::write(copy.0.join("CHANGELOG.md"), &changes).expect("changes of the copy");
    let (start, unreleased) = changes
        .split_once("## Unreleased\n")
        .expect("a part that is not released");
    let output = copy.version(&["701.802.903"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // The versions of others stand in the locked ones, old versions of ours in the changes.
    let locked = ["Cargo.lock", ".sum", "package-lock.json", "CHANGELOG.md"];
    let is_ours = |file: &String| !locked.iter().any(|name| file.ends_with(name));
    let left: Vec<_> = files()
        .into_iter()
        .filter(is_ours)
        .filter(|file| names(&copy.read(file), VERSION))
        .collect();
    assert!(left.is_empty(), "{VERSION} still stands in {left:?}");
    let series = VERSION.rsplit_once('.').expect("three numbers").0;
    for page in ["docs/c.md", "docs/cpp.md"] {
        assert!(!copy.read(page).contains(&format!("LdDynamoStore {series} ")), "{page}");
    }
    for (file, start) in PLACES {
        assert!(copy.read(file).contains(&format!("{start}701.802.903")), "{file}");
    }
    for (name, number) in [("MAJOR", 701), ("MINOR", 802), ("PATCH", 903)] {
        let line = format!("#define LD_DYNAMO_VERSION_{name} {number}\n");
        assert!(copy.read("include/ld_dynamo_store.h").contains(&line), "{line}");
    }
    let changed = copy.read("CHANGELOG.md");
    let rest = changed
        .strip_prefix(start)
        .and_then(|text| text.strip_prefix("## Unreleased\n\n## 701.802.903 - "))
        .expect("a part for the version below an empty one");
    let (date, rest) = rest.split_once('\n').expect("a date");
    assert!(date.len() == 10 && date.starts_with("20"), "{date}");
    assert_eq!(rest, unreleased);
    assert!(copy.refusal("701.802.904").contains("CHANGELOG.md says nothing"));
}

#[test]
fn the_script_refuses_what_cannot_follow() {
    let copy = Checkout::new("refused-version");
    for wrong in [
        "1",
        "1.2",
        "1.2.3.4",
        "v1.2.3",
        "1.2.03",
        "1.2.3-rc.1",
        "1.2.x",
        "",
        "999.0.0\n",
    ] {
        assert!(copy.refusal(wrong).contains("is no version"), "{wrong}");
    }
    for old in [VERSION, "0.0.9"] {
        assert!(copy.refusal(old).contains("is not greater than"), "{old}");
    }
    std::fs::write(copy.0.join("docs/cpp.md"), "another page").expect("a page of the copy");
    let said = copy.refusal("999.0.0");
    assert!(said.contains("docs/cpp.md"), "{said}");
}
