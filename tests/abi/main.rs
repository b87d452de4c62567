//! What is shipped: the headers, the libraries that belong to them, and what these are built of.

#[path = "../support/mod.rs"]
mod support;

mod cpp;
mod features;
mod generated;
mod header;
#[cfg(target_os = "linux")]
mod panic;
