//! What can be typed: the commands and their options, from which help, completions and man pages are made.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// LaunchDarkly's flags in DynamoDB: make the table, see what is wrong with it, read, write, compare and copy it.
#[derive(Debug, Parser)]
#[command(name = "ld-dynamo-store", bin_name = "ld-dynamo-store", version, max_term_width = 100, after_help = EXIT_CODES)]
#[command(propagate_version = true, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) table: TableOptions,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 all is well; 1 findings: something is wrong with the table, differs, is not there, or was not changed;
2 what was typed or handed in is wrong; 3 the table could not be asked, or the work was not finished.

Region and credentials are found as in any AWS program; NO_COLOR turns colours off.";

/// Which table is asked, and how what is found is shown.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "The table, and the output")]
pub(super) struct TableOptions {
    /// The table's name or ARN
    #[arg(long, short, global = true, env = "LD_DYNAMO_STORE_TABLE", value_name = "NAME")]
    pub(super) table: Option<String>,
    /// The prefix of the environment's rows; without it, the rows that have none
    #[arg(long, short, global = true, env = "LD_DYNAMO_STORE_PREFIX", value_name = "PREFIX")]
    pub(super) prefix: Option<String>,
    /// The URL of the DynamoDB endpoint, for engines on this machine and VPC endpoints
    #[arg(long, global = true, value_name = "URL")]
    pub(super) endpoint: Option<String>,
    /// The AWS region
    #[arg(long, global = true, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// The profile of the AWS files
    #[arg(long, global = true, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// Print JSON: one object, or one a line where lines come as they happen; failures, too, on standard error
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say on standard error what the command cost in requests, read and write units
    #[arg(long, global = true)]
    pub(super) stats: bool,
    /// Say more on standard error; twice: each attempt of a request
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a table with the keys that every LaunchDarkly store needs, and wait until it is there
    CreateTable(CreateTable),
    /// Say what is wrong with the table, why it matters and what mends it; changes nothing
    Check(Check),
    /// Print one item as it is stored
    Get(Get),
    /// List the items of a kind
    All(All),
    /// Make the table hold exactly a data set, and mark it as initialized
    Init(Init),
    /// Write one item, if the table has none or an older version
    Upsert(Upsert),
    /// Say how the table differs from a data set
    Diff(Diff),
    /// Print what the table holds as a data set, which init takes
    Export(Export),
    /// Make another table, or another prefix, hold what this one does
    Copy(Copy),
    /// Print what changes in the table, until it is stopped
    Watch(Watch),
    /// Big Segments: who is in them
    #[command(subcommand)]
    Segments(SegmentsCommand),
    /// Run a DynamoDB in memory on this machine, with the table (by default "launchdarkly") and a data set
    ServeLocal(ServeLocal),
    /// Print a script that completes this command in a shell
    Completions(Completions),
    /// Print the manual, or write its pages into a folder
    Man(Man),
}

#[derive(Debug, Args)]
pub(super) struct CreateTable {
    /// Provision so many read units instead of paying for each request
    #[arg(long, value_name = "UNITS", requires = "write_units", value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) read_units: Option<i64>,
    /// Provision so many write units
    #[arg(long, value_name = "UNITS", requires = "read_units", value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) write_units: Option<i64>,
    /// Refuse to delete the table until somebody turns that off
    #[arg(long)]
    pub(super) deletion_protection: bool,
    /// How many seconds to wait until the table is active
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) wait: u64,
    #[command(flatten)]
    pub(super) caution: Caution,
}

/// Who asks the table with the credentials that are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Use {
    /// SDKs in daemon mode: they read alone
    Reader,
    /// An SDK with a data source, or the Relay Proxy: reads and writes
    Writer,
    /// SDKs that read Big Segments here, and their flags elsewhere
    BigSegmentsReader,
    /// Who writes Big Segments
    BigSegmentsWriter,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Whose permissions are expected
    #[arg(long = "for", value_name = "USE", value_enum, default_value_t = Use::Writer)]
    pub(super) expected: Use,
    /// Read only this prefix's rows, not the whole table to find others
    #[arg(long)]
    pub(super) no_scan: bool,
    /// Name every row, not just the first 10 of each finding
    #[arg(long)]
    pub(super) every: bool,
}

#[derive(Debug, Args)]
pub(super) struct Get {
    /// features (or flags), segments, or a kind of your own
    pub(super) kind: String,
    /// The item's key
    pub(super) key: String,
    /// Print the row itself as JSON, a damaged one, too: kind, key, version, item and the item's type
    #[arg(long)]
    pub(super) row: bool,
}

#[derive(Debug, Args)]
pub(super) struct All {
    /// features (or flags), segments, or a kind of your own
    pub(super) kind: String,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// A file with the data set, {"features": {…}, "segments": {…}}; "-" is standard input
    pub(super) file: PathBuf,
    /// Give up after so many seconds; 0 is never
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) time_limit: u64,
    #[command(flatten)]
    pub(super) caution: Caution,
}

