//! Completions as a shell uses them, and man pages as man shows them.

use std::collections::BTreeSet;
use std::process::Command;

use crate::program::{finished, Program};
use crate::support::place::{run, Place};
use crate::support::{skipped, Engine};

fn program() -> Program {
    Program::on(&Engine::running("http://127.0.0.1:1"), "none")
}

/// What bash offers after these words, the last of which is being typed.
fn offered(words: &[&str]) -> BTreeSet<String> {
    let script = finished(&mut program().bare(&["completions", "bash"])).expect(0);
    let place = Place::new();
    std::fs::write(place.join("completion"), script).expect("a file");
    let asked = format!(
        ". ./completion; COMP_WORDS=({}); COMP_CWORD={}; \
         $(complete -p ld-dynamo-store | sed 's/.*-F \\([^ ]*\\).*/\\1/') ld-dynamo-store '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let printed = run(place.command("bash").args(["--norc", "-c", &asked]));
    printed.split_whitespace().map(str::to_owned).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    assert_eq!(offered(&["ld-dynamo-store", "cr"]), set(&["create-table"]));
    assert_eq!(
        offered(&["ld-dynamo-store", "watch", "--unt"]),
        set(&["--until-version"])
    );
    assert_eq!(offered(&["ld-dynamo-store", "watch", "--tab"]), set(&["--table"]));
    assert_eq!(offered(&["ld-dynamo-store", "check", "--for", "re"]), set(&["reader"]));
    assert_eq!(offered(&["ld-dynamo-store", "segments", "p"]), set(&["patch"]));
}

#[test]
fn other_shells_have_their_script_too() {
    for (shell, part) in [
        ("zsh", "#compdef ld-dynamo-store"),
        ("fish", "complete -c ld-dynamo-store"),
        ("elvish", "edit:completion:arg-completer[ld-dynamo-store]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = finished(&mut program().bare(&["completions", shell])).expect(0);
        assert!(
            script.contains(part) && script.contains("serve-local"),
            "{shell}: {script}"
        );
    }
    assert_eq!(finished(&mut program().bare(&["completions", "cmd"])).code, 2);
}

#[test]
fn every_command_has_a_page_which_man_shows() {
    let program = program();
    let shown = finished(&mut program.bare(&["man", "--directory", "pages/man1"]));
    assert_eq!(shown.stdout, "");
    let help = finished(&mut program.bare(&["--help"])).expect(0);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        // It needs no page.
        .filter(|line| !line.starts_with("  help "))
        .filter_map(|line| {
            line.strip_prefix("  ")?
                .split(' ')
                .next()
                .filter(|name| !name.is_empty())
        })
        .collect();
    assert!(
        commands.contains(&"check") && commands.contains(&"segments"),
        "{commands:?}"
    );
    let mut expected: BTreeSet<String> = commands
        .iter()
        .map(|command| format!("ld-dynamo-store-{command}.1"))
        .collect();
    expected.extend(set(&[
        "ld-dynamo-store.1",
        "ld-dynamo-store-segments-get.1",
        "ld-dynamo-store-segments-patch.1",
    ]));
    let folder = program.place.join("pages/man1");
    let entries = std::fs::read_dir(&folder).expect("a folder");
    let found: BTreeSet<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    assert_eq!(found, expected);
    for page in &found {
        require_well_formed(&folder.join(page));
    }
    // They name each other, and no page that there is not.
    let mut named = BTreeSet::new();
    for page in &found {
        let text = std::fs::read_to_string(folder.join(page)).expect("UTF-8");
        let text = text.replace("\\fB", "").replace("\\fR", "").replace('\\', "");
        for name in text.lines().filter_map(|line| line.strip_suffix("(1)")) {
            assert!(found.contains(&format!("{name}.1")), "{page} names {name}");
            named.insert(format!("{name}.1"));
        }
    }
    assert_eq!(named, found);
    let printed = finished(&mut program.bare(&["man"])).expect(0);
    let written = std::fs::read_to_string(folder.join("ld-dynamo-store.1")).expect("UTF-8");
    assert_eq!(printed, written);
}

/// groff warns of nothing where there is one, and each page has the parts that every page has.
fn require_well_formed(page: &std::path::Path) {
    let text = std::fs::read_to_string(page).expect("UTF-8");
    for part in [
        ".TH ld-dynamo-store",
        ".SH NAME",
        ".SH SYNOPSIS",
        ".SH OPTIONS",
        ".SH \"EXIT STATUS\"",
    ] {
        assert!(text.contains(part), "{part} is not in {}", page.display());
    }
    let mut groff = Command::new("groff");
    let output = match groff.args(["-man", "-Kutf8", "-Tutf8", "-ww"]).arg(page).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return skipped(&format!("there is no groff to read {}", page.display()));
        }
        output => output.expect("groff starts"),
    };
    let warnings = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && warnings.is_empty(),
        "{}: {warnings}",
        page.display()
    );
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains(r"\f"), "{shown}");
}

#[test]
fn help_is_a_command_too() {
    let printed = |arguments: &[&str]| finished(&mut program().bare(arguments)).expect(0);
    assert_eq!(printed(&["help", "check"]), printed(&["check", "--help"]));
    assert_eq!(
        printed(&["help", "segments", "get"]),
        printed(&["segments", "get", "--help"])
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let program = program();
    program.file("pages", "a file");
    let run = finished(&mut program.bare(&["man", "--directory", "pages"]));
    assert_eq!(run.code, 3, "{}", run.stderr);
    assert!(run.stderr.starts_with("error: pages: "), "{}", run.stderr);
}
