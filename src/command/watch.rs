//! What changes in a table, by reading it again and again.

mod changes;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use anstyle::Style;
use serde_json::{json, Value};

use super::arguments::{TableOptions, Watch};
use super::connection;
use super::interrupt::Interruption;
use super::outcome::{Failure, Outcome, Result};
use super::output::{counted, shown, Output, BAD, BOLD, DIM, GOOD, ODD};
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use crate::table::schema::{Kind, FEATURES, SEGMENTS};
use changes::{changes, Change, Rows, Seen};

/// Who reads more often asks for more than a table changes.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
/// A year, which clocks can reckon with.
const LONGEST_TIME: Duration = Duration::from_secs(365 * 86_400);

pub(super) fn run(table: &TableOptions, options: &Watch, output: &Output) -> Result {
    let interval = Duration::try_from_secs_f64(options.interval).ok();
    let allowed = SHORTEST_INTERVAL..=LONGEST_TIME;
    let Some(interval) = interval.filter(|interval| allowed.contains(interval)) else {
        return Err(Failure::Usage(format!(
            "--interval {} is refused: 0.1 to {} seconds",
            options.interval,
            LONGEST_TIME.as_secs()
        )));
    };
    let limit = options.time_limit.map(Duration::from_secs);
    if let Some(limit) = limit.filter(|limit| *limit > LONGEST_TIME) {
        return Err(Failure::Usage(format!(
            "--time-limit {} is refused: at most {} seconds",
            limit.as_secs(),
            LONGEST_TIME.as_secs()
        )));
    }
    let store = Store::new(connection::config(table)?.read_only(true))?;
    let watcher = Watcher {
        store: &store,
        output,
        options,
        kinds: kinds(&options.kinds)?,
        interval,
        began: Instant::now(),
    };
    let outcome = Interruption::new().and_then(|interruption| watcher.watch(interruption));
    output.cost(&store);
    outcome
}

/// Each once, by its own name.
fn kinds(named: &[String]) -> Result<Vec<&str>> {
    if named.is_empty() {
        return Ok(vec![FEATURES, SEGMENTS]);
    }
    let mut kinds = Vec::new();
    for name in named {
        let kind = Kind::parse(name)?.name();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

/// All that is watched, as it was read last.
struct Reading<'k> {
    kinds: BTreeMap<&'k str, Rows>,
    is_initialized: bool,
}

/// Why the table could not be read for a while.
struct Outage {
    began: Instant,
    kind: ErrorKind,
}

struct Watcher<'w> {
    store: &'w Store,
    output: &'w Output,
    options: &'w Watch,
    kinds: Vec<&'w str>,
    interval: Duration,
    began: Instant,
}

