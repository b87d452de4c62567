//! One full data set: the difference to what is stored, in levels of batches, stale rows deleted, `$inited` last.

use std::future::Future;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::OnceLock;

use super::backoff::Backoff;
use super::difference::{ComparedPage, ComparedPart, Difference};
use super::progress::Progress;
use super::{ends, rows, Store};
use crate::client::{Client, Rows, Write};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::process::{self, Live};
use crate::stats::InitReport;
use crate::table::data_set::{DataSet, KindRows};
use crate::table::dependencies;
use crate::table::key_range::KeyRange;
use crate::table::schema;

/// What DynamoDB takes in one BatchWriteItem.
const MAXIMUM_BATCH_ROWS: usize = 25;
const MAXIMUM_BATCH_BYTES: usize = 16 * 1024 * 1024;
/// For the JSON around a row's own text in a request.
const ROW_ENVELOPE_BYTES: usize = 256;

/// A namespace is read in so many parts at most, of two pages and more.
const MOST_PARTS: usize = 4;
const LEAST_PART_BYTES: usize = 2 << 20;

impl Store {
    /// Makes the kinds in `all_data` hold exactly its items, then marks the table as initialized.
    ///
    /// `all_data` is `{"features": {key: item, …}, "segments": {key: item, …}}`, as LaunchDarkly sends it. Bad input is refused
    /// before the first request. An item over the size limit is logged and left out, with its older copy.
    pub fn init(&self, all_data: &str) -> Result<InitReport> {
        self.init_watched(all_data, &Progress::default())
    }

    /// The same, while others look at `progress`, and may stop it there.
    pub(crate) fn init_watched(&self, all_data: &str, progress: &Progress) -> Result<InitReport> {
        self.require_writable()?;
        let data_set = DataSet::parse(all_data)?;
        let namespaces = data_set.namespaces(&self.config.prefix)?;
        let live = self.live();
        let kinds = rows::rows(live.generation(), self.config.max_concurrency, &data_set, &namespaces)?;
        let names = || kinds.iter().map(|group| group.kind.name()).collect();
        let until = ends(self.config.init_timeout);
        let client = live.client(&self.config, self.pushed.as_ref(), self.config.operation_timeout);
        // What the cache is told is told within the future, which a child forked meanwhile leaves alone.
        let outcome = process::block_on_here(live.generation(), until, async {
            let mut under_way = live.cache.as_ref().map(|cache| cache.init_begins(names()));
            let sends = || under_way.iter_mut().for_each(|init| init.sends());
            if !progress.has_warned() {
                rows::warn_of_misspelt(&kinds);
            }
            let work = client.map(|client| Init {
                client: client.for_init(),
                config: &self.config,
                made_in: live.generation(),
                progress,
                failure: OnceLock::new(),
            });
            let outcome = work.and_then(|work| work.replace(&kinds, &namespaces, sends));
            let outcome = outcome.map_err(|error| self.init_failure(live.generation(), progress, error));
            if let (Some(under_way), Ok(_)) = (under_way, &outcome) {
                under_way.succeeded(kinds.iter().map(rows::stored_items));
            }
            outcome
        });
        let outcome = outcome.and_then(|outcome| outcome.unwrap_or_else(|| Err(process::out_of_time())));
        if let Ok(report) = &outcome {
            live.stats.init(*report);
        }
        outcome
    }

    /// Says how far it came, too: the next init goes on through the difference.
    fn init_failure(&self, made_in: u64, progress: &Progress, error: Error) -> Error {
        let error = match self.config.init_timeout {
            // In a child that a signal handler forked, the lock may be held by a thread that it does not have.
            _ if process::generation() != made_in => error,
            _ if progress.has_stopped() && error.is_retriable() => {
                return Error::new(
                    ErrorKind::TimedOut,
                    progress.describe() + &progress.what_it_waited_for(),
                );
            }
            Some(limit) if process::is_out_of_time() && error.is_retriable() => progress.out_of_time(limit, &error),
            _ => error,
        };
        error.in_context(progress.describe())
    }
}

/// One init, whose requests several threads send.
struct Init<'a> {
    client: Client,
    config: &'a Config,
    made_in: u64,
    progress: &'a Progress,
    /// What cannot pass, of whichever thread: the others do not go on.
    failure: OnceLock<Error>,
}

