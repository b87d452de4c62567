//! Completions and man pages, made from the grammar, so that they cannot say something else than `--help`.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::roff::{bold, roman, Roff};
use clap_mangen::Man as Page;

use super::arguments::{Arguments, Completions, Man};
use super::outcome::{Failure, Outcome, Result};
use super::output::Output;

const NAME: &str = "ld-dynamo-store";

const EXIT_STATUS: [(&str, &str); 4] = [
    ("0", "All is well."),
    (
        "1",
        "Findings: something is wrong with the table, two things differ, what was asked for is not there, or nothing was changed.",
    ),
    ("2", "What was typed or handed in is wrong."),
    ("3", "The table could not be asked, or the work was not finished."),
];

const ENVIRONMENT: [(&str, &str); 6] = [
    ("LD_DYNAMO_STORE_TABLE", "The table, where --table does not name one."),
    (
        "LD_DYNAMO_STORE_PREFIX",
        "The prefix, where --prefix does not give one.",
    ),
    (
        "LD_DYNAMO_STORE_LOCAL",
        "The program local-dynamodb that serve-local starts, where it does not lie beside this one.",
    ),
    (
        "AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_DYNAMODB …",
        "As in any AWS program; --region, --profile and --endpoint count more.",
    ),
    (
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY",
        "Which proxy requests go through.",
    ),
    (
        "NO_COLOR, CLICOLOR_FORCE",
        "Colours never, or not on terminals alone, where they are not empty.",
    ),
];

pub(super) fn completions(options: &Completions, output: &Output) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), NAME, &mut script);
    // clap's script for bash looks for one name and has the other (clap-rs/clap#6421).
    let script = String::from_utf8_lossy(&script).replace("ld__subcmd__dynamo__subcmd__store", "ld__dynamo__store");
    show(script.as_bytes(), output)
}

pub(super) fn man(options: &Man, output: &Output) -> Result {
    let mut command = Arguments::command();
    command.build();
    match &options.directory {
        None => show(&page(&command)?, output),
        Some(folder) => {
            let written = std::fs::create_dir_all(folder).and_then(|()| write_pages(&command, folder));
            let count = written.map_err(|error| Failure::File(format!("{}: {error}", folder.display())))?;
            output.note(format_args!("{count} pages in {}", folder.display()));
            Ok(Outcome::Fine)
        }
    }
}

/// The text ends with the line's end that the output brings.
fn show(text: &[u8], output: &Output) -> Result {
    output.line(String::from_utf8_lossy(text).trim_end())?;
    Ok(Outcome::Fine)
}

/// A command's page and those of the commands below it; returns how many.
fn write_pages(command: &Command, folder: &Path) -> std::io::Result<usize> {
    let name = command.get_display_name().unwrap_or(NAME);
    std::fs::write(folder.join(format!("{name}.1")), page(command)?)?;
    let below = command.get_subcommands().map(|below| write_pages(below, folder));
    below.sum::<std::io::Result<usize>>().map(|count| count + 1)
}

fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let is_first = command.get_name() == NAME;
    let made = Page::new(command.clone())
        // Without a date, what follows would be taken for it.
        .date("\\&")
        .source(format!("{NAME} {}", env!("CARGO_PKG_VERSION")))
        .manual("LaunchDarkly's flags in DynamoDB");
    made.render_title(&mut text)?;
    made.render_name_section(&mut text)?;
    made.render_synopsis_section(&mut text)?;
    made.render_description_section(&mut text)?;
    made.render_options_section(&mut text)?;
    if command.has_subcommands() {
        made.render_subcommands_section(&mut text)?;
    }
    let mut end = Roff::new();
    terms(&mut end, "EXIT STATUS", &EXIT_STATUS);
    if is_first {
        terms(&mut end, "ENVIRONMENT", &ENVIRONMENT);
    } else {
        end.control("SH", ["SEE ALSO"]);
        end.text([bold(NAME), roman("(1)")]);
    }
    end.to_writer(&mut text)?;
    Ok(text)
}

fn terms(page: &mut Roff, title: &str, terms: &[(&str, &str)]) {
    page.control("SH", [title]);
    for (term, meaning) in terms {
        page.control("TP", []);
        page.text([bold(*term)]);
        page.text([roman(*meaning)]);
    }
}
