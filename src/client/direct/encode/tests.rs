use super::*;
use crate::client::direct::sdk_way::{SdkWay, TABLE};
use crate::client::optional::Refused;
use crate::client::PageStart;
use aws_sdk_dynamodb::error::ErrorMetadata;
use proptest::prelude::*;
use serde_json::Value;

fn json(write: impl FnOnce(&mut Vec<u8>)) -> Value {
    let mut body = b"head".to_vec();
    write(&mut body);
    serde_json::from_slice(body.strip_prefix(b"head").unwrap()).unwrap()
}

fn everything() -> Asked {
    Refused::default().remaining()
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z:$-]{1,30}",
        Just("\"\\\u{0}\u{7f}\u{2028}\u{10ffff}/".to_owned())
    ]
}

prop_compose! {
    fn rows()(namespace in texts(), key in texts(), version in 0..=i64::MAX as u64, item in texts())
        -> (String, String, u64, String) { (namespace, key, version, item) }
}

fn new_row(row: &(String, String, u64, String)) -> NewRow<'_> {
    NewRow {
        namespace: &row.0,
        key: (&*row.1).into(),
        version: row.2,
        item: (&*row.3).into(),
        prerequisites: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn requests_are_those_of_the_sdk(
        namespace in texts(),
        key in texts(),
        consistent: bool,
        start in proptest::option::of((texts(), texts(), "-?[0-9]{1,38}")),
        written in proptest::collection::vec((rows(), any::<bool>()), 1..25),
        seen in texts(),
    ) {
        let sdk = SdkWay::new();
        let client = &sdk.client;
        let asked = everything();

        let request = sdk.sends(client.get_row(&namespace, &key, consistent));
        let body = json(|body| get_item(TABLE, &namespace, &key, consistent, asked, body));
        prop_assert_eq!((GET_ITEM.to_owned(), body), request);

        let start = start.map(|(namespace, key, number)| Attributes::from([
            ("namespace".to_owned(), AttributeValue::S(namespace)),
            ("key".to_owned(), AttributeValue::S(key)),
            ("of \"another\" table".to_owned(), AttributeValue::N(number)),
        ]));
        for (from, to) in [(None, None), (Some(&*key), None), (None, Some(&*key)), (Some(&*seen), Some(&*key))] {
            let range = KeyRange { from, to };
            let request = sdk.sends(client.query(0, &namespace, range, consistent, start.clone().map(PageStart)));
            let body = json(|body| query(TABLE, &namespace, range, consistent, start.as_ref(), asked, body).unwrap());
            prop_assert_eq!((QUERY.to_owned(), body), request);
        }

        let row = new_row(&written[0].0);
        let request = sdk.sends(client.put_if_newer(&row));
        let body = json(|body| put_if_newer(TABLE, &row, asked, body));
        prop_assert_eq!((PUT_ITEM.to_owned(), body), request);

        for item in [StoredItem::Text(seen), StoredItem::Missing, StoredItem::OtherType] {
            let seen = StoredRow { key: key.clone(), version: None, item, only_our_attributes: true };
            let request = sdk.sends(client.put_over(&row, &seen));
            let body = json(|body| put_over(TABLE, &row, &seen, asked, body));
            prop_assert_eq!((PUT_ITEM.to_owned(), body), request);
        }

        let request = sdk.sends(client.put_marker(&key));
        let body = json(|body| put_marker(TABLE, &key, asked, body));
        prop_assert_eq!((PUT_ITEM.to_owned(), body), request);

        let rows: Vec<NewRow<'_>> = written.iter().map(|(row, _)| new_row(row)).collect();
        let writes: Vec<Write<'_>> = rows.iter().zip(&written).map(|(row, (_, is_put))| match is_put {
            true => Write::Put(row),
            false => Write::Delete { namespace: row.namespace, key: &row.key },
        }).collect();
        let request = sdk.sends(client.write_batch(&writes, 0));
        let body = json(|body| batch_write_item(TABLE, &writes, asked, body));
        prop_assert_eq!((BATCH_WRITE_ITEM.to_owned(), body), request);
    }
}

#[test]
fn what_an_engine_refuses_to_know_is_not_sent() {
    let stored = ("n".to_owned(), "k".to_owned(), 1, "{}".to_owned());
    let row = new_row(&stored);
    let sent = |asked: Asked| {
        [
            json(|body| get_item(TABLE, "n", "k", true, asked, body)),
            json(|body| query(TABLE, "n", KeyRange::default(), true, None, asked, body).unwrap()),
            json(|body| put_if_newer(TABLE, &row, asked, body)),
            json(|body| put_marker(TABLE, "k", asked, body)),
            json(|body| batch_write_item(TABLE, &[Write::Put(&row)], asked, body)),
        ]
        .map(|body| {
            let has = |name: &str| body.get(name).is_some();
            (
                has("ReturnConsumedCapacity"),
                has("ReturnValuesOnConditionCheckFailure"),
            )
        })
    };
    let refused = Refused::default();
    let learn = |parameter: &str| {
        let error = ErrorMetadata::builder()
            .code("ValidationException")
            .message(parameter)
            .build();
        assert!(refused.learns(&error, refused.remaining()));
    };
    let mut expected = [(true, false); 5];
    expected[2].1 = true;
    assert_eq!(sent(refused.remaining()), expected);
    learn("ReturnValuesOnConditionCheckFailure");
    assert_eq!(sent(refused.remaining()), [(true, false); 5]);
    learn("ReturnConsumedCapacity");
    assert_eq!(sent(refused.remaining()), [(false, false); 5]);
}

#[test]
fn a_start_that_is_no_text_and_no_number_is_left_to_the_sdk() {
    let start = Attributes::from([("key".to_owned(), AttributeValue::Bool(true))]);
    let mut body = Vec::new();
    assert!(query(
        TABLE,
        "n",
        KeyRange::default(),
        true,
        Some(&start),
        everything(),
        &mut body
    )
    .is_err());
    assert!(body.is_empty());
}
