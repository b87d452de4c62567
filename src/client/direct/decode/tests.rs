use super::*;
use crate::client::direct::sdk_way::SdkWay;
use crate::client::rows::Page;
use crate::client::{PageStart, PutOutcome, Write};
use crate::error::Result as StoreResult;
use crate::stats::Stats;
use crate::table::item::{NewRow, StoredItem};
use crate::table::key_range::KeyRange;
use proptest::collection::vec;
use proptest::prelude::*;

/// A JSON text of a string, some characters of which are escaped that need not be.
fn quoted(text: &str, escapes: u64) -> String {
    let mut json = String::from("\"");
    for (number, character) in text.chars().enumerate() {
        if escapes >> (number % 64) & 1 == 1 {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                json.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            let text = serde_json::to_string(&character).unwrap();
            json.push_str(&text[1..text.len() - 1]);
        }
    }
    json + "\""
}

fn strings() -> impl Strategy<Value = String> {
    let texts = prop_oneof![
        any::<String>(),
        "[a-z]{0,8}",
        Just("{\"key\":\"é\u{1f600}\",\"version\":3}".to_owned()),
        Just("null".to_owned()),
    ];
    (texts, prop_oneof![Just(0), any::<u64>()]).prop_map(|(text, escapes)| quoted(&text, escapes))
}

fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        (0_u64..1000).prop_map(|number| number.to_string()),
        Just("9223372036854775807".to_owned()),
        Just("9223372036854775808".to_owned()),
        "[+-]?[0-9]{1,40}(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
    ]
    .prop_map(|number| format!("\"{number}\""))
}

/// An attribute's value of any type.
fn attributes() -> impl Strategy<Value = String> {
    let list = |values: Vec<String>| format!("[{}]", values.join(", "));
    let leaf = prop_oneof![
        strings().prop_map(|text| format!("{{\"S\":{text}}}")),
        strings().prop_map(|text| format!("{{\"N\":null, \"S\":{text}}}")),
        numbers().prop_map(|number| format!("{{ \"N\" : {number} }}")),
        Just("{\"B\":\"aGFsbG8=\"}".to_owned()),
        Just("{\"NULL\":true}".to_owned()),
        any::<bool>().prop_map(|value| format!("{{\"BOOL\":{value}}}")),
        vec(strings(), 0..4).prop_map(move |texts| format!("{{\"SS\":{}}}", list(texts))),
        vec(numbers(), 0..4).prop_map(move |numbers| format!("{{\"NS\":{}}}", list(numbers))),
        Just("{\"BS\":[\"\",\"aGFsbG8=\"]}".to_owned()),
        strings().prop_map(|text| format!("{{\"\\u0053\":{text}}}")),
    ];
    leaf.prop_recursive(6, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(move |values| format!("{{\"L\":{}}}", list(values))),
            vec((strings(), inner), 0..4).prop_map(|members| format!("{{\"M\":{}}}", object_of(&members))),
        ]
    })
}

