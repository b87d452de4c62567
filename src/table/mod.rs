//! What a row of the table is, and what an item in it: names, keys, the prefix rule, limits, tombstones, JSON, the order of writing.
//!
//! The layout of every official store, and nothing but that: no request, no process, no cache, no configuration.

pub(crate) mod big_segments;
pub(crate) mod data_set;
pub(crate) mod dependencies;
pub(crate) mod item;
pub(crate) mod json_error;
pub(crate) mod json_members;
pub(crate) mod key_range;
pub(crate) mod name;
pub(crate) mod object;
pub(crate) mod schema;
