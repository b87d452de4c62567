//! docs/interoperability.md, of what the other modules found.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use super::absent_writers::met as met_of_absent;
use super::adapters;
use super::data_set::{form_of, FORMS, NEW_MEMBER};
use super::evaluations::HABITS;
use super::findings::FINDINGS;
use super::fixtures::{fixtures, results as fixture_results};
use super::matrix::{results, Cell};
use super::readers::Outcome;
use super::stores::{participants, GO_1, GO_4, NODE, PYTHON};
use crate::support;

const FILE: &str = "docs/interoperability.md";
const UPDATE: &str = "UPDATE_INTEROPERABILITY";
const OURS: &str = "ld-dynamo-store";
const RELAY: &str = "Relay Proxy 8.10.1";
const JAVA: &str = "official Java 5.0.0";
const DOTNET: &str = "official .NET 5.0.1";
const RUBY: &str = "official Ruby 8.15.0";
const PHP: &str = "official PHP 1.3.0";
const CPP: &str = "official C++ 0.2.1";

const WRITERS: [&str; 9] = [OURS, PYTHON, NODE, GO_4, GO_1, RELAY, JAVA, DOTNET, RUBY];
const READERS: [&str; 10] = [OURS, PYTHON, NODE, GO_4, GO_1, JAVA, DOTNET, RUBY, PHP, CPP];

const BEGINNING: &str = "# Interoperability

LaunchDarkly's own stores and this library use the same rows, and may use one table at the same time. This page says who reads whose rows, what was found
wrong, and how to live with it. `tests/interop/` writes it: each store that can be had here runs there, on Amazon DynamoDB Local. Those that
cannot (*) are present as rows exactly as they write them, and as the rules by which their sources read. What costs and limits differ beside
correctness: [beside the official stores](beside-the-official-stores.md).

## Who reads whose rows

Each writer without a star has stored two data sets, with and without a prefix, then newer flags, segments and deletions; each with one has left a flag, a segment,
a deletion and the mark, which lie there as its source writes them. Each reader without a star has compared every item, all items and the mark with what was
written; of one with a star the rules were asked. \"yes\" is everything. A number is what is not so, below. Our column and row stand for Rust, C, C++, Python, Ruby,
PHP, Node, Go and Java.

";

const TOGETHER: &str = "
PHP's store and the C++ source only read. The Relay Proxy reads as Go 4.0.0 does, whose store it uses.

Also held by tests, of the stores that run:

- An upsert of one is refused by another where it is older or of the same version, and wins where it is newer; deletions likewise. Every ordered pair.
- Rows of ours are the official ones: the same attributes, and items that differ in whitespace and the order of members alone. Every writer.
- Big Segments as the Relay Proxy writes them *, and as ours writes them in nine languages, are the same rows, and every store reads metadata and memberships of both.
- An `init` of one beside upserts of another leaves no row but that of the `init` or the newest upsert, loses no flag of the data set, and ends with the
  mark. Among upserts of both the highest version stays. Ten pairs; of ours, whose languages share the
  library's core, Rust, C and PHP make them, and Python, Ruby and C++ only upsert.
- Rows of other namespaces, such as those where the Relay Proxy keeps its own configuration, are neither read nor changed. Every writer.

";

const FLEET: &str = "
## A fleet of both

Nothing has to be converted, and nothing is to be done at once: a program that changes to ours reads and writes the rows that it did before.

1. Change the readers first, in any order. A reader in daemon mode needs no writer of its own kind.
2. Then change the writers. Any number of any kind may write; per row the last `init` stands, and among upserts the highest version. But an `init` compares no versions: one with an
   older snapshot, of a program that starts late or reconnects, puts back what another writer has updated since, until the next update of that flag or
   the next `init`. One writer for each table and prefix, such as a Relay Proxy, has no such times, and keeps the order of dependencies in sight of readers.
3. To go back, change the import back. What ours has written the official stores read, but for four things: C++ takes deleted flags for ones that are off
   (3), Java and .NET do not read versions of more than 32 bits, Go reads escapes wrongly that came in as such (4), and Ruby reads 1 MB of a kind.

