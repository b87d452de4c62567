//! LaunchDarkly's own stores beside this one, on one table of Amazon DynamoDB Local: who reads what whom wrote.

#[path = "../support/mod.rs"]
mod support;

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
