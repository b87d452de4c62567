//! LaunchDarkly's own stores beside this one, on one table of Amazon DynamoDB Local: who reads what whom wrote.

#[path = "../support/mod.rs"]
mod support;

mod data_set;
mod matrix;
mod stores;
