//! What a row of the table is, and what an item in it: names, keys, limits, JSON. No request, no process, no cache.

pub(crate) mod data_set;
pub(crate) mod dependencies;
pub(crate) mod item;
pub(crate) mod schema;
