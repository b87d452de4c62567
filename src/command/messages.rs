//! Messages of the library on standard error: warnings and errors, and more with `--verbose`.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::progress;

/// Shows the library's own messages from now on; the AWS SDK's are not known to be free of secrets.
pub(super) fn show(verbosity: u8) {
    let level = match verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let layer = tracing_subscriber::fmt::layer()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(|| progress::AboveTheBar);
    // It fails where there is a subscriber already, which a process of this command does not have.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(Targets::new().with_target("ld_dynamo_store", level))
        .try_init();
}
