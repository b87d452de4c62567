//! Clients of LaunchDarkly's SDKs in daemon mode make the same of examples/flags.json, whoever wrote it and whoever reads it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{json, Map, Value};

use super::adapters::{self, evaluate_in_rust, Adapter, ADAPTERS, RUST};
use super::data_set::FORMS;
use super::stores::{engine, participant, participants, GO_4, NODE, PYTHON};
use crate::support;

const CONTEXTS: u64 = 200;
/// The first one's results are what the others' are compared with. Our adapters in SDKs follow these.
const SDKS: [&str; 4] = [GO_4, PYTHON, NODE, RUST];
/// Named by the only flag that asks for a Big Segment.
const BIG_SEGMENT: &str = "newsletter-subscribers.g4";

/// Value, variation and reason of each flag, by key, for each context.
type Details = BTreeMap<String, Vec<Value>>;

/// Numbers from a seed, the same everywhere and always.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// One of these values, or one time in four none.
    fn one_of(&mut self, values: &[Value]) -> Option<Value> {
        let picked = self.next();
        (!picked.is_multiple_of(4)).then(|| values[(picked / 4) as usize % values.len()].clone())
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.next().is_multiple_of(one_in)
    }
}

/// The attributes that clauses of examples/flags.json ask for, and values on both sides of what they compare with.
fn attributes(kind: &str) -> Value {
    match kind {
        "user" => json!({
            "country": ["DE", "JP", "GR", "AT", "FR", "GB", "US", "de"],
            "locale": ["de-AT", "ja-JP", "fr-FR", "fr-BE", "ar-EG", "zh-TW", "en-US"],
            "email": ["anna@shop.example", "x@warehouse.shop.example", "zoë@example.org"],
            "age": [17, 18, 17.5, "17"],
            "beta": [true, false, "true"],
            "accountId": ["account-1", "account-2", "account-3", 4],
            "loyalty": [{"tier": "gold", "points": 5000}, {"tier": "platinum", "points": 4999.5}, {"tier": "silver", "points": 0}, {"points": 1001}],
            "now": ["2026-11-28T12:00:00Z", "2026-11-26T12:00:00+01:00", 1_750_000_000_001_u64, 1_750_086_400_000_u64, "no date"],
            "registeredAt": ["2023-05-06T07:08:09.123Z", "2024-06-01T00:00:00Z", 1_600_000_000_000_u64],
            "postalCode": ["10115", "75001", "92100", "750011", "12"],
            "userAgent": ["", "Googlebot/2.1", "Mozilla/5.0 HeadlessChrome/99", "Mozilla/5.0"]
        }),
        "device" => json!({
            "os": ["iOS", "Android", "KaiOS"],
            "appVersion": ["5.9.0", "6.0.0-beta.1", "6.0.0-beta.11", "6.0", "6.2.0+build", "not-a-version"],
            "memoryMb": [2048, 3072, 4096],
            "viewportWidth": [320, 320.5, 1280]
        }),
        "organization" => json!({"annualOrders": [249, 250, 251, "many"]}),
        _ => json!({"region": ["north", "süd"]}),
    }
}

fn keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "user" => &[
            "anna.kowalska",
            "kenji.sato",
            "zoë.müller",
            "user-1042",
            "user-9000",
            "user-0007",
            "contractor-0017",
            "user-agent-monitoring",
            "customer-8124db51564a954f",
            "customer-084f0b9cc94fed97",
        ],
        "organization" => &["org-acme", "org-café-zürich", "org-日本商店", "org-suspended"],
        "device" => &["device-broken-nfc"],
        "service" => &["svc-checkout-canary"],
        _ => &["wh-łódź", "wh-göteborg", "wh-leipzig"],
    }
}

