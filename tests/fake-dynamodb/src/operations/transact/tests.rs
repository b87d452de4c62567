use super::super::testing::{run, tables};
use super::super::{Operation, Request};
use super::*;
use serde_json::{json, Value};
use std::time::Duration;

fn key(key: &str) -> Value {
    json!({"namespace": {"S": "n"}, "key": {"S": key}})
}

fn item(name: &str, version: &str) -> Value {
    let mut item = key(name);
    item["version"] = json!({"S": version});
    item
}

fn put(name: &str) -> Value {
    json!({"Put": {"TableName": "t", "Item": item(name, "1")}})
}

fn delete(name: &str) -> Value {
    json!({"Delete": {"TableName": "t", "Key": key(name)}})
}

fn check(name: &str, version: &str) -> Value {
    json!({"ConditionCheck": {
        "TableName": "t", "Key": key(name), "ConditionExpression": "attribute_not_exists(#v) OR #v = :v",
        "ExpressionAttributeNames": {"#v": "version"}, "ExpressionAttributeValues": {":v": {"S": version}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"
    }})
}

fn add(name: &str, attribute: &str, members: &[&str]) -> Value {
    json!({"Update": {
        "TableName": "t", "Key": key(name), "UpdateExpression": format!("ADD {attribute} :s"),
        "ExpressionAttributeValues": {":s": {"SS": members}}
    }})
}

fn transact(tables: &mut Tables, actions: &[Value]) -> Result<Value, Failure> {
    let body = json!({"TransactItems": actions, "ReturnConsumedCapacity": "TOTAL"});
    run(tables, Operation::TransactWriteItems, &body.to_string())
}

fn rows(tables: &Tables) -> Value {
    let rows = tables["t"].all_rows(None);
    rows.map(|at| serde_json::from_str::<Value>(&at.row.attributes).unwrap())
        .collect()
}

fn filled() -> Tables {
    let mut tables = tables();
    transact(&mut tables, &[put("a"), put("b")]).unwrap();
    tables
}

#[test]
fn all_four_actions_are_done() {
    let mut tables = filled();
    let answer = transact(
        &mut tables,
        &[
            check("a", "1"),
            delete("b"),
            put("c"),
            add("d", "included", &["x"]),
            check("e", "9"),
        ],
    );
    assert_eq!(
        answer.unwrap(),
        json!({"ConsumedCapacity": [{"TableName": "t", "CapacityUnits": 10.0, "WriteCapacityUnits": 10.0}]})
    );
    let mut updated = key("d");
    updated["included"] = json!({"SS": ["x"]});
    assert_eq!(rows(&tables), json!([item("a", "1"), item("c", "1"), updated]));
}

#[test]
fn one_action_that_cannot_be_done_cancels_all() {
    let grown = json!({"Update": {"TableName": "t", "Key": key("a"), "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "x".repeat(409_590)}}}});
    let mut silent = check("a", "2");
    silent["ConditionCheck"]["ReturnValuesOnConditionCheckFailure"] = json!("NONE");
    let condition = "The conditional request failed";
    for (action, code, message, stored) in [
        (
            check("a", "2"),
            "ConditionalCheckFailed",
            condition,
            Some(item("a", "1")),
        ),
        (silent, "ConditionalCheckFailed", condition, None),
        (
            add("a", "version", &["x"]),
            "ValidationError",
            "An operand in the update expression has an incorrect data type",
            None,
        ),
        (
            add("a", "key", &["x"]),
            "ValidationError",
            "One or more parameter values were invalid: Cannot update attribute key. This attribute is part of the key",
            None,
        ),
        (
            grown,
            "ValidationError",
            "Item size to update has exceeded the maximum allowed size",
            None,
        ),
        (
            json!({"Delete": {"TableName": "t", "Key": {"id": {"S": "x"}}}}),
            "ValidationError",
            "The provided key element does not match the schema",
            None,
        ),
    ] {
        let mut tables = filled();
        let before = rows(&tables);
        let failure = transact(&mut tables, &[put("0"), action, delete("b")]).unwrap_err();
        assert_eq!((failure.status, &*failure.code), (400, "TransactionCanceledException"));
        let body: Value = serde_json::from_slice(&failure.body()).unwrap();
        let mut reason = json!({"Code": code, "Message": message});
        if let Some(stored) = stored {
            reason["Item"] = stored;
        }
        assert_eq!(
            body["CancellationReasons"],
            json!([{"Code": "None"}, reason, {"Code": "None"}])
        );
        let list = format!("[None, {code}, None]");
        assert!(body["Message"].as_str().unwrap().ends_with(&list), "{body}");
        assert_eq!(failure.write_units, 6.0);
        assert_eq!(rows(&tables), before);
    }
}

#[test]
fn bad_requests_are_refused_whole() {
    let many: Vec<_> = (0..101).map(|index| put(&index.to_string())).collect();
    let megabytes: Vec<_> = (0..11).map(|index| json!({"Put": {"TableName": "t", "Item": {"namespace": {"S": "n"}, "key": {"S": index.to_string()}, "v": {"S": "x".repeat(400_000)}}}})).collect();
    let large = json!({"Put": {"TableName": "t", "Item": {"namespace": {"S": "n"}, "key": {"S": "l"}, "v": {"S": "x".repeat(409_600)}}}});
    let mut unused = delete("a");
    unused["Delete"]["ExpressionAttributeNames"] = json!({"#v": "version"});
    let mut empty = put("c");
    empty["Put"]["Item"]["s"] = json!({"SS": []});
    for (actions, expected) in [
        (many, "less than or equal to 100"),
        (vec![], "greater than or equal to 1"),
        (
            vec![put("c"), check("c", "1")],
            "cannot include multiple operations on one item",
        ),
        (vec![put("c"), add("d", "included", &[])], "may not be empty for key :s"),
        (vec![put("c"), add("d", "included", &["x", "x"])], "contains duplicates"),
        (vec![empty], "may not be empty"),
        (vec![put("c"), large], "Item size has exceeded the maximum allowed size"),
        (vec![put("c"), unused], "unused in expressions: keys: {#v}"),
        (megabytes, "cannot exceed 4MB"),
    ] {
        let mut tables = filled();
        let before = rows(&tables);
        let failure = transact(&mut tables, &actions).unwrap_err();
        assert_eq!(failure.code, "ValidationException", "{}", failure.message);
        assert!(failure.message.contains(expected), "{}", failure.message);
        assert_eq!(rows(&tables), before);
    }
    assert!(transact(
        &mut tables(),
        &(0..100).map(|index| put(&index.to_string())).collect::<Vec<_>>()
    )
    .is_ok());
    let mut elsewhere = put("a");
    elsewhere["Put"]["TableName"] = json!("u");
    let failure = transact(&mut tables(), &[put("b"), elsewhere]).unwrap_err();
    assert_eq!(failure.code, "ResourceNotFoundException");
}

#[test]
fn fields_belong_to_their_actions() {
    let with = |mut action: Value, kind: &str, name: &str, value: Value| {
        action[kind][name] = value;
        action
    };
    let without = |mut action: Value, kind: &str, name: &str| {
        action[kind].as_object_mut().unwrap().remove(name);
        action
    };
    for (action, expected) in [
        (with(put("a"), "Put", "Key", key("a")), "unknown field `Key` in put"),
        (
            with(delete("a"), "Delete", "Item", key("a")),
            "unknown field `Item` in delete",
        ),
        (
            with(delete("a"), "Delete", "UpdateExpression", json!("REMOVE a")),
            "unknown field `UpdateExpression`",
        ),
        (with(put("a"), "Put", "ReturnValues", json!("NONE")), "ReturnValues"),
        (
            without(check("a", "1"), "ConditionCheck", "ConditionExpression"),
            "missing field `ConditionExpression`",
        ),
        (
            without(add("a", "b", &["x"]), "Update", "UpdateExpression"),
            "missing field `UpdateExpression`",
        ),
        (without(put("a"), "Put", "Item"), "missing field `Item`"),
        (json!({"Get": {}}), "Get"),
        (json!({}), "expected"),
    ] {
        let failure = transact(&mut tables(), &[action]).unwrap_err();
        assert_eq!(failure.code, "SerializationException");
        assert!(failure.message.contains(expected), "{}", failure.message);
    }
}

#[test]
fn a_token_does_its_request_once() {
    let (mut tables, mut tokens, start) = (tables(), Tokens::default(), Instant::now());
    let mut send = |tables: &mut Tables, token: &str, actions: &[Value], report: &str, seconds: u64| {
        let body = json!({"TransactItems": actions, "ClientRequestToken": token, "ReturnConsumedCapacity": report});
        let body = body.to_string();
        let Request::TransactWriteItems(request) =
            Request::parse(Operation::TransactWriteItems, body.as_bytes()).unwrap()
        else {
            unreachable!("it was asked for")
        };
        request.run(tables, &mut tokens, start + Duration::from_secs(seconds))
    };
    assert!(
        send(&mut tables, "x", &[check("a", "1"), put("b")], "NONE", 0)
            .unwrap()
            .rows_written
            == 1
    );
    run(
        &mut tables,
        Operation::DeleteItem,
        &json!({"TableName": "t", "Key": key("b")}).to_string(),
    )
    .unwrap();
    let again = send(&mut tables, "x", &[check("a", "1"), put("b")], "TOTAL", 599).unwrap();
    assert_eq!((again.rows_written, again.write_units, again.read_units), (0, 0.0, 4.0));
    assert_eq!(rows(&tables), json!([]));
    let other = send(&mut tables, "x", &[put("b")], "NONE", 599).unwrap_err();
    assert_eq!(
        (other.status, &*other.code),
        (400, "IdempotentParameterMismatchException")
    );
    assert_eq!(
        send(&mut tables, "x", &[put("b")], "NONE", 600).unwrap().rows_written,
        1
    );
    // What was cancelled was not done.
    let refused = [check("b", "2"), put("c")];
    for _ in 0..2 {
        let failure = send(&mut tables, "y", &refused, "NONE", 0).unwrap_err();
        assert_eq!(failure.code, "TransactionCanceledException");
    }
    assert!(send(&mut tables, "y", &[put("c")], "NONE", 0).is_ok());
    for token in [String::new(), "x".repeat(37)] {
        let failure = send(&mut tables, &token, &[put("d")], "NONE", 0).unwrap_err();
        assert!(failure.message.contains("clientRequestToken"), "{}", failure.message);
    }
    assert!(send(&mut tables, &"x".repeat(36), &[put("d")], "NONE", 0).is_ok());
}
