//! TransactWriteItems: all of its actions are judged before the first is done.

mod action;
#[cfg(test)]
mod tests;
mod tokens;

use std::borrow::Cow;
use std::time::Instant;

use serde::de::IgnoredAny;
use serde::Deserialize;

use crate::cancellation::Reason;
use crate::capacity::{read_units, write_units, Report};
use crate::failure::Failure;
use crate::table::Tables;

use super::{find, find_mut, push_field, row_name, RowName, Work};
use action::{Action, Actions, Change, Judged, Prepared};
use tokens::Fingerprint;

pub use tokens::Tokens;

const ACTIONS: usize = 100;
const TOKEN_CHARACTERS: usize = 36;
const ITEMS_BYTES: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TransactWriteItems<'a> {
    #[serde(borrow)]
    transact_items: Actions<'a>,
    #[serde(borrow)]
    client_request_token: Option<Cow<'a, str>>,
    #[serde(default)]
    return_consumed_capacity: Report,
    #[serde(default, rename = "ReturnItemCollectionMetrics")]
    _return_item_collection_metrics: IgnoredAny,
}

impl TransactWriteItems<'_> {
    pub fn actions(&self) -> usize {
        self.transact_items.list.len()
    }

    pub fn rows(&self, tables: &Tables) -> Vec<RowName> {
        let row = |action: &Action| {
            let table = tables.get(&*action.fields().table_name);
            row_name(action.method(), table, action.attributes())
        };
        self.transact_items.list.iter().map(row).collect()
    }

    pub fn run(&self, tables: &mut Tables, tokens: &mut Tokens, now: Instant) -> Result<Work, Failure> {
        let prepared = self.prepare(tables)?;
        let token = self.client_request_token.as_deref();
        let token = token.map(|token| (token, Fingerprint::of(self.transact_items.raw)));
        if let Some((token, request)) = token {
            if tokens.is_done(token, request, now)? {
                return self.repeated(tables, prepared);
            }
        }
        let judged: Vec<_> = prepared.into_iter().map(|action| action.judge(tables)).collect();
        // Twice the units of a plain write: to prepare it and to do it.
        let units = |judged: &Judged| 2.0 * write_units(judged.billed);
        if judged.iter().any(Result::is_err) {
            let consumed = judged.iter().map(|judged| match judged {
                Ok(judged) => units(judged),
                Err(failure) => 2.0 * failure.write_units.max(1.0),
            });
            let consumed = consumed.sum();
            let reason = |judged: Result<Judged, Failure>| judged.map_or_else(Reason::of, |_| Reason::none());
            return Err(Failure::cancelled(judged.into_iter().map(reason).collect(), consumed));
        }
        let judged: Vec<Judged> = judged.into_iter().flatten().collect();
        let bytes: usize = judged.iter().map(|judged| judged.size).sum();
        if bytes > ITEMS_BYTES {
            return Err(Failure::validation(format!(
                "Transaction payload size cannot exceed 4MB. Payload Size: {bytes}"
            )));
        }
        let mut work = self.answer("WriteCapacityUnits", judged.iter().map(units));
        work.write_units = judged.iter().map(units).sum();
        for (action, judged) in self.transact_items.list.iter().zip(judged) {
            let table = find_mut(tables, &action.fields().table_name)?;
            match judged.change {
                Change::Nothing => {}
                Change::Put(row) => {
                    table.put(&judged.key, row);
                    work.rows_written += 1;
                }
                Change::Delete => {
                    table.delete(&judged.key);
                    work.rows_deleted += 1;
                }
            }
        }
        if let Some((token, request)) = token {
            tokens.keep(token, request, now);
        }
        Ok(work)
    }

    /// The actions with their expressions read, or the reason why the whole request is refused.
    fn prepare(&self, tables: &Tables) -> Result<Vec<Prepared<'_>>, Failure> {
        let constraint = |what: &str, limit: String| {
            Err(Failure::validation(format!(
                "1 validation error detected: Value at '{what}' failed to satisfy constraint: Member must have length {limit}"
            )))
        };
        match self.actions() {
            0 => return constraint("transactItems", "greater than or equal to 1".to_owned()),
            count if count > ACTIONS => return constraint("transactItems", format!("less than or equal to {ACTIONS}")),
            _ => {}
        }
        match self.client_request_token.as_ref().map(|token| token.chars().count()) {
            Some(0) => return constraint("clientRequestToken", "greater than or equal to 1".to_owned()),
            Some(count) if count > TOKEN_CHARACTERS => {
                return constraint(
                    "clientRequestToken",
                    format!("less than or equal to {TOKEN_CHARACTERS}"),
                )
            }
            _ => {}
        }
        let actions = self.transact_items.list.iter();
        let prepared = actions
            .map(|action| action.prepare(tables))
            .collect::<Result<Vec<_>, _>>()?;
        let mut places = Vec::with_capacity(prepared.len());
        for prepared in &prepared {
            let Ok(key) = &prepared.key else { continue };
            let place = (&prepared.action.fields().table_name, key);
            if places.contains(&place) {
                return Err(Failure::validation(
                    "Transaction request cannot include multiple operations on one item",
                ));
            }
            places.push(place);
        }
        Ok(prepared)
    }

    /// A request that was done before with its token reads what it wrote then.
    fn repeated(&self, tables: &Tables, prepared: Vec<Prepared>) -> Result<Work, Failure> {
        let mut units = Vec::with_capacity(prepared.len());
        for prepared in prepared {
            let table = find(tables, &prepared.action.fields().table_name)?;
            let size = table.get(&prepared.key?).map_or(0, |row| row.size);
            units.push(2.0 * read_units(size, true));
        }
        Ok(Work {
            read_units: units.iter().sum(),
            ..self.answer("ReadCapacityUnits", units.into_iter())
        })
    }

    /// The answer, with the units of each action added up by table.
    fn answer(&self, kind: &str, units: impl Iterator<Item = f64>) -> Work {
        let mut by_table: Vec<(&str, f64)> = Vec::new();
        for (action, units) in self.transact_items.list.iter().zip(units) {
            let name = &*action.fields().table_name;
            match by_table.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += units,
                None => by_table.push((name, units)),
            }
        }
        let reports: Vec<_> = by_table
            .iter()
            .filter_map(|(name, units)| self.return_consumed_capacity.text_of_transaction(name, kind, *units))
            .collect();
        let mut body = b"{".to_vec();
        if !reports.is_empty() {
            push_field(
                &mut body,
                "ConsumedCapacity",
                format!("[{}]", reports.join(",")).as_bytes(),
            );
        }
        body.push(b'}');
        Work {
            body,
            ..Work::default()
        }
    }
}
