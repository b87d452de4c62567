//! Programs of C and C++, compiled against the checked-in header and linked to the library as it is shipped.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Warnings are errors: what programs include must be clean.
const FLAGS: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-Iinclude"];

/// What a program needs beside the static library; packaging/ld_dynamo_store-static.pc.in gives the same list for Linux.
const SYSTEM_LIBRARIES: &[&str] = if cfg!(target_vendor = "apple") {
    // The system's root certificates.
    &["-framework", "Security", "-framework", "CoreFoundation", "-lc++"]
} else {
    &["-lpthread", "-lm", "-ldl"]
};

/// Under which name programs look for the shared library; build.rs writes it into it.
const NAME_AT_RUN_TIME: &str = if cfg!(target_vendor = "apple") {
    "libld_dynamo_store.1.dylib"
} else {
    "libld_dynamo_store.so.1"
};

/// Which of the two libraries a program is linked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Library {
    Shared,
    Static,
    /// Neither: the program loads the shared one itself.
    AtRunTime,
}

/// Compiles one program from sources of the repository; returns its path.
pub fn program(compiler: &str, standard: &str, sources: &[&str], library: Library) -> PathBuf {
    program_with(&[], compiler, standard, sources, library)
}

/// As `program`, with further options for the compiler.
pub fn program_with(options: &[&str], compiler: &str, standard: &str, sources: &[&str], library: Library) -> PathBuf {
    let folder = super::build_folder();
    let name = sources[0].replace(['/', '.'], "-");
    let mut hasher = DefaultHasher::new();
    options.hash(&mut hasher);
    let output = folder.join(format!("{name}-{library:?}-{:x}", hasher.finish()).to_lowercase());
    // Several tests may compile and run the same program at once.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let unfinished = output.with_extension(format!("{}-{number}", std::process::id()));
    let mut command = Command::new(compiler);
    command
        .current_dir(super::repository())
        .arg(standard)
        .args(FLAGS)
        .args(options)
        .args(sources)
        .arg("-o")
        .arg(&unfinished);
    match library {
        Library::Shared => {
            let rpath = format!("-Wl,-rpath,{}", soname_folder().display());
            command.arg("-L").arg(&folder).arg(rpath).arg("-lld_dynamo_store")
        }
        Library::Static => command.arg(folder.join("libld_dynamo_store.a")).args(SYSTEM_LIBRARIES),
        Library::AtRunTime => &mut command,
    };
    let status = command
        .status()
        .unwrap_or_else(|error| panic!("{compiler}: {error}; run make setup"));
    assert!(status.success(), "{command:?} failed");
    std::fs::rename(unfinished, &output).expect("a program");
    output
}

/// A folder where the library lies under the name that the linker wrote into programs.
fn soname_folder() -> PathBuf {
    let folder = super::build_folder().join("soname");
    std::fs::create_dir_all(&folder).expect("a folder");
    let link = folder.join(NAME_AT_RUN_TIME);
    let library = Path::new("..").join(super::library().file_name().expect("a name"));
    if std::fs::read_link(&link).ok() != Some(library.clone()) {
        let _ = std::fs::remove_file(&link);
        let _ = std::os::unix::fs::symlink(library, &link);
    }
    folder
}