fn single(kind: &str, number: u64, numbers: &mut Numbers) -> Map<String, Value> {
    let known = keys(kind);
    let key = match numbers.chance(3) {
        true => known[numbers.next() as usize % known.len()].to_owned(),
        false => format!("{kind}-{number}"),
    };
    let mut context = Map::from_iter([("key".to_owned(), json!(key))]);
    if numbers.chance(5) {
        context.insert("anonymous".to_owned(), json!(true));
    }
    for (name, values) in attributes(kind).as_object().expect("attributes") {
        let value = numbers.one_of(values.as_array().expect("values"));
        context.extend(value.map(|value| (name.clone(), value)));
    }
    context
}

/// Users for the most part, the other kinds alone and beside a user.
fn contexts() -> &'static [Value] {
    static CONTEXTS_MADE: OnceLock<Vec<Value>> = OnceLock::new();
    CONTEXTS_MADE.get_or_init(|| {
        let mut numbers = Numbers(20_261_127);
        let others = ["device", "organization", "service", "warehouse"];
        let make = |number: u64| {
            let other = others[number as usize / 3 % others.len()];
            let with_kind = |kind: &str, mut context: Map<String, Value>| {
                context.insert("kind".to_owned(), json!(kind));
                Value::Object(context)
            };
            match number % 3 {
                0 => with_kind("user", single("user", number, &mut numbers)),
                1 => json!({"kind": "multi", "user": single("user", number, &mut numbers), other: single(other, number, &mut numbers)}),
                _ => with_kind(other, single(other, number, &mut numbers)),
            }
        };
        (0..CONTEXTS).map(make).collect()
    })
}

fn flags() -> Value {
    let file = support::repository().join("examples/flags.json");
    serde_json::from_str(&std::fs::read_to_string(file).expect("flags")).expect("flags")
}

/// The data set as a driver of an official store takes it.
fn data_set() -> Value {
    let flags = flags();
    json!({"features": flags["flags"], "segments": flags["segments"]})
}

/// SDKs write 5 as 5.0, and leave out what is null.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(values) => values.into_iter().map(plain).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

/// What one SDK makes of a table.
fn evaluate(sdk: &str, adapters: &mut [Adapter], table: &str) -> Details {
    let flags = flags();
    let keys: Vec<&String> = flags["flags"].as_object().expect("flags").keys().collect();
    let (keys, contexts) = (json!(keys), json!(contexts()));
    let adapter = adapters.iter_mut().find(|adapter| adapter.name == sdk);
    let text = match (sdk, adapter) {
        (RUST, _) => evaluate_in_rust(table, &keys, &contexts),
        (_, Some(adapter)) => adapter.evaluate(table, &keys, &contexts),
        (sdk, None) => {
            let store = participant(sdk).open(table, "");
            let answer = store.succeeded("evaluate", &[&keys.to_string(), &contexts.to_string()]);
            answer
                .unwrap_or_else(|reason| panic!("{sdk}: {reason}"))
                .result
                .expect("details")
        }
    };
    let details: Details = serde_json::from_str(&text).expect("details");
    let plain = details
        .into_iter()
        .map(|(key, details)| (key, details.into_iter().map(plain).collect()));
    plain.collect()
}

/// Every third user is in the Big Segment, every other third is excluded from it.
fn write_big_segment(table: &str) {
    let store = participant("Rust").open(table, "");
    let users: BTreeSet<&str> = contexts()
        .iter()
        .filter_map(|context| match context["kind"].as_str() {
            Some("user") => context["key"].as_str(),
            _ => context["user"]["key"].as_str(),
        })
        .collect();
    let hashes = |of: usize| -> Vec<String> {
        let chosen = users.iter().enumerate().filter(|(number, _)| number % 3 == of);
        chosen.map(|(_, user)| ld_dynamo_store::context_hash(user)).collect()
    };
    let changes = json!({"included": {"add": hashes(0)}, "excluded": {"add": hashes(1)}});
    let patch = json!({"segmentId": BIG_SEGMENT, "version": "1", "changes": changes}).to_string();
    // An hour ahead, so that it is not stale for the last SDK on a slow machine.
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    let synchronized = ahead
        .duration_since(UNIX_EPOCH)
        .expect("a time")
        .as_millis()
        .to_string();
    assert_eq!(store.call("big_segments_apply_patch", &[&patch]).status, 0);
    assert_eq!(store.call("big_segments_set_synchronized", &[&synchronized]).status, 0);
}