fn object_of(members: &[(String, String)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

/// Attributes of a row: mostly ours, in any order, some of them twice.
fn rows() -> impl Strategy<Value = String> {
    let text = || strings().prop_map(|text| format!("{{\"S\":{text}}}"));
    let member = prop_oneof![
        3 => text().prop_map(|value| ("\"key\"".to_owned(), value)),
        3 => text().prop_map(|value| ("\"item\"".to_owned(), value)),
        2 => text().prop_map(|value| ("\"namespace\"".to_owned(), value)),
        3 => numbers().prop_map(|value| ("\"version\"".to_owned(), format!("{{\"N\":{value}}}"))),
        1 => ("\"(key|item|version|namespace|k\\\\u0065y|other)\"", attributes()),
        1 => (strings(), attributes()),
    ];
    vec(member, 0..8).prop_map(|members| object_of(&members))
}

/// Attributes of a row of Big Segments, in any order, some of them twice or of a type they should not have.
fn rows_of_big_segments() -> impl Strategy<Value = String> {
    let list = |values: Vec<String>| format!("{{\"SS\":[{}]}}", values.join(","));
    let member = prop_oneof![
        2 => strings().prop_map(|text| ("\"key\"".to_owned(), format!("{{\"S\":{text}}}"))),
        4 => ("\"(included|excluded)\"", vec(strings(), 0..4).prop_map(list)),
        2 => numbers().prop_map(|number| ("\"synchronizedOn\"".to_owned(), format!("{{\"N\":{number}}}"))),
        2 => strings().prop_map(|text| ("\"lastVersion\"".to_owned(), format!("{{\"S\":{text}}}"))),
        1 => ("\"(included|excluded|synchronizedOn|lastVersion|synchronizedOn|namespace|other)\"", attributes()),
    ];
    vec(member, 0..8).prop_map(|members| object_of(&members))
}

fn capacities() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("{\"TableName\":\"t\"}".to_owned()),
        Just("{\"CapacityUnits\":null}".to_owned()),
        (0_u32..4000).prop_map(|halves| format!(
            "{{\"TableName\":\"t\",\"CapacityUnits\":{},\"Table\":{{\"CapacityUnits\":1.5}}}}",
            f64::from(halves) / 2.0
        )),
    ]
}

