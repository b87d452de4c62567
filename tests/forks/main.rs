//! What belongs to one process: forks at any moment, the cache and shared live states in a child.

#[path = "../support/mod.rs"]
mod support;

mod cache;
mod child;
#[cfg(target_os = "linux")]
mod gate;
#[cfg(target_os = "linux")]
mod old_kernels;
mod programs;
mod share;
mod turn;
