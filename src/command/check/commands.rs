//! Command lines that mend something: complete, with what this run was told of the table, and quoted for a shell.

use serde_json::json;

use crate::command::arguments::TableOptions;
use crate::command::shell;
use crate::store::administration::Identity;

const PROGRAM: &str = "ld-dynamo-store";
/// Where the table's own data set is kept between two commands.
const DATA_SET: &str = "data-set.json";

/// Before [`Commands::init`].
pub(super) const FULL_DATA_SET: &str = "Write the full data set:";
/// Before [`Commands::write_anew`].
pub(super) const WRITTEN_ANEW: &str = "Write the full data set, or the table's own anew, while nothing else writes:";
/// How commands begin in which a word stands for something that only who runs them has, and what that is.
const PLACEHOLDERS: [(&str, &str); 2] = [
    (
        "ld-dynamo-store init FILE ",
        "FILE holds the environment's full data set, {\"flags\": …, \"segments\": …}. An SDK that writes, and the Relay Proxy, write it whenever they start.",
    ),
    ("ld-dynamo-store upsert ", "ITEM is a file with the JSON of this flag or segment alone."),
];

/// What commands of this run are made of: what it was told, and what came of that.
pub(super) struct Commands<'a>(pub(super) &'a TableOptions, pub(super) &'a Identity);

impl Commands<'_> {
    /// A command of ours on the same table and prefix.
    pub(super) fn line(&self, words: &[&str]) -> String {
        self.on(words, self.table(), self.prefix())
    }

    pub(super) fn with_prefix(&self, words: &[&str], prefix: &str) -> String {
        self.on(words, self.table(), Some(prefix))
    }

    /// On another table, with the same prefix.
    pub(super) fn line_on_table(&self, words: &[&str], table: &str) -> String {
        self.on(words, table, self.prefix())
    }

    /// On another table, where the prefix does not matter.
    pub(super) fn with_table(&self, words: &[&str], table: &str) -> String {
        self.on(words, table, None)
    }

    /// The table takes over a full data set, which whoever runs it has to name.
    pub(super) fn init(&self) -> Vec<String> {
        vec![self.line(&["init", "FILE"])]
    }

    /// The table's own data set is written anew: rows that can be read become as this library writes them.
    pub(super) fn write_anew(&self) -> Vec<String> {
        vec![
            self.line(&["export", "--output", DATA_SET]),
            self.line(&["init", DATA_SET]),
        ]
    }

    pub(super) fn upsert(&self, kind: &str, key: &str) -> String {
        // Behind "--" nothing is taken for an option.
        if key.starts_with('-') {
            return format!("{} -- {}", self.line(&["upsert"]), shell::joined([kind, key, "ITEM"]));
        }
        self.line(&["upsert", kind, key, "ITEM"])
    }

    /// A request of the AWS command line on a row, which no command of ours changes.
    pub(super) fn aws_on_row(&self, operation: &str, namespace: &str, key: &str, more: &[&str]) -> String {
        let row = json!({"namespace": {"S": namespace}, "key": {"S": key}}).to_string();
        let words = [&["--key", row.as_str()], more].concat();
        self.aws(&[operation], &words)
    }

    /// With region and endpoint, which the AWS command line would look for elsewhere.
    pub(super) fn aws(&self, operation: &[&str], more: &[&str]) -> String {
        let words = ["aws", "dynamodb"].iter().chain(operation).copied();
        let mut parts = vec![shell::joined(words), shell::option("--table-name", self.table())];
        parts.extend(more.iter().map(|word| shell::quoted(word)));
        let endpoint = self.1.endpoint.as_ref().or(self.0.endpoint.as_ref());
        let region = Some(&self.1.region).filter(|region| !region.is_empty());
        parts.extend(given(&[
            ("--endpoint-url", endpoint),
            ("--region", region.or(self.0.region.as_ref())),
            ("--profile", self.0.profile.as_ref()),
        ]));
        parts.join(" ")
    }

    fn on(&self, words: &[&str], table: &str, prefix: Option<&str>) -> String {
        let words = std::iter::once(PROGRAM).chain(words.iter().copied());
        let mut parts = vec![shell::joined(words), shell::option("--table", table)];
        parts.extend(prefix.map(|prefix| shell::option("--prefix", prefix)));
        parts.extend(given(&[
            ("--endpoint", self.0.endpoint.as_ref()),
            ("--region", self.0.region.as_ref()),
            ("--profile", self.0.profile.as_ref()),
        ]));
        parts.join(" ")
    }

    pub(super) fn table(&self) -> &str {
        self.0.table.as_deref().unwrap_or_default()
    }

    /// As it was given: an empty one may stand against the environment's.
    fn prefix(&self) -> Option<&str> {
        self.0.prefix.as_deref()
    }
}

