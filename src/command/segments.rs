//! Big Segments: `segments get` and `segments patch`.

use serde_json::json;

use super::arguments::{SegmentsGet, SegmentsPatch, TableOptions};
use super::outcome::{Outcome, Result};
use super::output::{Output, GOOD};
use super::{connection, question};
use crate::store::{context_hash, BigSegmentsPatch, Store};
use crate::table::big_segments::{Change, MembershipUpdate, Patch};

pub(super) fn get(table: &TableOptions, options: &SegmentsGet, output: &Output) -> Result {
    let store = connection::store(table)?;
    let hash = match options.hash {
        true => options.context.clone(),
        false => context_hash(&options.context),
    };
    let found = store.big_segments_membership(&hash);
    output.cost(&store);
    match found? {
        Some(membership) => {
            output.exactly(&membership)?;
            Ok(Outcome::Fine)
        }
        None => {
            let place = connection::place(&store);
            output.failure(&format!(
                "{place}: no Big Segment includes or excludes this context, whose hash is {hash:?}"
            ));
            Ok(Outcome::Findings)
        }
    }
}

pub(super) fn patch(table: &TableOptions, options: &SegmentsPatch, output: &Output) -> Result {
    let text = connection::text(&options.file)?;
    let patch = Patch::parse(&text)?;
    let store = connection::store(table)?;
    let outcome = apply(&store, &patch, &text, options, output);
    output.cost(&store);
    outcome
}

fn apply(store: &Store, patch: &Patch, text: &str, options: &SegmentsPatch, output: &Output) -> Result {
    let caution = options.caution;
    if caution.dry_run {
        return preview(store, patch, output);
    }
    if question::is_asked(caution) {
        let question = format!("{}: apply {}?", connection::place(store), contents(patch));
        if !question::is_agreed(caution, &question)? {
            output.note("nothing was changed");
            return Ok(Outcome::Findings);
        }
    }
    match store.big_segments_apply_patch(text)? {
        BigSegmentsPatch::Applied if output.is_json => output.json(&json!({"outcome": "applied"}))?,
        BigSegmentsPatch::Applied => output.line(format_args!("{GOOD}the patch is applied{GOOD:#}"))?,
        BigSegmentsPatch::OutOfOrder => {
            let cursor = store.big_segments_cursor()?;
            show_cursor(
                patch,
                cursor.as_deref(),
                ("out_of_order", "the patch was not applied"),
                output,
            )?;
            return Ok(Outcome::Findings);
        }
    }
    Ok(Outcome::Fine)
}

/// What the patch holds, and whether it follows what the table has.
fn preview(store: &Store, patch: &Patch, output: &Output) -> Result {
    let cursor = store.big_segments_cursor()?;
    let fits = match &cursor {
        None => patch.previous_version.is_empty(),
        Some(cursor) => *cursor == patch.previous_version,
    };
    if !output.is_json {
        output.line(contents(patch))?;
    }
    let outcome = match fits {
        true => ("applied", "the patch would be applied"),
        false => ("out_of_order", "the patch would not be applied"),
    };
    show_cursor(patch, cursor.as_deref(), outcome, output)?;
    Ok(match fits {
        true => Outcome::Fine,
        false => Outcome::Findings,
    })
}

/// `outcome` as JSON and people have it.
fn show_cursor(
    patch: &Patch,
    cursor: Option<&str>,
    (outcome, words): (&str, &str),
    output: &Output,
) -> std::io::Result<()> {
    let previous = &patch.previous_version;
    if output.is_json {
        return output.json(
            &json!({"outcome": outcome, "cursor": cursor, "previous_version": previous, "version": patch.version}),
        );
    }
    let cursor = match cursor {
        Some(cursor) => format!("the table's cursor is {cursor:?}"),
        None => "the table has no cursor".to_owned(),
    };
    output.line(format_args!("{words}: {cursor}, and the patch follows {previous:?}"))
}

fn contents(patch: &Patch) -> String {
    let count = |set: fn(&MembershipUpdate) -> Option<Change>, change| {
        let updates = patch.updates.iter().filter(|update| set(update) == Some(change));
        updates.count()
    };
    let included = |change| count(|update| update.included, change);
    let excluded = |change| count(|update| update.excluded, change);
    format!(
        "patch {:?} of {:?}: {} contexts; included: {} added, {} removed; excluded: {} added, {} removed",
        patch.version,
        patch.reference,
        patch.updates.len(),
        included(Change::Add),
        included(Change::Remove),
        excluded(Change::Add),
        excluded(Change::Remove)
    )
}
