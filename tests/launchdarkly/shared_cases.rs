//! The shared cases, with every call that the SDK's interface has made through it. What it cannot say (another kind, a winner's text, what
//! kind of failure) the core answers beside it, and both must agree.

use std::collections::HashMap;

use launchdarkly_server_sdk::{AllData, DataKind, Flag, PersistentDataStore, SerializedItem};
use ld_dynamo_store::launchdarkly::DynamoDbDataStore;
use ld_dynamo_store::Config;
use serde_json::value::RawValue;
use serde_json::Value;

use crate::support::cases::run_all;
use crate::support::driver::{status_number, Answer, Driver, InProcess};
use crate::support::json_text::Json;
use crate::support::Engine;

#[derive(Default)]
struct BesideTheCore {
    core: InProcess,
    data_stores: HashMap<String, DynamoDbDataStore>,
    calls: usize,
}

/// An item as the SDK hands it over, which knows version and deletion; `None` where the SDK could have no such item.
fn item(text: &str) -> Option<SerializedItem> {
    let value: Value = serde_json::from_str(text).ok()?;
    Some(SerializedItem {
        version: value.get("version")?.as_u64()?,
        deleted: value.get("deleted") == Some(&Value::Bool(true)),
        serialized_item: text.to_owned(),
    })
}

/// A data set as the SDK hands it over: both kinds, and no key twice.
fn all_data(text: &str) -> Option<AllData<SerializedItem, SerializedItem>> {
    let Json::Object(kinds) = serde_json::from_str::<Json>(text).ok()? else {
        return None;
    };
    let flags = ["features", "flags"];
    if kinds.len() != 2
        || !kinds
            .iter()
            .all(|(kind, _)| kind == "segments" || flags.contains(&kind.as_str()))
    {
        return None;
    }
    let given: HashMap<String, HashMap<String, Box<RawValue>>> = serde_json::from_str(text).ok()?;
    let kind = |names: &[&str]| -> Option<HashMap<String, SerializedItem>> {
        let (name, Json::Object(members)) = kinds.iter().find(|(kind, _)| names.contains(&kind.as_str()))? else {
            return None;
        };
        let items = &given[name];
        let texts = items.iter().map(|(key, text)| Some((key.clone(), item(text.get())?)));
        texts.collect::<Option<_>>().filter(|_| items.len() == members.len())
    };
    Some(AllData {
        flags: kind(&flags)?,
        segments: kind(&["segments"])?,
    })
}

fn ok() -> Answer {
    Answer {
        status: status_number("OK"),
        ..Answer::default()
    }
}

impl BesideTheCore {
    fn asked(&mut self, call: &str, name: &str, arguments: &[String]) -> Option<Answer> {
        let data_store = self.data_stores.get_mut(name)?;
        let is_flag = |kind: &String| ["features", "flags"].contains(&kind.as_str());
        let mut core = || self.core.call(call, name, arguments);
        Some(match (call, arguments) {
            ("get", [kind, key]) if is_flag(kind) || kind == "segments" => {
                let found = if is_flag(kind) {
                    data_store.flag(key)
                } else {
                    data_store.segment(key)
                };
                let answer = core();
                match found {
                    Ok(found) => {
                        let is_absent = ["NOT_FOUND", "CORRUPT_ITEM"]
                            .map(status_number)
                            .contains(&answer.status);
                        assert!(answer.status == 0 || is_absent, "{answer:?}");
                        let text = found.as_ref().map(|item| &item.serialized_item);
                        assert_eq!(text, answer.result.as_ref());
                        let core_says = answer.result.as_deref().and_then(item);
                        let mark = |item: &SerializedItem| (item.version, item.deleted);
                        if let Some(core_says) = core_says {
                            assert_eq!(found.as_ref().map(mark), Some(mark(&core_says)));
                        }
                    }
                    Err(error) => assert_eq!(Some(error.to_string()), answer.message),
                }
                answer
            }
            ("all", [kind]) if is_flag(kind) => {
                let found = data_store.all_flags();
                let answer = core();
                match found {
                    Ok(found) => {
                        let all: HashMap<String, &RawValue> =
                            serde_json::from_str(answer.result.as_deref().expect("items")).expect("an object");
                        for (key, text) in &all {
                            let given = found.get(key).map(|item| item.serialized_item.as_str());
                            let is_readable = serde_json::from_str::<Flag>(text.get()).is_ok();
                            let is_deleted = item(text.get()).is_some_and(|item| item.deleted);
                            assert_eq!(given, (is_readable || is_deleted).then_some(text.get()), "{key}");
                        }
                        assert!(found.keys().all(|key| all.contains_key(key)));
                    }
                    Err(error) => assert_eq!(Some(error.to_string()), answer.message),
                }
                answer
            }
            ("init", [data]) => match data_store.init(all_data(data)?) {
                Ok(()) => ok(),
                Err(error) => {
                    let answer = core();
                    assert_eq!(Some(error.to_string()), answer.message);
                    answer
                }
            },
            ("upsert", [kind, key, text]) if is_flag(kind) || kind == "segments" => {
                let kind = if is_flag(kind) {
                    DataKind::Flag
                } else {
                    DataKind::Segment
                };
                match data_store.upsert(kind, key, item(text)?) {
                    Ok(true) => ok(),
                    // The core is refused, too, and says by what.
                    Ok(false) => {
                        let answer = core();
                        assert!(["NOT_NEWER", "TOO_LARGE"].map(status_number).contains(&answer.status));
                        answer
                    }
                    Err(error) => {
                        let answer = core();
                        assert_eq!(Some(error.to_string()), answer.message);
                        answer
                    }
                }
            }
            ("initialized", []) => {
                let is_initialized = data_store.is_initialized();
                let answer = core();
                assert_eq!(is_initialized, answer.status == 0);
                answer
            }
            _ => return None,
        })
    }
}

impl Driver for BesideTheCore {
    fn call(&mut self, call: &str, name: &str, arguments: &[String]) -> Answer {
        if call == "new" {
            self.data_stores.remove(name);
            let made = Config::from_json(&arguments[0]).and_then(DynamoDbDataStore::new);
            self.data_stores
                .extend(made.ok().map(|data_store| (name.to_owned(), data_store)));
        } else if let Some(answer) = self.asked(call, name, arguments) {
            self.calls += 1;
            return answer;
        }
        self.core.call(call, name, arguments)
    }

    /// Several stores share a call.
    fn counts(&self) -> bool {
        false
    }
}

#[test]
fn hold_through_the_sdk_s_interface() {
    let mut driver = BesideTheCore::default();
    run_all(&Engine::embedded(), &mut driver);
    assert!(driver.calls > 200, "only {} calls went through it", driver.calls);
}
