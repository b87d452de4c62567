//! Every command and every program of the pages, run as printed in a fresh checkout.
//!
//! A block `sh` is run by bash; all blocks of a page share one shell, which begins in the root of a checkout with nothing in its environment
//! but what a machine needs. A block under a line that ends with a file's name in backquotes and a colon is saved to that file. What
//! cannot run everywhere is a block `console` with a prompt.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::checkout::{check_out, folder, renew, seed, write};
use super::markdown::{parse, Block};
use super::{pages, read, support};

/// Blocks in these are programs: each is saved to a file and run.
const PROGRAMS: [&str; 9] = ["c", "cpp", "rust", "python", "ruby", "php", "javascript", "go", "java"];
/// Blocks in these are saved where a file is named.
const SAVED: [&str; 2] = ["toml", "cmake"];
/// Blocks in these are read only.
const SHOWN: [&str; 6] = ["console", "text", "json", "ini", "diff", "xml"];
/// The one command that is left out: this test is part of it.
const LEFT_OUT: &str = "make test";
/// The page whose block with this command starts the table that all pages use.
const README: &str = "README.md";
const TABLE: &str = "local-dynamodb --port ";

/// Between a place and the command that failed there.
const FAILED: &str = "this command failed: ";
const PAGE_LIMIT: Duration = Duration::from_secs(600);
const PORT_LIMIT: Duration = Duration::from_secs(10);

/// One test a page that has something to run.
macro_rules! run {
    ($($name:ident: $page:literal,)*) => {
        const RUN: &[&str] = &[$($page),*];
        $(
            #[test]
            fn $name() {
                run_in_turn($page);
            }
        )*
    };
}

run! {
    the_readme_runs: "README.md",
    the_page_on_c_runs: "docs/c.md",
    the_page_on_cpp_runs: "docs/cpp.md",
    the_page_on_the_command_runs: "docs/command.md",
    the_page_on_rust_runs: "docs/rust.md",
    the_page_on_python_runs: "docs/python.md",
    the_page_on_ruby_runs: "docs/ruby.md",
    the_page_on_php_runs: "docs/php.md",
    the_page_on_node_runs: "docs/node.md",
    the_page_on_go_runs: "docs/go.md",
    the_page_on_java_runs: "docs/java.md",
    the_front_page_for_python_runs: "bindings/python/README.md",
    the_front_page_for_ruby_runs: "bindings/ruby/README.md",
    the_front_page_for_php_runs: "bindings/php/README.md",
    the_front_page_for_node_runs: "bindings/node/README.md",
    the_front_page_for_go_runs: "bindings/go/README.md",
    the_front_page_for_java_runs: "bindings/java/README.md",
}

#[test]
fn every_page_with_commands_has_a_test() {
    let has_commands = |page: &String| parse(&read(page)).0.iter().any(is_run);
    let mut with_commands: Vec<_> = pages().into_iter().filter(has_commands).collect();
    let mut listed = RUN.to_vec();
    with_commands.sort();
    listed.sort_unstable();
    assert_eq!(listed, with_commands);
}