Of what is below, 1, 4, 5 and 6 matter most where several kinds write: they change what other readers see.
";

/// The systems of LaunchDarkly's DynamoDB documentation.
const SYSTEMS: &str = "
## Every system of LaunchDarkly's DynamoDB documentation

| system | tried as | here in its place |
| --- | --- | --- |
| .NET | store 5.0.1: its rows and rules * | nothing; it works on the same table |
| C++ | source 0.2.1: its rules * | [the C++ adapter](cpp.md#migration-from-launchdarklys-dynamodb-source) |
| Go | stores 4.0.0 (SDK 7.14.6) and 1.1.1 (SDK 5.5.0), running | [the Go module](go.md#migration-from-the-official-store), for version 7 of the SDK |
| Java | store 5.0.0: its rows and rules * | [the Java adapter](java.md#migration-from-the-official-store) |
| Node | store 4.0.0 (SDK 7.0.4), running | [the Node adapter](node.md#migration-from-the-official-store) |
| PHP | store 1.3.0: its rules * | [the PHP adapter](php.md#migration-from-the-official-store) |
| Python | SDK 9.18.2, running | [the Python adapter](python.md#migration-from-the-official-store) |
| Ruby | SDK 8.15.0: its rows and rules * | [the Ruby adapter](ruby.md#migration-from-the-official-store) |
| Relay Proxy | 8.10.1: its rows *, through the Go store it uses | [a Relay Proxy built with the Go module](relay.md) |
| Big Segments | the Relay Proxy's rows *, read by all stores that run | [read and written](big-segments.md) in every language |

LaunchDarkly has no DynamoDB store for Rust and C: [Rust](rust.md#launchdarklys-sdk), [C](c.md).
";

/// A store in a heading: one that does not run here has a mark.
fn heading(name: &str) -> String {
    let runs = participants().iter().any(|participant| participant.name.text == name) || name == OURS;
    let name = name.trim_start_matches("official ");
    if runs {
        name.to_owned()
    } else {
        format!("{name} *")
    }
}

/// The participants that a row or column stands for.
fn stands_for(name: &str) -> Vec<&str> {
    let ours = participants().iter().filter(|participant| participant.name.is_ours);
    match name {
        OURS => ours.map(|participant| participant.name.text).collect(),
        name => vec![name],
    }
}

fn number(key: &str) -> usize {
    let place = FINDINGS.iter().position(|finding| finding.key == key);
    1 + place.unwrap_or_else(|| panic!("{key} is no finding"))
}

/// A finding's number, which leads to it.
fn link(number: usize) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || [' ', '-'].contains(letter);
    let title: String = FINDINGS[number - 1]
        .title
        .to_lowercase()
        .chars()
        .filter(is_kept)
        .collect();
    format!("[{number}](#{number}-{})", title.replace(' ', "-"))
}

/// What is not so where one reads another's rows.
fn cell(writer: &str, reader: &str) -> String {
    let readers = stands_for(reader);
    let is_of_cell = |((by, by_ours, of, of_ours), _): &(&(&str, bool, &str, bool), &Cell)| {
        *by_ours == (writer == OURS)
            && stands_for(writer).contains(by)
            && *of_ours == (reader == OURS)
            && readers.contains(of)
    };
    let of_cell: Vec<&Cell> = results().iter().filter(is_of_cell).map(|(_, cell)| cell).collect();
    if of_cell.iter().any(|cell| !cell.failures.is_empty()) {
        return "no".to_owned();
    }
    let mut found: BTreeSet<usize> = of_cell
        .iter()
        .flat_map(|cell| &cell.met)
        .map(|key| number(key))
        .collect();
    let written = form_of(writer).map_or(&[][..], |form| form.written);
    found.extend(written.iter().map(|key| number(key)));
    found.extend(met_of_absent(writer, reader).iter().map(|key| number(key)));
    for fixture in fixtures()
        .iter()
        .filter(|fixture| fixture.writers.iter().any(|by| by == writer))
    {
        let is_right =
            |reader: &&str| fixture_results()[&(fixture.name.as_str(), (*reader).to_owned())] == [Outcome::Right; 3];
        if !readers.iter().all(is_right) {
            found.insert(number(fixture.defect.as_deref().expect("a named defect")));
        }
    }
    match found.is_empty() {
        true => "yes".to_owned(),
        false => found.into_iter().map(link).collect::<Vec<_>>().join(", "),
    }
}

fn matrix() -> String {
    let mut text = format!("| writer ↓ reader → | {} |\n", READERS.map(heading).join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(READERS.len() + 1));
    for writer in WRITERS {
        let cells = READERS.map(|reader| cell(writer, reader));
        let _ = writeln!(text, "| {} | {} |", heading(writer), cells.join(" | "));
    }
    text
}

fn without_links(table: &str) -> String {
    let mut text = String::new();
    for (place, part) in table.split("](#").enumerate() {
        let rest = if place == 0 {
            part
        } else {
            part.split_once(')').map_or("", |(_, rest)| rest)
        };
        text.push_str(&rest.replace('[', ""));
    }
    text
}

fn document() -> String {
    let mut text = format!("{BEGINNING}{}{TOGETHER}", matrix());
    text.push_str("What Go's stores leave out of an item, where they write and where programs read with them:\n\n| store | left out | why |\n| --- | --- | --- |\n");
    for form in &FORMS {
        let members: Vec<String> = form
            .left_out
            .iter()
            .map(|member| match *member {
                NEW_MEMBER => "what this version does not know".to_owned(),
                member => format!("`{member}`"),
            })
            .collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            heading(form.store),
            members.join(", "),
            form.reason
        );
    }
    text.push_str(SYSTEMS.trim_end());
    text.push('\n');
    text.push_str(FLEET);
    text.push_str("\n## What was found\n");
    for finding in &FINDINGS {
        let _ = write!(
            text,
            "\n### {}. {}\n\n{}\n\n- Ours: {}\n- Together: {}\n",
            number(finding.key),
            finding.title,
            finding.what,
            finding.ours,
            finding.together
        );
    }
    text.push_str(
        "\n## The same evaluation\n\nClients of the SDKs for Python, Node and Go (each with the official store, and with our adapter), Java and Rust (with ours), in daemon \
         mode, evaluate every flag of [examples/flags.json](../examples/flags.json) for 200 contexts of five kinds, after each writer in turn has written it, to the same values, \
         variations and reasons. Where an SDK makes something else of the same rows:\n\n| SDK | flags | what |\n| --- | --- | --- |\n",
    );
    for habit in &HABITS {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            habit
                .sdks
                .iter()
                .map(|sdk| sdk.trim_start_matches("official "))
                .collect::<Vec<_>>()
                .join("; "),
            habit.flags.len(),
            habit.reason
        );
    }
    text.push_str(
        "\nWhat store 1.1.1 of Go has written is less than was to be written (6), and all SDKs make the same of that; \
         what the Java SDK has written lacks the members that are null (7), and is the same otherwise.\n",
    );
    text
}

/// How far the lines after the first of a block are indented; nothing where a line goes on with the block before.
fn begins_block(line: &str) -> Option<usize> {
    match line.as_bytes() {
        [] | [b'|' | b'#', ..] => Some(0),
        [b'-', b' ', ..] => Some(2),
        [b'0'..=b'9', b'.', b' ', ..] => Some(3),
        _ => None,
    }
}

/// Prose in lines of one width.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 140;
    let mut blocks: Vec<(usize, String)> = Vec::new();
    for line in text.lines() {
        match (begins_block(line), blocks.last_mut()) {
            (None, Some((_, block))) if !block.is_empty() => {
                block.push(' ');
                block.push_str(line.trim_start());
            }
            (indent, _) => blocks.push((indent.unwrap_or(0), line.to_owned())),
        }
    }
    let mut wrapped = String::new();
    for (indent, block) in blocks {
        let is_prose = !block.starts_with(['|', '#']);
        let mut length = 0;
        for word in block.split(' ') {
            let size = word.chars().count();
            if length > 0 && is_prose && length + 1 + size > WIDTH {
                let _ = write!(wrapped, "\n{:indent$}", "");
                length = indent;
            } else if length > 0 {
                wrapped.push(' ');
                length += 1;
            }
            wrapped.push_str(word);
            length += size;
        }
        wrapped.push('\n');
    }
    wrapped
}

#[test]
fn the_page_says_what_was_found() {
    // Also where the test passes, which is when its output is kept back.
    let _ = writeln!(std::io::stdout(), "{}", without_links(&matrix()));
    let file = support::repository().join(FILE);
    let generated = wrapped(&document());
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, generated).expect("the page");
        return;
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        text == generated,
        "{FILE} differs from what the tests found: {UPDATE}=1 writes it anew"
    );
}

/// What follows these words in a file of locked versions.
fn locked(file: &str, words: &str) -> String {
    let text = std::fs::read_to_string(support::repository().join(file)).expect("locked versions");
    let (_, rest) = text
        .split_once(words)
        .unwrap_or_else(|| panic!("{file} has no {words}"));
    let is_of_version = |letter: char| letter.is_ascii_digit() || letter == '.';
    rest.chars().take_while(|&letter| is_of_version(letter)).collect()
}

#[test]
fn versions_on_the_page_are_the_locked_ones() {
    let node = |package: &str| {
        let words = format!("\"node_modules/{package}\": {{\n      \"version\": \"");
        locked("tests/interop/node/package-lock.json", &words)
    };
    let go = |store: &str, module: &str| {
        let words = format!("launchdarkly/{module} v");
        locked(&format!("tests/interop/go/{store}/go.mod"), &words)
    };
    let python = locked("tests/requirements.txt", "launchdarkly-server-sdk==");
    let node_store = node("launchdarkly-node-server-sdk-dynamodb");
    let go_4 = go("v4", "go-server-sdk-dynamodb/v4");
    let go_1 = go("v1", "go-server-sdk-dynamodb");
    let sdk_of_go_4 = go("v4", "go-server-sdk/v7");
    assert_eq!(PYTHON, format!("official Python {python}"));
    assert_eq!(NODE, format!("official Node {node_store}"));
    assert_eq!(GO_4, format!("official Go {go_4}"));
    assert_eq!(GO_1, format!("official Go {go_1}"));
    let sdk_of_node = locked(
        "bindings/node/package-lock.json",
        "\"node_modules/@launchdarkly/node-server-sdk\": {\n      \"version\": \"",
    );
    let sdk_of_go = locked("tests/interop/go/v4/ours.mod", "launchdarkly/go-server-sdk/v7 v");
    let sdk_of_java = locked("bindings/java/pom.xml", "<launchdarkly.version>");
    assert_eq!(adapters::PYTHON, format!("Python {python} with our adapter"));
    assert_eq!(adapters::NODE, format!("Node {sdk_of_node} with our adapter"));
    assert_eq!(adapters::GO, format!("Go {sdk_of_go} with our adapter"));
    assert_eq!(adapters::JAVA, format!("Java {sdk_of_java} with our adapter"));
    let page = document();
    let said = [
        format!("| SDK {python}, running |"),
        format!(
            "| store {node_store} (SDK {}), running |",
            node("launchdarkly-node-server-sdk")
        ),
        format!(
            "stores {go_4} (SDK {sdk_of_go_4}) and {go_1} (SDK {}), running",
            go("v1", "go-server-sdk.v5")
        ),
        format!("Go SDK, {sdk_of_go_4} among them"),
        format!(
            "| Rust {} |",
            locked("Cargo.lock", "name = \"launchdarkly-server-sdk\"\nversion = \"")
        ),
    ];
    for text in said {
        assert!(page.contains(&text), "the page does not say {text}");
    }
}
