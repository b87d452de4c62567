//! What is asked only once, and what is forgotten in time.

#[path = "../support/mod.rs"]
mod support;

mod cache_alone;
mod memberships;
mod reads;
mod writes;