#[derive(Debug, Args)]
pub(super) struct Upsert {
    /// features (or flags), segments, or a kind of your own
    pub(super) kind: String,
    /// The item's key
    pub(super) key: String,
    /// A file with the item's JSON; "-" is standard input
    #[arg(default_value = "-")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) caution: Caution,
}

/// How carefully something is changed.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Caution {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask, on a terminal either
    #[arg(long, short)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// A file with the data set; "-" is standard input
    pub(super) file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Export {
    /// Write into this file instead of printing
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Export this kind; may be repeated. Without it, features and segments
    #[arg(long = "kind", value_name = "KIND")]
    pub(super) kinds: Vec<String>,
    /// Leave out what is marked as deleted
    #[arg(long)]
    pub(super) without_tombstones: bool,
}

#[derive(Debug, Args)]
pub(super) struct Copy {
    /// The other table; without it, the same one
    #[arg(long, value_name = "NAME")]
    pub(super) to_table: Option<String>,
    /// The other prefix; without it, the same one; "" is none
    #[arg(long, value_name = "PREFIX")]
    pub(super) to_prefix: Option<String>,
    /// The other table's endpoint; without it, the same one
    #[arg(long, value_name = "URL")]
    pub(super) to_endpoint: Option<String>,
    /// The other table's region; without it, the same one
    #[arg(long, value_name = "REGION")]
    pub(super) to_region: Option<String>,
    /// The profile to ask the other table with; without it, the same one
    #[arg(long, value_name = "PROFILE")]
    pub(super) to_profile: Option<String>,
    /// Copy this kind; may be repeated. Without it, features and segments
    #[arg(long = "kind", value_name = "KIND")]
    pub(super) kinds: Vec<String>,
    /// Give up after so many seconds of writing; 0 is never
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(super) time_limit: u64,
    #[command(flatten)]
    pub(super) caution: Caution,
}

#[derive(Debug, Args)]
pub(super) struct Watch {
    /// Watch this kind; may be repeated. Without it, features and segments
    #[arg(long = "kind", value_name = "KIND")]
    pub(super) kinds: Vec<String>,
    /// Watch this key alone
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<String>,
    /// Read every so many seconds, at least 0.1; each time costs what reading all of it does, with --key one item
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub(super) interval: f64,
    /// End when the key has this version or a higher one
    #[arg(long, value_name = "VERSION", requires = "key")]
    pub(super) until_version: Option<u64>,
    /// End after so many seconds; with --until-version that is a finding
    #[arg(long, value_name = "SECONDS")]
    pub(super) time_limit: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(super) enum SegmentsCommand {
    /// Print the Big Segments that include or exclude a context
    Get(SegmentsGet),
    /// Apply a patch of a Big Segment, as LaunchDarkly sends it
    Patch(SegmentsPatch),
}

#[derive(Debug, Args)]
pub(super) struct SegmentsGet {
    /// The context's key
    pub(super) context: String,
    /// What is given is not the key but its hash, as the table has it
    #[arg(long)]
    pub(super) hash: bool,
}

#[derive(Debug, Args)]
pub(super) struct SegmentsPatch {
    /// A file with the patch; "-" is standard input
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) caution: Caution,
}

#[derive(Debug, Args)]
pub(super) struct ServeLocal {
    /// A file with the data set that the table begins with; "-" is standard input
    pub(super) file: Option<PathBuf>,
    /// The port to listen on; without it, a free one
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write a page for each command into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) directory: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use std::collections::BTreeSet;

    /// The names of commands as they are typed, those of `segments` with it.
    fn commands(of: &clap::Command, before: &str) -> Vec<String> {
        let mut names = Vec::new();
        for command in of.get_subcommands() {
            let name = format!("{before}{}", command.get_name());
            match command.has_subcommands() {
                true => names.extend(commands(command, &format!("{name} "))),
                false => names.push(name),
            }
        }
        names
    }

    /// Options of one command stand in its help alone.
    #[test]
    fn every_command_and_every_option_that_all_commands_have_is_documented() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/command.md")).expect("the page");
        let arguments = Arguments::command();
        for name in commands(&arguments, "") {
            let ends = ['`', ' '];
            let is_named = |after: &str| after.strip_prefix(&*name).is_some_and(|rest| rest.starts_with(ends));
            assert!(
                page.split('`').any(|code| is_named(&format!("{code}`"))),
                "docs/command.md lacks {name}"
            );
        }
        let words: BTreeSet<&str> = page
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')
            .collect();
        let options: Vec<&str> = arguments.get_arguments().filter_map(clap::Arg::get_long).collect();
        assert!(options.len() > 5, "{options:?}");
        for option in options {
            assert!(
                words.contains(&*format!("--{option}")),
                "docs/command.md lacks --{option}"
            );
        }
    }

    #[test]
    fn options_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