/// Where an SDK makes something else of the same data than the others do.
pub struct Habit {
    pub sdks: &'static [&'static str],
    /// Only where this one wrote.
    pub writer: Option<&'static str>,
    pub flags: &'static [&'static str],
    is_met: fn(context: &Value, detail: &Value) -> bool,
    pub reason: &'static str,
}

pub const HABITS: [Habit; 4] = [
    Habit {
        sdks: &[RUST],
        writer: None,
        flags: &["shipping-free-threshold"],
        is_met: |_, detail| detail[2]["bigSegmentsStatus"] != Value::Null,
        reason: "It has no Big Segments: who is in one by the table is in none.",
    },
    Habit {
        sdks: &[NODE, adapters::NODE],
        writer: None,
        flags: &[
            "checkout-express",
            "checkout-redesign",
            "payments-gateway-v2",
            "payments-wallet",
            "search-ranking-experiment",
        ],
        is_met: |context, _| {
            let agents = [&context["userAgent"], &context["user"]["userAgent"]];
            agents.contains(&&json!("Googlebot/2.1"))
        },
        reason: "A regular expression with `(?i)` matches nothing, as JavaScript's have no such thing.",
    },
    Habit {
        sdks: &[NODE],
        writer: None,
        flags: &["product-size-advisor"],
        is_met: |context, _| context["kind"] == "device" || context["device"] != Value::Null,
        reason: "Version 7.0.4 does not know `rolloutContextKind` of a segment's rule, and takes the user's share of the rollout.",
    },
    Habit {
        sdks: &[GO_4, adapters::GO],
        writer: Some(PYTHON),
        flags: &["home-greeting", "home-hero-banner", "product-size-advisor", "support_chat_widget"],
        is_met: |_, detail| detail[0].to_string().chars().any(|letter| letter > '\u{ffff}'),
        reason: "A character beyond U+FFFF that is written as two escapes (`\\ud83d\\ude0a`), as Python's store writes it, is two U+FFFD. \
                 Ours writes the character itself.",
    },
];

/// A habit's SDK and one of its flags.
type Occurrence = (&'static str, &'static str);

/// Where two differ otherwise; notes the habits that occur.
fn differences(
    writer: &str,
    one: &Details,
    sdk: &str,
    other: &Details,
    occurred: &mut BTreeSet<Occurrence>,
) -> Vec<String> {
    let mut differences = Vec::new();
    let of_both = HABITS
        .iter()
        .filter(|habit| habit.sdks.contains(&sdk) && habit.writer.is_none_or(|by| by == writer));
    let of_both: Vec<&Habit> = of_both.collect();
    let counts = |details: &Details| -> Vec<(String, usize)> {
        let counts = details.iter().map(|(key, details)| (key.clone(), details.len()));
        counts.collect()
    };
    assert_eq!(
        counts(one),
        counts(other),
        "flags of {sdk}, and for how many contexts each"
    );
    assert!(
        !one.is_empty() && one.values().all(|details| details.len() as u64 == CONTEXTS),
        "{sdk}"
    );
    for (key, details) in one {
        let habits: Vec<_> = of_both
            .iter()
            .filter(|habit| habit.flags.contains(&key.as_str()))
            .collect();
        for ((detail, found), context) in details.iter().zip(&other[key]).zip(contexts()) {
            if found == detail {
                continue;
            }
            match habits.iter().find(|habit| (habit.is_met)(context, detail)) {
                Some(habit) => {
                    let flag = habit.flags.iter().find(|flag| *flag == key).expect("its flag");
                    let sdk = habit.sdks.iter().find(|name| **name == sdk).expect("its SDK");
                    occurred.insert((*sdk, *flag));
                }
                None => differences.push(format!(
                    "{writer} wrote {key}, for {context}: {detail}, and {sdk} says {found}"
                )),
            }
        }
    }
    differences
}

