//! How far an init has come, on a terminal, and Ctrl-C, which stops it where nothing is half done.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt;
use super::output::Output;
use crate::error::Error;
use crate::store::{Progress, Reached};

const INTERVAL: Duration = Duration::from_millis(100);
/// After which somebody is told who sees no bar.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// The bar that is drawn now, which messages must not be written into.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn bar() -> MutexGuard<'static, Option<ProgressBar>> {
    BAR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard error, for messages that come while a bar may be drawn.
pub(super) struct AboveTheBar;

impl Write for AboveTheBar {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &*bar() {
            Some(bar) => bar.suspend(|| std::io::stderr().write(bytes)),
            None => std::io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// Does `work`, which notes in `progress` how far it is; draws that, and stops the work at the first Ctrl-C.
pub(super) fn watched<T>(output: &Output, progress: &Progress, work: impl FnOnce() -> T) -> T {
    let is_interrupted = interrupt::flag();
    let (ended, has_ended) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || watch(output, progress, &is_interrupted, &has_ended));
        let outcome = work();
        drop(ended);
        outcome
    })
}

fn watch(output: &Output, progress: &Progress, is_interrupted: &AtomicBool, has_ended: &Receiver<()>) {
    let drawn = match output.is_json {
        true => ProgressBar::hidden(),
        // Draws nothing where standard error is no terminal.
        false => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()),
    };
    *bar() = Some(drawn.clone());
    let (mut is_told, mut waiting_since, mut is_wait_told) = (false, None, false);
    while has_ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        if is_interrupted.load(SeqCst) && !is_told {
            progress.stop();
            is_told = true;
            drawn.suspend(|| {
                output.note("stopping after the requests that are under way; once more, and it ends at once")
            });
        }
        let waiting = progress.waits_for();
        draw(&drawn, progress.reached(), waiting.as_ref());
        let Some(failure) = waiting else {
            waiting_since = None;
            continue;
        };
        let since = *waiting_since.get_or_insert_with(Instant::now);
        if drawn.is_hidden() && !is_wait_told && since.elapsed() >= LONG_WAIT {
            output.note(format_args!("waiting: {failure}"));
            is_wait_told = true;
        }
    }
    *bar() = None;
    drawn.finish_and_clear();
}

fn draw(bar: &ProgressBar, reached: Reached, waiting: Option<&Error>) {
    let first = match reached {
        Reached::Reading { rows } => {
            bar.set_prefix(format!("reading what the table holds: {rows} rows"));
            "{prefix}"
        }
        Reached::Writing { done, total } => {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            "writing {wide_bar} {pos} of {len} rows"
        }
    };
    match waiting {
        None => bar.set_style(style(first)),
        Some(failure) => {
            bar.set_message(format!("waiting: {failure}"));
            bar.set_style(style(&format!("{first}\n{{wide_msg}}")));
        }
    }
    bar.tick();
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
