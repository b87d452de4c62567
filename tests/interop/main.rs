//! LaunchDarkly's own stores beside this one, on one table of Amazon DynamoDB Local: who reads what whom wrote. The drivers of the official
//! ones speak tests/cases/README.md's protocol, and know one call more: `evaluate` (keys, contexts), by a client of the SDK in daemon mode.

#[path = "../support/mod.rs"]
mod support;

mod absent_writers;
mod adapters;
mod big_segments;
mod data_set;
mod document;
mod evaluations;
mod findings;
mod fixtures;
mod matrix;
mod readers;
mod stores;
mod two_writers;
mod upserts;
mod writers;
