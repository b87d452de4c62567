//! What `make packages` made, looked at and used as a stranger would: in an empty folder, in an empty environment. Another processor's programs run
//! under an emulator.

#[path = "../support/mod.rs"]
mod support;

mod binaries;
mod command;
mod compile;
mod contents;
mod go;
mod java;
mod lambda;
mod languages;
mod lists;
mod node;
mod platform;
mod programs;
mod shared_libraries;
mod static_libraries;