impl Init<'_> {
    fn replace(&self, kinds: &[KindRows<'_>], namespaces: &[String], sends: impl FnOnce()) -> Result<InitReport> {
        let (config, progress) = (self.config, self.progress);
        let differences = self.compare(kinds, namespaces)?;

        let mut report = InitReport::default();
        let mut levels = Vec::new();
        for level in dependencies::levels(kinds) {
            let mut writes = Vec::new();
            for (group, index) in level {
                let row = &kinds[group].rows[index];
                if !row.fits() {
                    row.log_too_large();
                    report.dropped += 1;
                } else if differences[group].is_stored[index] {
                    report.unchanged += 1;
                } else {
                    writes.push(Write::Put(row));
                }
            }
            report.written += writes.len();
            levels.push(writes);
        }
        let mut deletes = Vec::new();
        for (difference, namespace) in differences.iter().zip(namespaces) {
            let keys = difference.stale.iter();
            deletes.extend(keys.map(|key| Write::Delete { namespace, key }));
        }
        report.deleted = deletes.len();
        levels.push(deletes);
        progress.begin(report.written + report.deleted);
        sends();

        for level in &levels {
            let batches: Vec<_> = batches(level).collect();
            let under_way = most_bytes_at_once(&batches, config.max_concurrency);
            process::side_by_side(
                self.made_in,
                config.max_concurrency,
                batches.len(),
                async |index: usize| self.write_until_done(batches[index], under_way).await,
            )?;
        }
        let marker = schema::inited_key(&config.prefix);
        process::side_by_side(self.made_in, 1, 1, async |_| {
            self.until_answered(|| {
                progress.is_marking.store(true, Relaxed);
                self.client.put_marker(&marker)
            })
            .await
        })?;
        tracing::info!(
            "Initialized table {:?} with {} item(s): {} written, {} unchanged, {} deleted, {} dropped",
            config.table,
            report.written + report.unchanged,
            report.written,
            report.unchanged,
            report.deleted,
            report.dropped
        );
        Ok(report)
    }

    /// How each namespace differs from its rows. Large ones are read in parts side by side.
    fn compare(&self, kinds: &[KindRows<'_>], namespaces: &[String]) -> Result<Vec<Difference>> {
        let parts: Vec<(usize, KeyRange<'_>)> = kinds
            .iter()
            .enumerate()
            .flat_map(|(index, group)| {
                let ranges = group.ranges(LEAST_PART_BYTES, MOST_PARTS);
                ranges.into_iter().map(move |range| (index, range))
            })
            .collect();
        let compared = process::collected_side_by_side(
            self.made_in,
            self.config.max_concurrency,
            parts.len(),
            async |number: usize| {
                let (index, range) = parts[number];
                self.compare_part(&kinds[index], &namespaces[index], range, parts.len())
                    .await
            },
        )?;
        let mut differences: Vec<Difference> = kinds.iter().map(Difference::of).collect();
        for ((index, _), part) in parts.iter().zip(compared) {
            differences[*index].add(part);
        }
        differences.iter_mut().for_each(Difference::require_once);
        Ok(differences)
    }

    /// Reads a part of a namespace, strongly consistent; each row is compared as its page arrives and then forgotten.
    async fn compare_part(
        &self,
        group: &KindRows<'_>,
        namespace: &str,
        range: KeyRange<'_>,
        queries: usize,
    ) -> Result<ComparedPart> {
        let mut part = ComparedPart::default();
        let mut start = None;
        loop {
            let mut page = ComparedPage::new(group);
            let mut backoff = Backoff::default();
            let next = loop {
                self.go_on()?;
                let query = self
                    .client
                    .query(queries, namespace, range, true, start.clone(), &mut page);
                match self.answered(query.await, &mut backoff)? {
                    Some(next) => break next,
                    None => page.forget_page(),
                }
            };
            self.progress.read.fetch_add(page.len(), Relaxed);
            part.append(page);
            start = next;
            if start.is_none() {
                return Ok(part);
            }
        }
    }

    /// Repeats a request whose failure may pass (throttling, time-outs, connections, AWS's own faults), with growing pauses; the
    /// call's deadline ends it.
    async fn until_answered<T, F: Future<Output = Result<T>>>(&self, mut request: impl FnMut() -> F) -> Result<T> {
        let mut backoff = Backoff::default();
        loop {
            self.go_on()?;
            if let Some(answer) = self.answered(request().await, &mut backoff)? {
                return Ok(answer);
            }
        }
    }

    /// The answer; nothing, after a pause, where the request is to be repeated.
    fn answered<T>(&self, outcome: Result<T>, backoff: &mut Backoff) -> Result<Option<T>> {
        match outcome {
            Ok(answer) => {
                self.progress.answered();
                Ok(Some(answer))
            }
            Err(error) if process::generation() != self.made_in => Err(error),
            Err(error) if error.is_retriable() && !process::is_out_of_time() => {
                self.progress.failed(error);
                self.pause(backoff)?;
                Ok(None)
            }
            Err(error) => {
                if !error.is_retriable() {
                    let _ = self.failure.set(error.clone());
                }
                Err(error)
            }
        }
    }

    /// Waits before a request is repeated; an error where another has failed for good.
    fn pause(&self, backoff: &mut Backoff) -> Result<()> {
        process::pause_unless(backoff.next(), || {
            self.failure.get().is_some() || self.progress.should_stop()
        });
        self.failure.get().map_or(Ok(()), |failure| Err(failure.clone()))
    }

    /// An error where no further request is to begin.
    fn go_on(&self) -> Result<()> {
        match self.progress.stops() {
            // Its words are not told: `init_failure` has better ones.
            true => Err(process::out_of_time()),
            false => Ok(()),
        }
    }

    /// Repeats what DynamoDB left undone, with growing pauses, until nothing is left; the call's deadline ends it.
    async fn write_until_done(&self, batch: &[Write<'_>], under_way: usize) -> Result<()> {
        let mut undone = batch.to_vec();
        let mut backoff = Backoff::default();
        loop {
            let before = undone.len();
            undone = self
                .until_answered(|| self.client.write_batch(&undone, under_way))
                .await?;
            self.progress.done.fetch_add(before - undone.len(), Relaxed);
            if undone.is_empty() {
                return Ok(());
            }
            match undone.len() < before {
                true => backoff = Backoff::default(),
                false => self.progress.failed(Error::new(
                    ErrorKind::Throttled,
                    "DynamoDB leaves all rows of a batch undone",
                )),
            }
            self.pause(&mut backoff)?;
        }
    }
}

/// Cuts a level into requests that DynamoDB takes.
fn batches<'w, 'r>(writes: &'w [Write<'r>]) -> impl Iterator<Item = &'w [Write<'r>]> {
    let mut rest = writes;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(MAXIMUM_BATCH_ROWS).take_while(|write| {
            bytes += encoded_bytes(write);
            bytes <= MAXIMUM_BATCH_BYTES
        });
        let (batch, remaining) = rest.split_at(fitting.count());
        rest = remaining;
        (!batch.is_empty()).then_some(batch)
    })
}

