//! The table itself: whether it is there, is active and has the store's keys.

use serde_json::{json, Value};

use super::commands::Commands;
use super::finding::Finding;
use super::finding::Severity::Wrong;
use crate::store::administration::{Capacity, Identity, TableDescription};
use crate::table::name::without_arn;
use crate::table::schema;

/// Statuses in which rows can be read and written.
const USABLE: [&str; 2] = ["ACTIVE", "UPDATING"];

pub(super) fn is_usable(description: &TableDescription) -> bool {
    USABLE.contains(&description.status.as_str())
}

pub(super) fn has_keys_of_store(description: &TableDescription) -> bool {
    let keys = description.keys.iter();
    let keys = keys.map(|key| (key.name.as_str(), key.attribute_type.as_str()));
    keys.eq([(schema::NAMESPACE, "S"), (schema::KEY, "S")])
}

/// `namespace (S), key (S)`.
pub(super) fn keys(description: &TableDescription) -> String {
    let keys = description.keys.iter();
    let keys: Vec<_> = keys
        .map(|key| format!("{} ({})", key.name, key.attribute_type))
        .collect();
    keys.join(", ")
}

pub(super) fn capacity(capacity: Capacity) -> String {
    match capacity {
        Capacity::OnDemand => "on demand".to_owned(),
        Capacity::Provisioned {
            read_units,
            write_units,
        } => format!("{read_units} read and {write_units} write units provisioned"),
    }
}

pub(super) fn json(description: &TableDescription) -> Value {
    let capacity = match description.capacity {
        Capacity::OnDemand => json!("on demand"),
        Capacity::Provisioned {
            read_units,
            write_units,
        } => json!({"read_units": read_units, "write_units": write_units}),
    };
    json!({
        "status": description.status,
        "keys": description.keys.iter().map(|key| json!({"name": key.name, "type": key.attribute_type})).collect::<Value>(),
        "capacity": capacity,
        "arn": description.arn,
        "deletion_protection": description.has_deletion_protection,
    })
}

/// What is wrong with what DescribeTable says.
pub(super) fn findings(description: &TableDescription, commands: &Commands<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !is_usable(description) {
        findings.push(not_active(&description.status, commands));
    }
    if !has_keys_of_store(description) {
        let has = format!("its keys are {}", keys(description));
        findings.push(other_keys(&has, commands));
    }
    findings
}

pub(super) fn missing(identity: &Identity, commands: &Commands<'_>) -> Finding {
    let what = format!("there is no table {:?} in {}", commands.table(), identity.region);
    let why = "Every call of an SDK fails, and SDKs serve default values. Nothing creates the table by itself.";
    Finding::new(Wrong, what, why)
        .advice("Usually the region or the account is another one: check --region, --profile and the name. If they are right:")
        .commands([commands.with_table(&["create-table"], without_arn(commands.table()))])
}

pub(super) fn other_keys(has: &str, commands: &Commands<'_>) -> Finding {
    let why = "SDKs ask for the partition key \"namespace\" and the sort key \"key\", both strings: DynamoDB refuses every call.";
    let other = format!("{}-2", without_arn(commands.table()));
    Finding::new(Wrong, format!("the table has other keys than a store needs: {has}"), why)
        .advice("A table's keys cannot be changed. Another table, which SDKs then have to be told of, and init with the full data set:")
        .commands([
            commands.with_table(&["create-table"], &other),
            commands.line_on_table(&["init", "FILE"], &other),
        ])
}

fn not_active(status: &str, commands: &Commands<'_>) -> Finding {
    let why = "DynamoDB refuses every call, and SDKs serve default values or what they know already.";
    let finding = Finding::new(Wrong, format!("the table is not active, but {status}"), why);
    match status {
        "CREATING" => finding
            .advice("Wait until it is there:")
            .commands([commands.aws(&["wait", "table-exists"], &[])]),
        "DELETING" => finding
            .advice("Wait until it is gone, and make another:")
            .commands([
                commands.aws(&["wait", "table-not-exists"], &[]),
                commands.with_table(&["create-table"], without_arn(commands.table())),
            ]),
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS" | "ARCHIVING" | "ARCHIVED" => finding
            .advice("DynamoDB cannot use the table's KMS key: enable the key, and see its policy. An archived table has to be restored from its backup."),
        _ => finding
            .advice("What AWS says of it:")
            .commands([commands.aws(&["describe-table"], &[])]),
    }
}

/// The ARN, or a pattern where nobody may look for it.
pub(super) fn resource(description: Option<&TableDescription>, identity: &Identity, table: &str) -> String {
    if let Some(arn) = description.and_then(|description| description.arn.as_deref()) {
        return arn.to_owned();
    }
    if table.starts_with("arn:") {
        return table.to_owned();
    }
    let region = &identity.region;
    let partition = match () {
        () if region.starts_with("cn-") => "aws-cn",
        () if region.starts_with("us-gov-") => "aws-us-gov",
        () => "aws",
    };
    format!("arn:{partition}:dynamodb:{region}:*:table/{table}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arguments::TableOptions;
    use crate::store::administration::KeyAttribute;

    fn description(status: &str, keys: &[(&str, &str)]) -> TableDescription {
        let key = |(name, attribute_type): &(&str, &str)| KeyAttribute {
            name: (*name).to_owned(),
            attribute_type: (*attribute_type).to_owned(),
        };
        TableDescription {
            status: status.to_owned(),
            keys: keys.iter().map(key).collect(),
            capacity: Capacity::OnDemand,
            rows: None,
            bytes: None,
            arn: None,
            has_deletion_protection: false,
        }
    }

    const OURS: [(&str, &str); 2] = [("namespace", "S"), ("key", "S")];

    fn whats(description: &TableDescription) -> Vec<String> {
        let options = TableOptions {
            table: Some("flags".to_owned()),
            ..TableOptions::default()
        };
        let findings = findings(description, &Commands(&options, &Identity::default())).into_iter();
        findings.map(|finding| finding.what).collect()
    }

    #[test]
    fn statuses_and_keys() {
        for usable in USABLE {
            assert!(whats(&description(usable, &OURS)).is_empty());
        }
        for status in ["CREATING", "DELETING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED"] {
            let found = whats(&description(status, &OURS));
            assert_eq!(found, [format!("the table is not active, but {status}")]);
        }
        for keys in [
            &[("namespace", "S")][..],
            &[("namespace", "S"), ("key", "N")],
            &[("key", "S"), ("namespace", "S")],
            &[("id", "S"), ("key", "S")],
        ] {
            assert_eq!(whats(&description("ACTIVE", keys)).len(), 1, "{keys:?}");
        }
    }

    #[test]
    fn a_pattern_stands_for_an_arn_that_is_not_known() {
        let identity = |region: &str| Identity {
            region: region.to_owned(),
            endpoint: None,
            credentials: String::new(),
        };
        let eu = identity("eu-west-1");
        assert_eq!(resource(None, &eu, "flags"), "arn:aws:dynamodb:eu-west-1:*:table/flags");
        assert_eq!(
            resource(None, &identity("cn-north-1"), "flags"),
            "arn:aws-cn:dynamodb:cn-north-1:*:table/flags"
        );
        let arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/flags";
        assert_eq!(resource(None, &eu, arn), arn);
        assert_eq!(without_arn(arn), "flags");
    }
}
