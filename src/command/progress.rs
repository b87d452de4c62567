//! How far an init has come, on a terminal, and Ctrl-C, which stops it where nothing is half done.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt;
use super::output::Output;
use crate::store::{Progress, Reached};

const INTERVAL: Duration = Duration::from_millis(100);

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
    drawn.set_style(style("{msg}"));
    *bar() = Some(drawn.clone());
    let mut is_told = false;
    while has_ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        if is_interrupted.load(SeqCst) && !is_told {
            progress.stop();
            is_told = true;
            drawn.suspend(|| {
                output.note("stopping after the requests that are under way; once more, and it ends at once")
            });
        }
        draw(&drawn, progress.reached());
    }
    *bar() = None;
    drawn.finish_and_clear();
}

fn draw(bar: &ProgressBar, reached: Reached) {
    match reached {
        Reached::Reading { rows } => bar.set_message(format!("reading what the table holds: {rows} rows")),
        Reached::Writing { done, total } => {
            if bar.length().is_none() {
                bar.set_style(style("writing {wide_bar} {pos} of {len} rows"));
                bar.set_length(total as u64);
            }
            bar.set_position(done as u64);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
