//! `export`: what the table holds as a data set, byte for byte, which init takes.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::arguments::{Export, TableOptions};
use super::connection;
use super::outcome::{Failure, Outcome, Result};
use super::output::Output;
use super::read::is_deleted;
use crate::error::Result as TableResult;
use crate::store::Store;
use crate::table::item::{NewRow, StoredRow};
use crate::table::schema::{self, Kind};

pub(super) fn run(table: &TableOptions, options: &Export, output: &Output) -> Result {
    let store = connection::store(table)?;
    let outcome = export(&store, options, output);
    output.cost(&store);
    outcome
}

fn export(store: &Store, options: &Export, output: &Output) -> Result {
    let exported = DataSetText::of(store, &options.kinds, !options.without_tombstones)?;
    let is_initialized = store.initialized()?;
    match options.output.as_deref().filter(|file| file.as_os_str() != "-") {
        None => output.exactly(&exported.text)?,
        Some(file) => {
            write_whole(file, &exported.text)
                .map_err(|error| Failure::File(format!("{}: {error}; it is as it was", file.display())))?;
            match output.is_json {
                true => output.json(&json!({"items": exported.items, "left_out": exported.left_out.len()}))?,
                false => output.note(format_args!(
                    "{} items are written to {}",
                    exported.items,
                    file.display()
                )),
            }
        }
    }
    exported.tell_left_out(output);
    if !is_initialized {
        let place = connection::place(store);
        output.failure(&format!(
            "{place} is not initialized: no full data set was ever written there, and this one may lack items"
        ));
    }
    Ok(match is_initialized && exported.left_out.is_empty() {
        true => Outcome::Fine,
        false => Outcome::Findings,
    })
}

/// A data set as text, an item a line.
pub(super) struct DataSetText {
    pub(super) text: String,
    items: usize,
    /// What is wrong with each row that init would not take.
    left_out: Vec<String>,
}

impl DataSetText {
    /// Of these kinds, or of features and segments where none is named.
    pub(super) fn of(store: &Store, kinds: &[String], with_tombstones: bool) -> TableResult<Self> {
        let mut data_set = DataSetText {
            text: "{".to_owned(),
            items: 0,
            left_out: Vec::new(),
        };
        let mut kinds: Vec<Kind<'_>> = kinds.iter().map(|kind| Kind::parse(kind)).collect::<TableResult<_>>()?;
        if kinds.is_empty() {
            kinds = vec![Kind::parse(schema::FEATURES)?, Kind::parse(schema::SEGMENTS)?];
        }
        for (index, &kind) in kinds.iter().enumerate() {
            if !kinds[..index].contains(&kind) {
                data_set.add_kind(store, kind, with_tombstones)?;
            }
        }
        data_set.text.push('}');
        Ok(data_set)
    }

    fn add_kind(&mut self, store: &Store, kind: Kind<'_>, with_tombstones: bool) -> TableResult<()> {
        let separator = if self.text.len() > 1 { ",\n" } else { "" };
        self.text += &format!("{separator}{}:{{", json!(kind.name()));
        let mut separator = "\n";
        store.rows(kind.name(), &mut |row| match item(kind, row) {
            Ok((_, item)) if !with_tombstones && is_deleted(&item) => {}
            Ok((key, item)) => {
                self.text += &format!("{separator}{}:{item}", json!(key));
                self.items += 1;
                separator = ",\n";
            }
            Err(error) => self.left_out.push(error.to_string()),
        })?;
        self.text.push_str("\n}");
        Ok(())
    }

    /// Names the rows that are not in it.
    pub(super) fn tell_left_out(&self, output: &Output) {
        for message in &self.left_out {
            output.failure(&format!("left out: {message}"));
        }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.left_out.is_empty()
    }
}

/// Key and item of a row that init would take.
fn item(kind: Kind<'_>, row: StoredRow) -> TableResult<(String, String)> {
    let (key, item) = row.into_key_and_item(kind);
    let item = item?;
    NewRow::parse(kind, kind.name(), Cow::Borrowed(&key), &item)?;
    Ok((key, item))
}

/// Writes a file of its own beside `file` and gives it that name, so that nobody finds half of it.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    let partial: PathBuf = file.with_file_name(name);
    let written = File::create_new(&partial).and_then(|mut created| {
        writeln!(created, "{text}")?;
        created.sync_all()?;
        fs::rename(&partial, file)
    });
    if written.is_err() {
        // What failed is told, not that its remains could not be removed.
        let _ = fs::remove_file(&partial);
    }
    written
}
