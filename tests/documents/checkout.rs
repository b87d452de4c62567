//! A fresh checkout, in which the pages' commands are run, and what its builds begin with.

use std::collections::BTreeSet;
use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{files, support};

/// Where everything of these tests lies, beside the folder of the profile.
pub fn folder() -> PathBuf {
    let target = support::build_folder();
    target.parent().expect("target").join("documents")
}

/// An empty folder.
pub fn renew(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).expect("the folder of the page before can be removed");
    }
    std::fs::create_dir_all(folder).expect("a folder");
}

pub fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Copies with times and modes, on which cargo decides what is fresh.
fn copy(options: &[&str], from: &Path, files: &[PathBuf], to: &Path) {
    let status = Command::new("cp")
        .args(["-a", "--reflink=auto"])
        .args(options)
        .arg("-t")
        .arg(to)
        .arg("--")
        .args(files)
        .current_dir(from)
        .status()
        .expect("cp starts");
    assert!(status.success(), "cp into {}: {status}", to.display());
}

/// A fresh checkout, always in the same place. Its `target` outlives it, so that what has not changed is not built again,
/// and is not that of the other tests, who use their library meanwhile.
pub fn check_out() -> PathBuf {
    let checkout = folder().join("checkout");
    renew(&checkout);
    let files: Vec<_> = files().into_iter().map(PathBuf::from).collect();
    copy(&["--parents"], support::repository(), &files, &checkout);
    // cargo looks at the times of folders, too, and a copied file has just changed that of its folder.
    let folders: BTreeSet<_> = files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
    for folder in folders {
        let original = support::repository()
            .join(folder)
            .metadata()
            .and_then(|data| data.modified());
        let times = FileTimes::new().set_modified(original.expect("a folder's time"));
        let copied = File::open(checkout.join(folder)).and_then(|copied| copied.set_times(times));
        copied.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    }
    std::os::unix::fs::symlink("../target", checkout.join("target")).expect("a link");
    checkout
}

/// The first time, the dependencies that are compiled already are copied, which saves minutes. The crate itself, which the pages build with
/// one set of features after another, is not optimized there: cargo reads the settings of the folders above a checkout.
pub fn seed() {
    let target = folder().join("target");
    write(
        &folder().join(".cargo/config.toml"),
        "[profile.release.package.ld-dynamo-store]\nopt-level = 0\n",
    );
    let compiled = folder().with_file_name("release");
    if target.exists() {
        return;
    }
    let unfinished = folder().join("target.unfinished");
    for name in ["deps", ".fingerprint", "build"] {
        let to = unfinished.join("release").join(name);
        renew(&to);
        let entries = std::fs::read_dir(compiled.join(name)).into_iter().flatten().flatten();
        let files = entries.map(|entry| PathBuf::from(entry.file_name()));
        // The programs among `deps` have no extension.
        let is_wanted = |file: &PathBuf| is_dependency(file) && (name != "deps" || file.extension().is_some());
        let files: Vec<_> = files.filter(is_wanted).collect();
        if !files.is_empty() {
            copy(&[], &compiled.join(name), &files, &to);
        }
    }
    std::fs::rename(unfinished, target).expect("a folder");
}

/// Whether an entry of a build folder is of another repository.
fn is_dependency(file: &Path) -> bool {
    let name = file.display().to_string().replace('-', "_");
    !["ld_dynamo_store", "local_dynamodb", "fake_dynamodb"]
        .iter()
        .any(|ours| name.contains(ours))
}