#[test]
fn every_sdk_evaluates_the_same_whoever_wrote_the_flags() {
    let mut adapters = ADAPTERS.map(Adapter::start);
    let mut reference: Option<Details> = None;
    let mut failures = Vec::new();
    let mut occurred = BTreeSet::new();
    let names = participants().iter().map(|participant| participant.name.text);
    for writer in names.chain(ADAPTERS) {
        let table = engine().create_table();
        match adapters.iter_mut().find(|adapter| adapter.name == writer) {
            Some(adapter) => adapter.init(&table, &data_set()),
            None => {
                let outcome = participant(writer).open(&table, "").init(&data_set());
                outcome.unwrap_or_else(|reason| panic!("{writer}: {reason}"));
            }
        }
        write_big_segment(&table);
        let mut of_this_table: Option<Details> = None;
        // What the Go SDK of users writes is less than was to be written, so it is compared within its own table.
        let drops_contexts = FORMS
            .iter()
            .any(|form| form.store == writer && form.left_out.contains(&"contextKind"));
        for sdk in SDKS.into_iter().chain(ADAPTERS) {
            let details = evaluate(sdk, &mut adapters, &table);
            let compared = if drops_contexts {
                &mut of_this_table
            } else {
                &mut reference
            };
            let reference = compared.get_or_insert_with(|| details.clone());
            let expected = match writer {
                adapters::JAVA => Cow::Owned(with_nulls_dropped(reference)),
                _ => Cow::Borrowed(&*reference),
            };
            failures.extend(differences(writer, &expected, sdk, &details, &mut occurred));
        }
    }
    let shown = failures
        .iter()
        .take(10)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(failures.is_empty(), "{} differences:\n{shown}", failures.len());
    let named_of = |habit: &'static Habit| {
        let of_sdk = |&sdk| habit.flags.iter().map(move |&flag| (sdk, flag));
        habit.sdks.iter().flat_map(of_sdk)
    };
    assert_eq!(
        occurred,
        HABITS.iter().flat_map(named_of).collect(),
        "what is no habit of a flag's is to be named no more"
    );
    check_variety(&reference.expect("details"));
}

/// Values as the Java SDK writes them into a flag: members that are null are gone.
fn with_nulls_dropped(details: &Details) -> Details {
    fn dropped(value: &Value) -> Value {
        match value {
            Value::Array(values) => values.iter().map(dropped).collect(),
            Value::Object(members) => {
                let kept = members.iter().filter(|(_, value)| !value.is_null());
                kept.map(|(name, value)| (name.clone(), dropped(value))).collect()
            }
            other => other.clone(),
        }
    }
    let of_flag = |(key, details): (&String, &Vec<Value>)| {
        let changed = details
            .iter()
            .map(|detail| json!([dropped(&detail[0]), detail[1], detail[2]]));
        (key.clone(), changed.collect())
    };
    let without = details.iter().map(of_flag).collect();
    assert_ne!(&without, details, "no value has a null");
    without
}

/// A comparison of what is always the same would show nothing.
fn check_variety(details: &Details) {
    let kinds: BTreeSet<&str> = details
        .values()
        .flatten()
        .filter_map(|detail| detail[2]["kind"].as_str())
        .collect();
    let all = [
        "ERROR",
        "FALLTHROUGH",
        "OFF",
        "PREREQUISITE_FAILED",
        "RULE_MATCH",
        "TARGET_MATCH",
    ];
    assert_eq!(kinds, BTreeSet::from(all));
    let statuses: BTreeSet<&str> = details
        .values()
        .flatten()
        .filter_map(|detail| detail[2]["bigSegmentsStatus"].as_str())
        .collect();
    assert_eq!(statuses, BTreeSet::from(["HEALTHY"]));
    let has_several = |details: &&Vec<Value>| details.iter().map(Value::to_string).collect::<BTreeSet<_>>().len() > 1;
    let varied = details.values().filter(has_several).count();
    assert!(varied >= 20, "only {varied} flags depend on the context");
}
