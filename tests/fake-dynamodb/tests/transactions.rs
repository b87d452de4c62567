//! Updates and transactions as a client meets them, with the faults of the script.

mod endpoint;

use endpoint::{item, Client, Endpoint};
use serde_json::{json, Value};

fn key(key: &str) -> Value {
    json!({"namespace": {"S": "n"}, "key": {"S": key}})
}

fn update(key_of_row: &str) -> Value {
    json!({
        "TableName": "t", "Key": key(key_of_row), "UpdateExpression": "SET version = :v",
        "ExpressionAttributeValues": {":v": {"N": "1"}}
    })
}

fn transaction(token: &str) -> Value {
    let check = json!({"TableName": "t", "Key": key("c"), "ConditionExpression": "attribute_not_exists(version)"});
    json!({
        "TransactItems": [{"ConditionCheck": check}, {"Update": update("u")}, {"Put": {"TableName": "t", "Item": item("p")}}, {"Delete": {"TableName": "t", "Key": key("d")}}],
        "ClientRequestToken": token
    })
}

async fn rows(endpoint: &Endpoint) -> Value {
    endpoint.control("GET", "rows?table=t", Value::Null).await
}

async fn last_entry(endpoint: &Endpoint) -> Value {
    let log = endpoint.control("GET", "log", Value::Null).await;
    log.as_array().unwrap().last().unwrap().clone()
}

async fn transact(client: &mut Client, token: &str) -> (u16, Value) {
    let answer = client.call("TransactWriteItems", transaction(token)).await.unwrap();
    assert!(answer.checksum_fits());
    (answer.status, answer.json())
}

#[tokio::test]
async fn rows_are_named_and_counted() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    assert_eq!(client.call("UpdateItem", update("u")).await.unwrap().status, 200);
    assert_eq!(last_entry(&endpoint).await["rows"], json!([["update", "n", "u"]]));
    assert_eq!(transact(&mut client, "one").await, (200, json!({})));
    let entry = last_entry(&endpoint).await;
    assert_eq!(
        (&entry["operation"], &entry["rows"]),
        (
            &json!("TransactWriteItems"),
            &json!([
                ["check", "n", "c"],
                ["update", "n", "u"],
                ["put", "n", "p"],
                ["delete", "n", "d"]
            ])
        )
    );
    let counters = endpoint.control("GET", "counters", Value::Null).await;
    assert_eq!(
        (&counters["rows_written"], &counters["rows_deleted"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(counters["consumed_write_units"], 9.0);
    assert_eq!(rows(&endpoint).await, json!([item("p"), item("u")]));
}

#[tokio::test]
async fn a_rule_cancels_transactions_only() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    let none = json!({"Code": "None"});
    let conflict = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
    let own = json!({"Code": "ValidationError", "Message": "too large"});
    let many = ["None", "None", "None", "None", "TransactionConflict"];
    for (cancel, reasons) in [
        (json!("TransactionConflict"), json!([conflict, none, none, none])),
        (
            json!(["None", "TransactionConflict"]),
            json!([none, conflict, none, none]),
        ),
        (
            json!(["None", "None", {"code": "ValidationError", "message": "too large"}]),
            json!([none, none, own, none]),
        ),
        (json!(many), json!([none, none, none, none])),
    ] {
        endpoint.rule(json!({"action": {"cancel": cancel}})).await;
        assert_eq!(client.get("x").await.unwrap().status, 200);
        let (status, body) = transact(&mut client, "one").await;
        assert_eq!(status, 400);
        assert!(body["__type"]
            .as_str()
            .unwrap()
            .ends_with("#TransactionCanceledException"));
        assert_eq!(body["CancellationReasons"], reasons);
        assert_eq!(
            last_entry(&endpoint).await["answered"],
            "error:TransactionCanceledException"
        );
        assert_eq!(rows(&endpoint).await, json!([]));
    }
    endpoint.control("POST", "reset", Value::Null).await;
    assert_eq!(transact(&mut client, "one").await.0, 200);
}

#[tokio::test]
async fn a_lost_answer_is_repeated_with_its_token() {
    let endpoint = Endpoint::start(&[]);
    for (cut, expected) in [("before", json!([])), ("after", json!([item("p"), item("u")]))] {
        endpoint.rule(json!({"action": {"cut": cut}, "times": 1})).await;
        let mut client = endpoint.connect().await;
        let error = client.call("TransactWriteItems", transaction("one")).await.unwrap_err();
        assert!(error.is_incomplete_message(), "{error}");
        assert_eq!(rows(&endpoint).await, expected);
    }
    let mut client = endpoint.connect().await;
    client.put("q").await.unwrap();
    let delete = json!({"TableName": "t", "Key": key("p")});
    client.call("DeleteItem", delete).await.unwrap();
    assert_eq!(transact(&mut client, "one").await, (200, json!({})));
    assert_eq!(rows(&endpoint).await, json!([item("q"), item("u")]));
    endpoint.control("POST", "reset?tables=true", Value::Null).await;
    assert_eq!(transact(&mut client, "one").await, (200, json!({})));
    assert_eq!(rows(&endpoint).await, json!([item("p"), item("u")]));
}

#[tokio::test]
async fn every_other_fault_takes_both() {
    let endpoint = Endpoint::start(&[]);
    let mut client = endpoint.connect().await;
    for (operation, body) in [("UpdateItem", update("u")), ("TransactWriteItems", transaction("one"))] {
        let rule = |action: Value| json!({"match": {"operation": operation}, "action": action});
        for action in [
            json!({"throttle": true}),
            json!({"error": {"code": "ThrottlingException"}}),
            json!({"server_error": true}),
        ] {
            endpoint.rule(rule(action)).await;
            assert_ne!(client.call(operation, body.clone()).await.unwrap().status, 200);
            assert_eq!(rows(&endpoint).await, json!([]));
        }
        endpoint.rule(rule(json!({"garbage": true, "delay_ms": 1}))).await;
        let garbage = client.call(operation, body.clone()).await.unwrap();
        assert!(serde_json::from_slice::<Value>(&garbage.body).is_err());
        assert_ne!(rows(&endpoint).await, json!([]));
        endpoint.rule(rule(json!({"wrong_checksum": true}))).await;
        assert!(!client.call(operation, body).await.unwrap().checksum_fits());
        endpoint.control("POST", "reset?tables=true", Value::Null).await;
    }
}