#[test]
fn every_block_has_a_language_and_every_program_is_run() {
    let mut complaints = Vec::new();
    for page in pages() {
        let text = read(&page);
        let (blocks, prose) = parse(&text);
        for (number, line) in prose {
            if line.trim_start().starts_with("```") {
                complaints.push(format!("{page}:{number}: a fence begins a line"));
            }
        }
        for (number, block) in blocks.iter().enumerate() {
            let complaint = complaint(block, &blocks[number + 1..]);
            complaints.extend(complaint.map(|reason| format!("{page}:{}: {reason}", block.line)));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// What is wrong with a block, if anything.
fn complaint(block: &Block, later: &[Block]) -> Option<String> {
    let language = block.language;
    if language == "sh" || SHOWN.contains(&language) {
        return None;
    }
    if !PROGRAMS.contains(&language) && !SAVED.contains(&language) {
        return Some(format!("{language:?} is no language of the pages"));
    }
    let Some(file) = block.file() else {
        return Some("the line above does not end with the name of a file in backquotes and a colon".to_owned());
    };
    // cargo is told of a crate, not of a source, and CMake of a folder.
    let named = file
        .split("src/")
        .next()
        .and_then(|path| path.split("CMakeLists.txt").next())
        .filter(|folder| !folder.is_empty())
        .unwrap_or(file);
    let is_used = later
        .iter()
        .filter(|block| is_run(block))
        .any(|block| block.lines.iter().any(|line| line.contains(named)));
    (!is_used).then(|| format!("no later block runs {named}"))
}

fn is_run(block: &Block) -> bool {
    block.language == "sh" && !is_left_out(block)
}

fn is_left_out(block: &Block) -> bool {
    let command = |line: &&str| {
        line.split(" #")
            .next()
            .is_some_and(|command| command.trim() == LEFT_OUT)
    };
    block.lines.len() == 1 && block.lines.iter().any(command)
}

/// README.md comes before all others, since it builds what they use, and pages take turns, since they use one port and one checkout.
fn run_in_turn(page: &str) {
    static TURN: Mutex<()> = Mutex::new(());
    static FIRST: OnceLock<Result<(), String>> = OnceLock::new();
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let first = FIRST.get_or_init(|| run(README));
    let result = match page {
        README => first.clone(),
        _ if first.is_err() => Err(format!("{page} was not tried, since {README} failed")),
        _ => run(page),
    };
    if let Err(message) = result {
        panic!("{message}");
    }
}

fn run(page: &str) -> Result<(), String> {
    let text = read(page);
    let (blocks, _) = parse(&text);
    let readme = read(README);
    let is_table = |block: &Block| block.lines.iter().any(|line| line.contains(TABLE));
    let mut table = parse(&readme).0;
    table.retain(is_table);
    assert_eq!(table.len(), 1, "{README} starts a table in one block");
    for port in blocks
        .iter()
        .chain(&table)
        .filter(|block| is_run(block))
        .flat_map(ports)
    {
        wait_until_free(port)?;
    }

    seed();
    let checkout = check_out();
    let home = folder().join("home");
    renew(&home);
    let script = folder().join("script");
    renew(&script);
    let mut first_line = start(&script);
    if page != README {
        let file = script.join(README);
        write(&file, &program_text(&script, String::new(), &readme, &table));
        first_line.push_str(&format!("source {}", quoted(&file)));
    }
    let program = script.join(page);
    write(&program, &program_text(&script, first_line, &text, &blocks));

    let output = folder().join("output").join(page).with_extension("txt");
    let status = run_shell(&program, &checkout, &home, &output);
    let printed = std::fs::read(&output).expect("the output");
    let printed = String::from_utf8_lossy(&printed);
    let lines: Vec<&str> = printed.lines().collect();
    let end = lines[lines.len().saturating_sub(40)..].join("\n");
    let reason = match status {
        Some(status) if status.success() => return Ok(()),
        Some(status) => format!("{page} failed ({status})"),
        None => format!("{page} did not end within {} s", PAGE_LIMIT.as_secs()),
    };
    let is_failure = |line: &&&str| line.contains(FAILED) && !line.starts_with('+');
    let failures: Vec<&str> = lines.iter().filter(is_failure).copied().collect();
    Err(format!(
        "{end}\n\n{reason}; all output: {}\n{}",
        output.display(),
        failures.join("\n")
    ))
}

/// The page as a program of bash: each command stands in the line in which it stands in the page, so that bash's own messages
/// tell where one failed.
fn program_text(script: &Path, first_line: String, text: &str, blocks: &[Block]) -> String {
    let mut lines = vec![String::new(); text.lines().count()];
    lines[0] = first_line;
    for block in blocks {
        if is_run(block) {
            for (offset, line) in block.lines.iter().enumerate() {
                lines[block.line + offset] = (*line).to_owned();
            }
            // In the line of the second fence.
            lines[block.line + block.lines.len()] = wait_commands(block);
        } else if let Some(file) = saved_file(block) {
            let copy = script.join("saved").join(block.line.to_string());
            write(&copy, &block.text());
            lines[block.line - 1] = format!("install -D -m 644 {} {}", quoted(&copy), quoted(Path::new(file)));
        }
    }
    lines.join("\n") + "\n"
}

fn saved_file<'block>(block: &'block Block) -> Option<&'block str> {
    let is_saved = PROGRAMS.contains(&block.language) || SAVED.contains(&block.language);
    block.file().filter(|_| is_saved)
}

/// Has bash show each command before it runs it, and say at which one it stops, by the page's name and line.
fn start(script: &Path) -> String {
    let place = format!("${{BASH_SOURCE[0]#{}/}}:$LINENO: ", script.display());
    let failure = format!("printf '%s\\n' \"{place}{FAILED}$BASH_COMMAND\" >&2");
    let [place, failure] = [format!("+ {place}"), failure].map(|text| quoted(Path::new(&text)));
    format!("PS4={place}; trap {failure} ERR; set -xE; ")
}

/// A word of bash.
fn quoted(text: &Path) -> String {
    format!("'{}'", text.display().to_string().replace('\'', r"'\''"))
}

/// Waits for what a block started in the background.
fn wait_commands(block: &Block) -> String {
    let wait = |port: u16| {
        let seconds = PORT_LIMIT.as_secs();
        format!("timeout {seconds} bash -c 'until (: </dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.02; done'; ")
    };
    ports(block).into_iter().map(wait).collect()
}

/// The ports on which a block starts something.
fn ports(block: &Block) -> Vec<u16> {
    let after = block.lines.iter().filter_map(|line| line.split_once("--port "));
    let number = |(_, rest): (&str, &str)| rest.split(' ').next()?.parse().ok();
    after.filter_map(number).collect()
}

/// The page before has been ended, but its table may still be on its way out.
fn wait_until_free(port: u16) -> Result<(), String> {
    let deadline = Instant::now() + PORT_LIMIT;
    while let Err(error) = std::net::TcpListener::bind(("127.0.0.1", port)) {
        if Instant::now() > deadline {
            return Err(format!(
                "port {port}, which the pages use, is taken by another program: {error}"
            ));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// What a page starts, in a process group of its own, which ends with the page or with this test.
struct Group {
    leader: Child,
}

impl Group {
    fn new() -> Self {
        use std::os::unix::process::CommandExt;
        // It waits for the end of its input, which comes also when this test is killed.
        let leader = Command::new("sh")
            .args(["-c", "read -r line; kill -KILL 0"])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn();
        Group {
            leader: leader.expect("sh starts"),
        }
    }

    fn number(&self) -> i32 {
        self.leader.id().try_into().expect("a process id")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.leader.stdin.take());
        let _ = self.leader.wait();
    }
}

/// Runs a program of bash; no status where it took too long.
fn run_shell(program: &Path, checkout: &Path, home: &Path, output: &Path) -> Option<ExitStatus> {
    use std::os::unix::process::CommandExt;
    std::fs::create_dir_all(output.parent().expect("a folder")).expect("a folder");
    let output = File::create(output).expect("a file");
    let group = Group::new();
    let mut shell = Command::new("bash")
        .args(["-euo", "pipefail"])
        .arg(program)
        .current_dir(checkout)
        .env_clear()
        .envs(environment(home))
        .stdin(Stdio::null())
        .stdout(output.try_clone().expect("a second handle"))
        .stderr(output)
        .process_group(group.number())
        .spawn()
        .expect("bash starts");
    let deadline = Instant::now() + PAGE_LIMIT;
    loop {
        let status = shell.try_wait().expect("the state of bash");
        if status.is_some() || Instant::now() > deadline {
            drop(group);
            let _ = shell.wait();
            return status;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A new user's environment, with what this machine needs to reach the registries, and Rust where it is installed.
fn environment(home: &Path) -> Vec<(String, String)> {
    const PASSED_ON: [&str; 13] = [
        "PIP_",
        "NPM_CONFIG_",
        "NODE_EXTRA_CA_CERTS",
        "GOPROXY",
        "GOSUMDB",
        "MAVEN_ARGS",
        "SSL_CERT_",
        "RUSTUP_",
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTR",
        "CARGO_SOURCE_",
    ];
    let is_passed_on = |name: &str| {
        name.to_lowercase().ends_with("_proxy") || PASSED_ON.iter().any(|start| name.to_uppercase().starts_with(start))
    };
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is set"));
    let own_home = variable("HOME");
    let fetched = support::repository().join("target/go");
    let fixed = [
        ("PATH", variable("PATH")),
        ("HOME", home.display().to_string()),
        ("LANG", "C.UTF-8".to_owned()),
        ("CARGO_HOME", format!("{own_home}/.cargo")),
        ("RUSTUP_HOME", format!("{own_home}/.rustup")),
        // Several pages install the same packages.
        ("PIP_CACHE_DIR", folder().join("pip").display().to_string()),
        ("NPM_CONFIG_CACHE", folder().join("npm").display().to_string()),
        ("GOMODCACHE", fetched.join("modules").display().to_string()),
        ("GOCACHE", fetched.join("cache").display().to_string()),
        ("GOFLAGS", "-modcacherw".to_owned()),
        ("MAVEN_OPTS", format!("-Dmaven.repo.local={own_home}/.m2/repository")),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value));
    // Of two values of one name, the later counts.
    fixed
        .into_iter()
        .chain(std::env::vars().filter(|(name, _)| is_passed_on(name)))
        .collect()
}
