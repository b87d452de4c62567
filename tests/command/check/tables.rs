//! Tables that are checked: a healthy one, and what breaks it.

use serde_json::{json, Value};

use crate::program::{Program, Run};
use crate::support::Engine;

/// A table, and the command that checks it.
pub struct Checked {
    pub engine: Engine,
    pub table: String,
    pub program: Program,
}

/// The full data set of the healthy table.
pub fn data_set() -> Value {
    json!({
        "flags": {
            "new-checkout": {
                "key": "new-checkout", "version": 5, "on": true, "prerequisites": [{"key": "payments", "variation": 0}],
                "rules": [{"clauses": [{"op": "segmentMatch", "values": ["staff"]}]}],
            },
            "payments": {"key": "payments", "version": 3, "on": true},
            "search": {"key": "search", "version": 8, "on": false},
        },
        "segments": {"staff": {"key": "staff", "version": 2, "included": ["ann"]}},
    })
}

impl Checked {
    pub fn on(engine: Engine, table: &str) -> Self {
        let program = Program::on(&engine, table);
        Checked {
            engine,
            table: table.to_owned(),
            program,
        }
    }

    pub fn empty(engine: Engine) -> Self {
        let table = engine.create_table();
        Self::on(engine, &table)
    }

    /// With the data set under the prefix "production".
    pub fn healthy(engine: Engine) -> Self {
        let checked = Self::empty(engine);
        let config = json!({"prefix": "production"});
        let store = checked.engine.store_with(&checked.table, config);
        let report = store.init(&data_set().to_string()).expect("an init");
        assert_eq!(report.written, 4);
        checked
    }

    /// Asks for another table.
    pub fn rename(&mut self, table: &str) {
        self.table = table.to_owned();
        self.program = Program::on(&self.engine, table);
    }

    pub fn put(&self, namespace: &str, key: &str, attributes: &Value) {
        let mut row = attributes.clone();
        row["namespace"] = json!({"S": namespace});
        row["key"] = json!({"S": key});
        self.engine.put(&self.table, &row);
    }

    /// A row as stores write it.
    pub fn put_item(&self, namespace: &str, key: &str, item: &Value) {
        let version = item["version"].to_string();
        self.put(
            namespace,
            key,
            &json!({"version": {"N": version}, "item": {"S": item.to_string()}}),
        );
    }

    pub fn delete(&self, namespace: &str, key: &str) {
        let body = json!({"TableName": self.table, "Key": {"namespace": {"S": namespace}, "key": {"S": key}}});
        self.engine.request("DeleteItem", &body).expect("no row");
    }

    /// Everything that is found in rows, once.
    pub fn break_everything(&self) {
        for (namespace, key, attributes) in faults() {
            self.put(namespace, key, &attributes);
        }
        let more = json!({"version": {"N": "1"}});
        self.put("production:$inited", "production:$inited", &more);
        let metadata = json!({"synchronizedOn": {"N": "1000000000000"}, "lastVersion": {"N": "1"}});
        self.put(
            "production:big_segments_metadata",
            "production:big_segments_metadata",
            &metadata,
        );
        self.put(
            "production:big_segments_user",
            "hash",
            &json!({"included": {"S": "a.g1"}}),
        );
        self.put("orders", "1", &json!({"total": {"N": "3"}}));
        self.put_item("staging:features", "search", &json!({"key": "search", "version": 1}));
    }

    pub fn check(&self, arguments: &[&str]) -> Run {
        self.program.run(&[&["check"], arguments].concat())
    }

    /// What `--json` prints, after it ended with `code`.
    #[track_caller]
    pub fn json(&self, arguments: &[&str], code: i32) -> Value {
        let run = self.check(&[arguments, &["--json"]].concat());
        serde_json::from_str(&run.expect(code)).expect("JSON")
    }

    pub fn rows(&self) -> Vec<String> {
        let mut rows: Vec<String> = self.engine.rows(&self.table).iter().map(Value::to_string).collect();
        rows.sort_unstable();
        rows
    }

    /// Compares with a snapshot, but for what it cost, in which engines differ.
    pub fn snapshot(&self, name: &str, printed: &str) {
        let is_cost = |line: &str| line.starts_with("cost: ");
        let lines = printed
            .lines()
            .map(|line| if is_cost(line) { "cost: [COST]" } else { line });
        let text = lines.map(|line| format!("{line}\n")).collect::<String>();
        self.program.snapshot(name, &text);
    }
}

/// Each fault of a row: namespace, key and attributes.
pub fn faults() -> Vec<(&'static str, &'static str, Value)> {
    const FLAGS: &str = "production:features";
    let item = |text: &str| json!({"version": {"N": "1"}, "item": {"S": text}});
    let large = |key: &str, bytes: usize| {
        let padding = "x".repeat(bytes);
        item(&format!(r#"{{"key":"{key}","version":1,"padding":"{padding}"}}"#))
    };
    let with_attribute = json!({
        "version": {"N": "1"},
        "item": {"S": r#"{"key":"other-attributes","version":1}"#},
        "deleted": {"BOOL": true},
    });
    vec![
        (FLAGS, "corrupt", item(r#"{"key":"corrupt","version":1"#)),
        (FLAGS, "no-text", json!({"version": {"N": "1"}, "item": {"N": "1"}})),
        (FLAGS, "too-large", large("too-large", 401_000)),
        (FLAGS, "null-deletion", item("null")),
        (
            FLAGS,
            "no-version",
            json!({"item": {"S": r#"{"key":"no-version","version":1}"#}}),
        ),
        (FLAGS, "no-version-in-item", item(r#"{"key":"no-version-in-item"}"#)),
        (
            FLAGS,
            "needs-flag",
            item(r#"{"key":"needs-flag","version":1,"prerequisites":[{"key":"gone"}]}"#),
        ),
        (
            FLAGS,
            "needs-segment",
            item(
                r#"{"key":"needs-segment","version":1,"rules":[{"clauses":[{"op":"segmentMatch","values":["gone"]}]}]}"#,
            ),
        ),
        (
            "production:Features",
            "misspelt",
            item(r#"{"key":"misspelt","version":1}"#),
        ),
        (
            "production:flags",
            "misspelt",
            item(r#"{"key":"misspelt","version":1}"#),
        ),
        (FLAGS, "other-version", item(r#"{"key":"other-version","version":2}"#)),
        (FLAGS, "other-key", item(r#"{"key":"another-key","version":1}"#)),
        (
            FLAGS,
            "minimal-deletion",
            item(r#"{"key":"minimal-deletion","version":1,"deleted":true}"#),
        ),
        (FLAGS, "other-attributes", with_attribute),
        (FLAGS, "near-limit", large("near-limit", 365_000)),
    ]
}

/// What was found, a line each.
pub fn whats(found: &Value) -> Vec<String> {
    let findings = found["findings"].as_array().expect("findings");
    let whats = findings.iter().map(|finding| finding["what"].as_str().expect("a text"));
    whats.map(str::to_owned).collect()
}

/// For a snapshot: without what differs from engine to engine.
pub fn pretty(mut found: Value) -> String {
    found["cost"] = json!("[COST]");
    found["description"]["arn"] = json!("[ARN]");
    let mut text = serde_json::to_string_pretty(&found).expect("JSON");
    text.push('\n');
    text
}
