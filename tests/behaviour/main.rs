//! What calls do to a table, and what they send for it: as data that every language runs, and for inputs that nobody would write down.

#[path = "../support/mod.rs"]
mod support;

mod cases;
mod corrupt_rows;
mod engines;
mod failures;
mod init_requests;
mod large_kinds;
mod properties;
mod pushed_credentials;
mod warnings;