impl Watcher<'_> {
    fn watch(&self, mut interruption: Interruption) -> Result {
        let end = self
            .options
            .time_limit
            .map(|limit| self.began + Duration::from_secs(limit));
        let (mut last, mut outage) = (None::<Reading<'_>>, None);
        let (mut rounds, mut changes) = (0, 0);
        loop {
            let round = Instant::now();
            let units = self.read_units();
            match self.read() {
                Ok(reading) => {
                    self.tell_end_of(outage.take())?;
                    rounds += 1;
                    match &last {
                        None => self.tell_baseline(&reading, self.read_units() - units)?,
                        Some(before) => changes += self.tell_changes(before, &reading)?,
                    }
                    if self.tell_arrival(&reading)? {
                        return Ok(Outcome::Fine);
                    }
                    last = Some(reading);
                }
                Err(error) if error.is_retriable() => self.tell_outage(error, &mut outage)?,
                Err(error) => return Err(error.into()),
            }
            let is_over = end.is_some_and(|end| Instant::now() >= end);
            let pause = (round + self.interval).saturating_duration_since(Instant::now());
            let pause = end.map_or(pause, |end| pause.min(end.saturating_duration_since(Instant::now())));
            if is_over || interruption.wait(pause) {
                let seconds = self.began.elapsed().as_secs() as usize;
                self.output.note(format_args!(
                    "{} in {} and {}",
                    counted(changes, "change", "changes"),
                    counted(rounds, "reading", "readings"),
                    counted(seconds, "second", "seconds")
                ));
                return self.outcome_without_arrival(is_over, last.as_ref());
            }
        }
    }

    fn read(&self) -> std::result::Result<Reading<'_>, Error> {
        let mut kinds = BTreeMap::new();
        for &kind in &self.kinds {
            let parsed = Kind::parse(kind)?;
            let mut rows = Rows::new();
            match &self.options.key {
                Some(key) => rows.extend(
                    self.store
                        .row(kind, key)?
                        .map(|row| (key.clone(), Seen::of(parsed, &row))),
                ),
                None => self.store.rows_at_once(kind, &mut |row| {
                    rows.insert(row.key.clone(), Seen::of(parsed, &row));
                })?,
            }
            kinds.insert(kind, rows);
        }
        Ok(Reading {
            kinds,
            is_initialized: self.store.initialized()?,
        })
    }

    fn read_units(&self) -> f64 {
        let stats: Value = serde_json::from_str(&self.store.stats()).unwrap_or_default();
        stats["consumed_read_units"].as_f64().unwrap_or_default()
    }

    /// One line of the stream, or one object of it.
    fn tell(&self, text: &str, mut members: Value) -> std::io::Result<()> {
        let time = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        if self.output.is_json {
            members["time"] = Value::from(time);
            return self.output.json(&members);
        }
        self.output.line(format_args!("{DIM}{time}{DIM:#}  {text}"))
    }

    fn tell_baseline(&self, reading: &Reading<'_>, units: f64) -> std::io::Result<()> {
        let a_day = units * 86_400.0 / self.interval.as_secs_f64();
        if self.output.is_json {
            let items: BTreeMap<_, _> = reading.kinds.iter().map(|(kind, rows)| (kind, rows.len())).collect();
            let members = json!({
                "change": "baseline", "items": items, "initialized": reading.is_initialized,
                "read_units_a_round": units, "read_units_a_day": a_day.round(),
            });
            return self.tell("", members);
        }
        let state = |rows: &Rows| match (&self.options.key, rows.values().next()) {
            (None, _) => counted(rows.len(), "row", "rows"),
            (Some(_), None) => "no row".to_owned(),
            (Some(_), Some(row)) => described(row),
        };
        let kinds = reading
            .kinds
            .iter()
            .map(|(kind, rows)| format!("{}: {}", self.name(kind), state(rows)));
        let marker = if reading.is_initialized {
            "initialized"
        } else {
            "not initialized"
        };
        self.output
            .note(format_args!("{}; {marker}", kinds.collect::<Vec<_>>().join(", ")));
        self.output.note(format_args!(
            "reading that every {} s costs {units} read units each time, {a_day:.0} a day; Ctrl-C ends it",
            self.interval.as_secs_f64()
        ));
        Ok(())
    }

    fn name(&self, kind: &str) -> String {
        match &self.options.key {
            Some(key) => item_name(kind, key),
            None => kind.to_owned(),
        }
    }

    /// Returns how many there were.
    fn tell_changes(&self, before: &Reading<'_>, now: &Reading<'_>) -> std::io::Result<usize> {
        let mut count = 0;
        for (kind, rows) in &now.kinds {
            for (key, change) in changes(&before.kinds[kind], rows) {
                let is_deleted = rows.get(key).is_some_and(|row| row.is_deleted);
                self.tell_change(
                    &item_name(kind, key),
                    change,
                    json!({"kind": kind, "key": key, "deleted": is_deleted}),
                )?;
                count += 1;
            }
        }
        if before.is_initialized != now.is_initialized {
            let change = if now.is_initialized {
                Change::Initialized
            } else {
                Change::NotInitialized
            };
            self.tell_change("$inited", change, json!({}))?;
            count += 1;
        }
        Ok(count)
    }

    fn tell_change(&self, name: &str, change: Change, mut members: Value) -> std::io::Result<()> {
        members["change"] = Value::from(change.name());
        members["rule"] = Value::from(change.rule());
        let (from, to) = change.versions();
        for (member, version) in [("from_version", from), ("version", to)] {
            if let Some(version) = version {
                members[member] = Value::from(version);
            }
        }
        let style = style(change);
        let text = format!(
            "{BOLD}{name}{BOLD:#}  {style}{change}{style:#}: {DIM}{}{DIM:#}",
            change.rule()
        );
        self.tell(&text, members)
    }

    /// Whether what is waited for is there.
    fn tell_arrival(&self, reading: &Reading<'_>) -> std::io::Result<bool> {
        let Some(wanted) = self.options.until_version else {
            return Ok(false);
        };
        for (kind, rows) in &reading.kinds {
            for (key, row) in rows {
                if let Some(version) = row.version.filter(|version| *version >= wanted) {
                    let name = item_name(kind, key);
                    let text = format!("{BOLD}{name}{BOLD:#}  {GOOD}has {}{GOOD:#}", described(row));
                    self.tell(
                        &text,
                        json!({"change": "arrived", "kind": kind, "key": key, "version": version, "deleted": row.is_deleted}),
                    )?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// It ends because its time `is_over`, or because somebody wanted to stop.
    fn outcome_without_arrival(&self, is_over: bool, last: Option<&Reading<'_>>) -> Result {
        let wanted = match (self.options.until_version, last) {
            (_, None) if is_over => {
                let message = "the table could not be read before the time limit";
                return Err(Failure::Stopped(message.to_owned()));
            }
            (Some(wanted), _) if !is_over => {
                let message = format!("stopped before version {wanted} came");
                return Err(Failure::Stopped(message));
            }
            (Some(wanted), _) => wanted,
            (None, _) => return Ok(Outcome::Fine),
        };
        let kinds = last.iter().flat_map(|reading| &reading.kinds);
        let there = kinds.flat_map(|(kind, rows)| rows.values().map(move |row| (kind, row)));
        let there: Vec<String> = there
            .map(|(kind, row)| format!("{} has {}", self.name(kind), described(row)))
            .collect();
        let there = match there.is_empty() {
            true => "there is no such row".to_owned(),
            false => there.join(", "),
        };
        self.output.failure(&format!("version {wanted} did not come: {there}"));
        Ok(Outcome::Findings)
    }

    /// The first failure of each sort: the same message each round would hide the changes.
    fn tell_outage(&self, error: Error, outage: &mut Option<Outage>) -> std::io::Result<()> {
        let is_known = outage.as_ref().is_some_and(|outage| outage.kind == error.kind());
        if !is_known {
            if self.output.is_json {
                self.tell("", json!({"change": "not_readable", "error": error.message()}))?;
            }
            self.output
                .note(format_args!("{ODD}not readable{ODD:#}, watching goes on: {error}"));
        }
        let began = outage.as_ref().map_or_else(Instant::now, |outage| outage.began);
        *outage = Some(Outage {
            began,
            kind: error.kind(),
        });
        Ok(())
    }

    fn tell_end_of(&self, outage: Option<Outage>) -> std::io::Result<()> {
        let Some(outage) = outage else { return Ok(()) };
        let seconds = outage.began.elapsed().as_secs_f64();
        if self.output.is_json {
            self.tell("", json!({"change": "readable", "after_seconds": seconds}))?;
        }
        self.output
            .note(format_args!("{GOOD}readable again{GOOD:#}, after {seconds:.1} s"));
        Ok(())
    }
}

/// As lines name it: with nothing that a terminal would do something about.
fn item_name(kind: &str, key: &str) -> String {
    format!("{}/{}", shown(kind), shown(key))
}

fn described(row: &Seen) -> String {
    match (row.version, row.is_deleted) {
        (None, _) if row.is_readable => "a row without a version".to_owned(),
        (None, _) => "a corrupt row".to_owned(),
        (Some(version), false) => format!("version {version}"),
        (Some(version), true) => format!("version {version}, marked as deleted"),
    }
}

fn style(change: Change) -> Style {
    match change {
        Change::Corrupt { .. } | Change::NotInitialized => BAD,
        _ if change.is_odd() => ODD,
        _ => GOOD,
    }
}
