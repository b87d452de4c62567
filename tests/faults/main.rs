//! Nothing is lost and every call ends in time, whatever fails: a request, the database, or the writer itself.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod big_segments;
mod init;
mod killed_writer;
mod many_writers;
mod outage;
mod upsert;