/// An answer of these members in any order, with one that nobody knows.
fn answers(members: Vec<(&'static str, BoxedStrategy<String>)>) -> impl Strategy<Value = String> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, value)| (Just(quoted(name, 0)), value))
        .collect();
    let count = members.len();
    let unknown = Just(("\"Unknown\"".to_owned(), "[{\"a\":1e999},null,-0.5]".to_owned()));
    (members, proptest::option::of(unknown), 0..=count)
        .prop_map(|(members, unknown, kept)| {
            let kept = members.into_iter().take(kept).chain(unknown);
            kept.collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_map(|members| format!(" {} \n", object_of(&members)))
}

fn or_null(values: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    prop_oneof![8 => values, 1 => Just("null".to_owned())].boxed()
}

/// Read and write units that were counted.
fn counted(stats: &Stats) -> [serde_json::Value; 2] {
    let mut stats: serde_json::Value = serde_json::from_str(&stats.to_json(0)).unwrap();
    ["consumed_read_units", "consumed_write_units"].map(|name| stats[name].take())
}

fn counted_directly(reads: f64, writes: f64) -> [serde_json::Value; 2] {
    let stats = Stats::default();
    stats.read_units(reads);
    stats.write_units(writes);
    counted(&stats)
}

fn owned(row: StoredRow<Cow<'_, str>>) -> StoredRow {
    StoredRow {
        key: row.key.into_owned(),
        version: row.version,
        item: match row.item {
            StoredItem::Text(text) => StoredItem::Text(text.into_owned()),
            StoredItem::Missing => StoredItem::Missing,
            StoredItem::OtherType => StoredItem::OtherType,
        },
        only_our_attributes: row.only_our_attributes,
    }
}

fn page(body: &[u8]) -> Result<(Vec<StoredRow>, PageEnd), Malformed> {
    let mut rows = Vec::new();
    let end = query(body, "n", |row| rows.push(owned(row)))?;
    Ok((rows, end))
}

/// The SDK's way of each call, with an answer.
fn sdk_get(sdk: &SdkWay, body: &[u8]) -> StoreResult<Option<StoredRow>> {
    sdk.reads(200, body, sdk.client.get_row("n", "asked", true))
}

fn sdk_get_big_segments(sdk: &SdkWay, body: &[u8]) -> StoreResult<Option<BigSegmentsRow>> {
    sdk.reads(200, body, sdk.client.get_big_segments_row("n", "asked", true))
}

fn sdk_page(sdk: &SdkWay, body: &[u8]) -> StoreResult<Page> {
    sdk.reads(200, body, sdk.client.query(0, "n", KeyRange::default(), true, None))
}

fn sdk_put(sdk: &SdkWay, status: u16, body: &[u8]) -> StoreResult<PutOutcome> {
    let row = row("asked");
    sdk.reads(status, body, sdk.client.put_if_newer(&row))
}

fn row(key: &str) -> NewRow<'_> {
    NewRow {
        namespace: "n",
        key: key.into(),
        version: 1,
        item: "{}".into(),
        prerequisites: Vec::new(),
    }
}

/// What the SDK reads, which it must where we do; but what is none of ours is decoded by the SDK only: binary values, lists, maps, escapes.
fn read_by_both<T>(body: &str, read: StoreResult<T>) -> Result<Option<T>, TestCaseError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(_)
            if ["\"B", "\"L\"", "\"M\"", "\\u"]
                .iter()
                .any(|others| body.contains(others)) =>
        {
            Ok(None)
        }
        Err(error) => Err(TestCaseError::fail(format!("only we read {body}: {error}"))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_row_is_what_the_sdk_reads(
        body in answers(vec![("Item", or_null(rows())), ("ConsumedCapacity", capacities().boxed())]),
    ) {
        let sdk = SdkWay::new();
        let found = get_item(body.as_bytes(), "n", "asked").map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(found.row, sdk_get(&sdk, body.as_bytes()).unwrap());
        prop_assert_eq!(counted_directly(found.units, 0.0), counted(&sdk.client.stats));
    }

    #[test]
    fn a_row_of_big_segments_is_what_the_sdk_reads(
        body in answers(vec![("Item", or_null(rows_of_big_segments())), ("ConsumedCapacity", capacities().boxed())]),
    ) {
        let sdk = SdkWay::new();
        let found = get_big_segments_row(body.as_bytes(), "n", "asked");
        let found = found.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(found.row, sdk_get_big_segments(&sdk, body.as_bytes()).unwrap());
        prop_assert_eq!(counted_directly(found.units, 0.0), counted(&sdk.client.stats));
    }

    #[test]
    fn a_page_is_what_the_sdk_reads(
        body in answers(vec![
            ("Items", or_null(vec(rows(), 0..5).prop_map(|rows| format!("[{}]", rows.join(" , "))))),
            ("LastEvaluatedKey", prop_oneof![
                Just("null".to_owned()),
                Just("{}".to_owned()),
                vec((strings(), prop_oneof![
                    strings().prop_map(|text| format!("{{\"S\":{text}}}")),
                    numbers().prop_map(|number| format!("{{\"N\":{number}}}")),
                ]), 1..3).prop_map(|members| object_of(&members)),
            ].boxed()),
            ("ConsumedCapacity", capacities().boxed()),
        ]),
    ) {
        let sdk = SdkWay::new();
        let (rows, end) = page(body.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let expected = sdk_page(&sdk, body.as_bytes()).unwrap();
        prop_assert_eq!(rows, expected.rows);
        prop_assert_eq!(end.next, expected.next.map(|PageStart(start)| start));
        prop_assert_eq!(counted_directly(end.units, 0.0), counted(&sdk.client.stats));
    }

    #[test]
    fn outcomes_of_writes_are_those_of_the_sdk(
        done in answers(vec![("ConsumedCapacity", capacities().boxed()), ("Attributes", or_null(rows()))]),
        refused in answers(vec![
            ("__type", Just("\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\"".to_owned()).boxed()),
            ("message", strings().boxed()),
            ("Item", or_null(rows())),
        ]),
    ) {
        let sdk = SdkWay::new();
        let units = put_item(done.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let outcome = sdk_put(&sdk, 200, done.as_bytes());
        prop_assert!(matches!(outcome, Ok(PutOutcome::Stored)));
        prop_assert_eq!(counted_directly(0.0, units), counted(&sdk.client.stats));
        match (refused_condition(refused.as_bytes(), "asked"), sdk_put(&sdk, 400, refused.as_bytes())) {
            (Ok(row), Ok(PutOutcome::Refused { winner, .. })) => prop_assert_eq!(row, winner),
            (Err(_), Err(_)) => prop_assert!(!refused.contains("__type")),
            (row, _) => prop_assert!(false, "{row:?}"),
        }
    }

    #[test]
    fn unprocessed_rows_are_those_of_the_sdk(
        keys in vec(("[a-d]", any::<bool>()), 0..6),
        table in prop_oneof![Just("t"), Just("arn:aws:dynamodb:eu-west-1:123456789012:table/t")],
        units in vec(0_u32..9, 0..3),
    ) {
        let sdk = SdkWay::new();
        let rows: Vec<NewRow<'_>> = ["a", "b", "c", "d"].map(row).into();
        let writes: Vec<Write<'_>> = rows.iter().map(Write::Put).collect();
        let requests: Vec<String> = keys.iter().map(|(key, is_put)| match is_put {
            true => format!(r#"{{"PutRequest":{{"Item":{{"item":{{"S":"\"{{}}"}},"key":{{"S":"{key}"}},"namespace":{{"S":"n"}}}}}}}}"#),
            false => format!(r#"{{"DeleteRequest":{{"Key":{{"key":{{"S":"{key}"}},"namespace":{{"S":"n"}}}}}},"PutRequest":null}}"#),
        }).collect();
        let units: Vec<String> = units.iter().map(|units| format!(r#"{{"CapacityUnits":{units}.5,"TableName":"t"}}"#)).collect();
        let (requests, units) = (requests.join(","), units.join(","));
        let body = format!(r#"{{"UnprocessedItems":{{"{table}":[{requests}],"other":[]}},"ConsumedCapacity":[{units}]}}"#);
        let outcome = batch_write_item(body.as_bytes()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let unprocessed = sdk.reads(200, body.as_bytes(), sdk.client.write_batch(&writes, 0)).unwrap();
        let expected: Vec<(&str, &str)> = unprocessed.iter().map(Write::keys).collect();
        let unprocessed: Vec<(&str, &str)> = outcome.unprocessed.iter().map(|(namespace, key)| (&**namespace, &**key)).collect();
        prop_assert_eq!(unprocessed, expected);
        prop_assert_eq!(counted_directly(0.0, outcome.units), counted(&sdk.client.stats));
    }

    /// Whatever becomes of an answer on its way: what is read is what the SDK reads, or the SDK is asked.
    #[test]
    fn a_damaged_answer_is_refused_or_read_alike(
        rows in vec(prop_oneof![rows(), rows_of_big_segments()], 0..3),
        at in any::<prop::sample::Index>(),
        damage in prop_oneof![Just(String::new()), "[\\]\\[{}:,\"0-9a-zA-Z \\\\]{1,3}"],
        cut in 0_usize..3,
    ) {
        let sdk = SdkWay::new();
        let one = rows.first().map_or("null", |row| row.as_str());
        let body = format!(r#"{{"Item":{one},"Items":[{}],"LastEvaluatedKey":{{"key":{{"S":"k"}}}}}}"#, rows.join(","));
        let mut body: Vec<char> = body.chars().collect();
        let at = at.index(body.len());
        let end = (at + cut).min(body.len());
        body.splice(at..end, damage.chars());
        let body: String = body.into_iter().collect();
        if let Ok(found) = get_item(body.as_bytes(), "n", "asked") {
            if let Some(expected) = read_by_both(&body, sdk_get(&sdk, body.as_bytes()))? {
                prop_assert_eq!(found.row, expected);
            }
        }
        if let Ok(found) = get_big_segments_row(body.as_bytes(), "n", "asked") {
            if let Some(expected) = read_by_both(&body, sdk_get_big_segments(&sdk, body.as_bytes()))? {
                prop_assert_eq!(found.row, expected);
            }
        }
        if let Ok((rows, end)) = page(body.as_bytes()) {
            if let Some(expected) = read_by_both(&body, sdk_page(&sdk, body.as_bytes()))? {
                prop_assert_eq!(rows, expected.rows);
                prop_assert_eq!(end.next, expected.next.map(|PageStart(start)| start));
            }
        }
    }
}

#[test]
fn no_row_is_an_empty_object_and_nothing_else() {
    for body in ["{}", " {\"Item\":{}}", "{\"Item\":null}"] {
        assert_eq!(get_item(body.as_bytes(), "n", "k").unwrap().row, None, "{body}");
        let found = get_big_segments_row(body.as_bytes(), "n", "k").unwrap();
        assert_eq!(found.row, None, "{body}");
    }
    let others = [
        "",
        " ",
        "null",
        "[]",
        "[null,null]",
        "\"\"",
        "5",
        "{}{}",
        "{",
        "<html>",
        "{\"Item\":[]}",
        "{\"Item\":5}",
        "\u{feff}{}",
    ];
    for body in others {
        assert!(get_item(body.as_bytes(), "n", "k").is_err(), "{body}");
        assert!(get_big_segments_row(body.as_bytes(), "n", "k").is_err(), "{body}");
        assert!(page(body.as_bytes()).is_err() || body.contains("Item"), "{body}");
        assert!(put_item(body.as_bytes()).is_err() || body.contains("Item"), "{body}");
        assert!(
            batch_write_item(body.as_bytes()).is_err() || body.contains("Item"),
            "{body}"
        );
        assert!(refused_condition(body.as_bytes(), "k").is_err(), "{body}");
    }
    assert!(get_item(b"{\"Item\":{\"item\":{\"S\":\"\xff\"}}}", "n", "k").is_err());
}

#[test]
fn attributes_that_are_none_are_refused() {
    let values = [
        "null",
        "{}",
        "[]",
        "\"\"",
        "{\"S\":5}",
        "{\"N\":5}",
        "{\"S\":null}",
        "{\"X\":\"\"}",
        "{\"S\":\"\",\"N\":\"1\"}",
        "{\"S\":\"\",\"S\":\"\"}",
        "{\"S\":\"\\ud800\"}",
    ];
    for value in values {
        for name in ["item", "key", "version", "namespace", "other"] {
            let row = format!("{{\"{name}\":{value}}}");
            assert!(
                get_item(format!("{{\"Item\":{row}}}").as_bytes(), "n", "k").is_err(),
                "{row}"
            );
            assert!(page(format!("{{\"Items\":[{row}]}}").as_bytes()).is_err(), "{row}");
        }
    }
    assert!(page(b"{\"Items\":[null]}").is_err());
    assert!(page(b"{\"Items\":[],\"Items\":[]}").is_err());
    assert!(page(b"{\"LastEvaluatedKey\":{\"key\":{\"BOOL\":true}}}").is_err());
}

#[test]
fn a_refused_condition_is_known_by_its_name() {
    let answer = |members: &str| refused_condition(format!("{{{members}}}").as_bytes(), "k");
    let name = "ConditionalCheckFailedException";
    assert_eq!(answer(&format!("\"__type\":\"a.b#{name}\"")).unwrap(), None);
    assert_eq!(answer(&format!("\"__type\":\"{name}\",\"Item\":{{}}")).unwrap(), None);
    let row = answer(&format!(
        "\"__type\":\"#{name}\",\"Item\":{{\"version\":{{\"N\":\"7\"}}}}"
    ))
    .unwrap()
    .unwrap();
    assert_eq!((&*row.key, row.version), ("k", Some(7)));
    for members in [
        "",
        "\"__type\":5",
        "\"__type\":\"a#ValidationException\"",
        "\"message\":\"ConditionalCheckFailedException\"",
    ] {
        assert!(answer(members).is_err(), "{members}");
    }
    assert!(answer(&format!("\"__type\":\"#{name}\",\"code\":\"Other\"")).is_err());
}

#[test]
fn a_returned_request_without_a_row_is_refused() {
    for request in [
        "{}",
        "{\"PutRequest\":{}}",
        "{\"DeleteRequest\":{\"Key\":{\"key\":{\"S\":\"k\"}}}}",
        "null",
    ] {
        let body = format!("{{\"UnprocessedItems\":{{\"t\":[{request}]}}}}");
        assert!(batch_write_item(body.as_bytes()).is_err(), "{request}");
    }
}
