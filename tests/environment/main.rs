//! What the environment and the AWS files of the people who use this library hold: empty, odd, broken, and right.

#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod credentials;
mod direct;
mod endpoint;
mod files;
mod listener;
mod mistakes;
mod profile;
mod proxies;
mod said;
mod surroundings;
mod table;
mod thaw;
