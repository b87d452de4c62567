//! The C ABI as a library: all of it is the module `ffi` of the crate, whose exported functions are exported here, too.

pub use store::ffi::*;
