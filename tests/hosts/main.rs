//! What a program may rely on that loads the library: it is never surprised, ended, or shown a secret.

#[path = "../support/mod.rs"]
mod support;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod cost;
mod logs;
mod process;
mod runtimes;
mod sigpipe;
mod small_stack;
