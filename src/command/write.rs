//! Writing: `init` and `upsert`.

use std::time::Duration;

use serde_json::{json, Value};

use super::arguments::{Init, TableOptions, Upsert as Options};
use super::changes::Version;
use super::outcome::{Outcome, Result};
use super::output::{shown, Output, GOOD};
use super::replace::replace;
use super::{connection, question};
use crate::store::comparison::UpsertPreview;
use crate::store::{Store, Upsert};

pub(super) fn init(table: &TableOptions, options: &Init, output: &Output) -> Result {
    let data_set = connection::text(&options.file)?;
    let mut config = connection::config(table)?;
    config.init_timeout = time_limit(options.time_limit);
    let store = Store::new(config)?;
    let outcome = replace(&store, &data_set, options.caution, output);
    output.cost(&store);
    outcome
}

/// 0 is none.
pub(super) fn time_limit(seconds: u64) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

pub(super) fn upsert(table: &TableOptions, options: &Options, output: &Output) -> Result {
    let item = connection::text(&options.file)?;
    let store = connection::store(table)?;
    // The line break at the end of a file is no part of the item, and would be stored with it.
    let outcome = write(&store, options, item.trim(), output);
    output.cost(&store);
    outcome
}

fn write(store: &Store, options: &Options, item: &str, output: &Output) -> Result {
    let (kind, key, caution) = (&options.kind, &options.key, options.caution);
    let name = format!("{}/{}", shown(kind), shown(key));
    if caution.dry_run {
        return preview(store.preview_upsert(kind, key, item)?, &name, output);
    }
    if question::is_asked(caution) {
        let preview = store.preview_upsert(kind, key, item)?;
        if preview.fits && preview.is_newer {
            let place = connection::place(store);
            let question = format!("{place}: write {name}, {}?", Versions(preview));
            if !question::is_agreed(caution, &question)? {
                output.note("nothing was changed");
                return Ok(Outcome::Findings);
            }
        }
    }
    match store.upsert(kind, key, item)? {
        Upsert::Stored if output.is_json => output.json(&json!({"outcome": "stored"}))?,
        Upsert::Stored => output.line(format_args!("{GOOD}{name} is written{GOOD:#}"))?,
        Upsert::NotNewer(winner) => {
            output.note(format_args!(
                "{name} was not written: the table holds this version or a newer one"
            ));
            match output.is_json {
                true => output.exactly(&format!("{{\"outcome\":\"not_newer\",\"stored\":{winner}}}"))?,
                false => output.exactly(&winner)?,
            }
            return Ok(Outcome::Findings);
        }
        // The library has said so in the words of the official stores.
        Upsert::TooLarge if output.is_json => {
            output.json(&json!({"outcome": "too_large"}))?;
            return Ok(Outcome::Findings);
        }
        Upsert::TooLarge => return Ok(Outcome::Findings),
    }
    Ok(Outcome::Fine)
}

fn preview(preview: UpsertPreview, name: &str, output: &Output) -> Result {
    let (outcome, words) = match (preview.fits, preview.is_newer) {
        (false, _) => ("too_large", "would not be written: it is too large"),
        (true, false) => (
            "not_newer",
            "would not be written: the table holds this version or a newer one",
        ),
        (true, true) => ("stored", "would be written"),
    };
    match output.is_json {
        true => output.json(&json!({
            "outcome": outcome,
            "stored_version": preview.stored.flatten().map_or(Value::Null, Value::from),
            "version": preview.version,
        }))?,
        false => output.line(format_args!("{name} {words}; {}", Versions(preview)))?,
    }
    Ok(match preview.fits && preview.is_newer {
        true => Outcome::Fine,
        false => Outcome::Findings,
    })
}

/// From which version to which.
struct Versions(UpsertPreview);

impl std::fmt::Display for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let version = self.0.version;
        match self.0.stored {
            None => write!(f, "new, version {version}"),
            Some(stored) => write!(f, "version {} → {version}", Version(stored)),
        }
    }
}
