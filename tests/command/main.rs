//! The operator's command as an operator runs it: the real program, in an empty environment, on both engines and on one that fails.
//!
//! What it prints is compared with the files in `snapshots/`; `SNAPSHOTS=overwrite` renews them.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod copy;
mod create_table;
mod diff;
mod export;
mod init;
mod pages;
mod program;
mod read;
mod segments;
mod serve_local;
mod stop;
mod stream;
mod terminal;
mod transcript;
mod upsert;
mod watch;
