//! Command lines that mend something: complete, with what this run was told of the table, and quoted for a shell.

use serde_json::json;

use crate::command::arguments::TableOptions;

const PROGRAM: &str = "ld-dynamo-store";
/// Where the table's own data set is kept between two commands.
const DATA_SET: &str = "data-set.json";

/// Before [`Commands::init`].
pub(super) const FULL_DATA_SET: &str = "Write the full data set:";
/// Before [`Commands::write_anew`].
pub(super) const WRITTEN_ANEW: &str = "Write the full data set, or the table's own anew, while nothing else writes:";
/// What stands in commands for something that only who runs them has, and what that is.
pub(super) const PLACEHOLDERS: [(&str, &str); 2] = [
    (
        "FILE",
        "FILE holds the environment's full data set, {\"flags\": …, \"segments\": …}. An SDK that writes, and the Relay Proxy, write it whenever they start.",
    ),
    ("ITEM", "ITEM is a file with the JSON of this flag or segment alone."),
];

/// What commands of this run are made of.
pub(super) struct Commands<'a>(pub(super) &'a TableOptions);

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
    pub(super) fn write_anew<'k>(&self, kinds: impl IntoIterator<Item = &'k str>) -> Vec<String> {
        let mut export = vec!["export", "--output", DATA_SET];
        export.extend(kinds.into_iter().flat_map(|kind| ["--kind", kind]));
        vec![self.line(&export), self.line(&["init", DATA_SET])]
    }

    pub(super) fn upsert(&self, kind: &str, key: &str) -> String {
        // Behind "--" nothing is taken for an option.
        if key.starts_with('-') {
            return format!(
                "{} -- {}",
                self.line(&["upsert"]),
                joined([kind, key, "ITEM"].into_iter())
            );
        }
        self.line(&["upsert", kind, key, "ITEM"])
    }

    /// Nothing stays of a kind.
    pub(super) fn empty_kind(&self, kind: &str) -> String {
        let data_set = json!({ kind: {} }).to_string();
        format!("echo {} | {}", quoted(&data_set), self.line(&["init", "-"]))
    }

    /// A request of the AWS command line on a row, which no command of ours changes.
    pub(super) fn aws_on_row(&self, operation: &str, namespace: &str, key: &str, more: &[&str]) -> String {
        let row = json!({"namespace": {"S": namespace}, "key": {"S": key}}).to_string();
        let words = [&["--key", row.as_str()], more].concat();
        self.aws(&[operation], &words)
    }

    pub(super) fn aws(&self, operation: &[&str], more: &[&str]) -> String {
        let options = [
            ("--endpoint-url", &self.0.endpoint),
            ("--region", &self.0.region),
            ("--profile", &self.0.profile),
        ];
        let beginning = ["aws", "dynamodb"].into_iter().chain(operation.iter().copied());
        let table = ["--table-name", self.table()];
        joined(
            beginning
                .chain(table)
                .chain(more.iter().copied())
                .chain(given(&options)),
        )
    }

    fn on(&self, words: &[&str], table: &str, prefix: Option<&str>) -> String {
        let options = [
            ("--endpoint", &self.0.endpoint),
            ("--region", &self.0.region),
            ("--profile", &self.0.profile),
        ];
        let beginning = std::iter::once(PROGRAM).chain(words.iter().copied());
        let table = ["--table", table];
        let prefix = prefix.into_iter().flat_map(|prefix| ["--prefix", prefix]);
        joined(beginning.chain(table).chain(prefix).chain(given(&options)))
    }

    pub(super) fn table(&self) -> &str {
        self.0.table.as_deref().unwrap_or_default()
    }

    /// As it was given: an empty one may stand against the environment's.
    fn prefix(&self) -> Option<&str> {
        self.0.prefix.as_deref()
    }
}

fn given<'o>(options: &'o [(&'o str, &'o Option<String>)]) -> impl Iterator<Item = &'o str> {
    let given = options
        .iter()
        .filter_map(|(name, value)| Some([*name, value.as_deref().filter(|text| !text.is_empty())?]));
    given.flatten()
}

fn joined<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// As a shell reads it back: bash and zsh where there are control characters, else any.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if !word.contains(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let escaped = |c: char| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if c.is_control() => {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).bytes();
            bytes.map(|byte| format!("\\x{byte:02x}")).collect()
        }
        c => c.to_string(),
    };
    format!("$'{}'", word.chars().map(escaped).collect::<String>())
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
        let options = options();
        let commands = Commands(&options);
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
    fn a_shell_reads_back_what_was_quoted() {
        for word in [
            "plain",
            "",
            "a b",
            "it's",
            "$HOME",
            "a\"b",
            "é",
            "tab\t'\\",
            "\u{1b}[31m",
            "\u{85}",
        ] {
            let line = format!("printf %s {}", quoted(word));
            let output = std::process::Command::new("bash").args(["-c", &line]).output();
            let output = output.expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), word, "{line}");
        }
    }
}