/// What the largest batches of a level carry, as many as run at once.
fn most_bytes_at_once(batches: &[&[Write<'_>]], max_concurrency: usize) -> usize {
    let sizes = batches.iter().map(|batch| batch.iter().map(Write::bytes).sum());
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    sizes.iter().take(max_concurrency).sum()
}

/// At least what a write takes in the body of its request, where its texts are strings within JSON.
fn encoded_bytes(write: &Write<'_>) -> usize {
    // JSON has no control characters but line breaks and tabs, so escaping at most doubles an item; a key may consist of them.
    let (namespace, key) = write.keys();
    let item = match write {
        Write::Put(row) => 2 * row.item.len(),
        Write::Delete { .. } => 0,
    };
    ROW_ENVELOPE_BYTES + 6 * (namespace.len() + key.len()) + item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::item::NewRow;
    use std::borrow::Cow;

    fn row(item: String) -> NewRow<'static> {
        NewRow {
            namespace: "features",
            key: Cow::Borrowed("key"),
            version: 1,
            item: Cow::Owned(item),
            prerequisites: Vec::new(),
        }
    }

    #[test]
    fn batches_keep_both_limits_of_the_service() {
        let small: Vec<_> = (0..60).map(|_| row("{}".to_owned())).collect();
        let writes: Vec<_> = small.iter().map(Write::Put).collect();
        let sizes: Vec<_> = batches(&writes).map(<[Write<'_>]>::len).collect();
        assert_eq!(sizes, [25, 25, 10]);

        let quotes: Vec<_> = (0..25).map(|_| row("\"".repeat(399_000))).collect();
        let writes: Vec<_> = quotes.iter().map(Write::Put).collect();
        let sizes: Vec<_> = batches(&writes).map(<[Write<'_>]>::len).collect();
        assert_eq!(sizes, [21, 4]);
    }

    #[test]
    fn encoded_bytes_are_never_fewer_than_the_request_takes() {
        let namespace = "\u{1}".repeat(50);
        for item in ["{}", r#"{"quoted\\":"\"\u0001"}"#, "{\n\t\r \"é\u{7f}\": \"😀\"\n}"] {
            assert!(serde_json::from_str::<serde_json::Value>(item).is_ok(), "{item:?}");
            let row = NewRow {
                namespace: &namespace,
                ..row(item.to_owned())
            };
            let texts = [row.namespace, &row.key, &row.item];
            let encoded = texts.map(|text| serde_json::to_string(text).unwrap().len());
            let needed = ROW_ENVELOPE_BYTES + encoded.iter().sum::<usize>() - 2 * texts.len();
            assert!(encoded_bytes(&Write::Put(&row)) >= needed, "{item:?}");
        }
    }

    #[test]
    fn the_largest_that_run_at_once_are_counted() {
        let delete = |key: &'static str| Write::Delete {
            namespace: "features",
            key,
        };
        let (small, large) = ([delete("a")], [delete("abc"), delete("abc")]);
        let batches: [&[Write<'_>]; 3] = [&small, &large, &small];
        assert_eq!(
            [0, 1, 2, 9].map(|most| most_bytes_at_once(&batches, most)),
            [0, 22, 31, 40]
        );
        assert_eq!(encoded_bytes(&delete("abc")), ROW_ENVELOPE_BYTES + 6 * (8 + 3));
    }
}