fn given(options: &[(&str, Option<&String>)]) -> Vec<String> {
    let given = options
        .iter()
        .filter_map(|(name, value)| Some((*name, value.filter(|text| !text.is_empty())?)));
    given.map(|(name, value)| shell::option(name, value)).collect()
}

/// What the placeholders in these commands mean.
pub(super) fn placeholders<'c>(commands: impl Iterator<Item = &'c String> + Clone) -> Vec<&'static str> {
    let is_used = |beginning: &str| commands.clone().any(|command| command.starts_with(beginning));
    let used = PLACEHOLDERS.iter().filter(|(beginning, _)| is_used(beginning));
    used.map(|(_, meaning)| *meaning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> TableOptions {
        TableOptions {
            table: Some("flags".to_owned()),
            prefix: Some("it's".to_owned()),
            endpoint: Some("http://127.0.0.1:8000".to_owned()),
            region: Some("eu-west-1".to_owned()),
            ..TableOptions::default()
        }
    }

    #[test]
    fn a_command_says_what_this_run_was_told() {
        let (options, identity) = (options(), Identity::default());
        let commands = Commands(&options, &identity);
        assert_eq!(
            commands.line(&["init", "FILE"]),
            r"ld-dynamo-store init FILE --table flags --prefix 'it'\''s' --endpoint http://127.0.0.1:8000 --region eu-west-1"
        );
        assert_eq!(
            commands.with_prefix(&["check"], ""),
            "ld-dynamo-store check --table flags --prefix '' --endpoint http://127.0.0.1:8000 --region eu-west-1"
        );
        assert_eq!(
            commands.aws_on_row("delete-item", "flags", "a b", &[]),
            "aws dynamodb delete-item --table-name flags --key '{\"key\":{\"S\":\"a b\"},\"namespace\":{\"S\":\"flags\"}}' \
             --endpoint-url http://127.0.0.1:8000 --region eu-west-1"
        );
    }

    #[test]
    fn the_aws_command_line_is_told_what_the_environment_said() {
        let options = TableOptions {
            table: Some("-t".to_owned()),
            prefix: Some("-p".to_owned()),
            ..TableOptions::default()
        };
        let identity = Identity {
            region: "eu-west-1".to_owned(),
            endpoint: Some("http://127.0.0.1:8000".to_owned()),
            credentials: String::new(),
        };
        let commands = Commands(&options, &identity);
        assert_eq!(
            commands.aws(&["describe-table"], &[]),
            "aws dynamodb describe-table --table-name=-t --endpoint-url http://127.0.0.1:8000 --region eu-west-1"
        );
        assert_eq!(
            commands.line(&["check"]),
            "ld-dynamo-store check --table=-t --prefix=-p"
        );
    }

    #[test]
    fn a_key_is_no_placeholder() {
        let (options, identity) = (options(), Identity::default());
        let commands = Commands(&options, &identity);
        let deletion = commands.aws_on_row("delete-item", "flags", "a FILE or ITEM", &[]);
        assert!(placeholders([deletion.clone()].iter()).is_empty());
        let both = [
            deletion,
            commands.upsert("features", "FILE"),
            commands.line(&["init", "FILE"]),
        ];
        assert_eq!(placeholders(both.iter()).len(), 2);
        assert!(placeholders(both[..2].iter())[0].starts_with("ITEM"));
    }
}
