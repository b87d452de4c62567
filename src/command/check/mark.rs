//! The mark of a full data set, `$inited`: whether it is there, and what its absence means.

use super::commands::{Commands, FULL_DATA_SET, WRITTEN_ANEW};
use super::finding::Finding;
use super::finding::Severity::{Odd, Wrong};
use super::prefixes::{Contents, Others, Prefixes};
use super::text::plain;
use crate::command::output::counted;
use crate::store::administration::WholeRow;
use crate::table::item::StoredItem;
use crate::table::schema;

/// What the mark has beside its two keys.
pub(super) fn additions(whole: &WholeRow) -> Vec<String> {
    let mut names = whole.other_attributes.clone();
    if whole.row.item != StoredItem::Missing {
        names.push(schema::ITEM.to_owned());
    }
    if whole.row.version.is_some() {
        names.push(schema::VERSION.to_owned());
    }
    names
}

pub(super) fn with_additions(names: &[String], commands: &Commands<'_>, is_full: bool) -> Finding {
    let what = format!(
        "the mark of a full data set has more than its two keys: {}",
        plain(&names.join(", "))
    );
    let why = "Every store writes the keys alone, so something else writes to this table. SDKs take the table as initialized all the same.";
    let finding = Finding::new(Odd, what, why);
    match is_full {
        true => finding.advice(WRITTEN_ANEW).commands(commands.write_anew()),
        false => finding.advice(FULL_DATA_SET).commands(commands.init()),
    }
}

/// What is missing under a prefix of which all rows were seen.
pub(super) fn missing(
    contents: &Contents,
    prefixes: &Prefixes,
    prefix: &str,
    others: Others,
    commands: &Commands<'_>,
) -> Option<Finding> {
    let items = contents.items();
    if items == 0 && !contents.is_initialized {
        return Some(nothing(prefixes, prefix, others, commands));
    }
    if !contents.is_initialized {
        let rows = counted(items, "row", "rows");
        let what = format!(
            "no mark of a full data set ({}) beside {rows}",
            plain(&schema::inited_key(prefix))
        );
        let why =
            "The first init died before its end, or nothing but single updates was ever written. In daemon mode some \
                   SDKs (Node, Java, .NET, C++) take the table as not initialized then, and serve default values.";
        return Some(
            Finding::new(Wrong, what, why)
                .advice(FULL_DATA_SET)
                .commands(commands.init()),
        );
    }
    (contents.features == 0).then(|| {
        let what = "marked as a full data set, and without a single flag";
        let why = "SDKs take the table as initialized and find no flag, so each evaluation ends with FLAG_NOT_FOUND and the default value.";
        Finding::new(Wrong, what, why).advice(FULL_DATA_SET).commands(commands.init())
    })
}

/// Another prefix is the usual cause.
fn nothing(prefixes: &Prefixes, prefix: &str, others: Others, commands: &Commands<'_>) -> Finding {
    let what = match prefix {
        "" => "nothing is stored without a prefix".to_owned(),
        prefix => format!("nothing is stored under the prefix {prefix:?}"),
    };
    let why = "SDKs that read here find no flag, and serve default values.";
    let finding = Finding::new(Wrong, what, why);
    match others {
        Others::Seen => {}
        Others::NotWanted => {
            return finding
                .advice(
                    "The prefix may be another one, and others were not looked at: a check without --no-scan names them. If this one is \
                     right, write the full data set:",
                )
                .commands([commands.line(&["check"])])
                .commands(commands.init());
        }
        Others::Refused => {
            return finding
                .advice(
                    "The prefix may be another one, and others could not be looked at: see what the SDKs are told. If this one is right, \
                     write the full data set:",
                )
                .commands(commands.init());
        }
    }
    let others = prefixes.others(prefix);
    let named = |prefix: &str| match prefix {
        "" => "no prefix".to_owned(),
        prefix => format!("the prefix {prefix:?}"),
    };
    let advice =
        match (prefixes.nearest(prefix), others.len()) {
            (Some(nearest), _) => {
                let colon = match prefix.strip_suffix(':') {
                    Some(_) => "; stores put the colon there themselves",
                    None => "",
                };
                format!(
                    "There are flags or segments under {}{colon}. Is that the one?",
                    named(nearest)
                )
            }
            (None, 0) => return finding.advice(FULL_DATA_SET).commands(commands.init()),
            (None, _) => return finding
                .advice(
                    "Other prefixes have flags or segments, see above. If this one is right, write the full data set:",
                )
                .commands(commands.init()),
        };
    let nearest = prefixes.nearest(prefix).unwrap_or_default();
    finding
        .advice(advice)
        .commands([commands.with_prefix(&["check"], nearest)])
}
