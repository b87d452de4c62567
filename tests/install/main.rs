//! The library as `make install` installs it, used by programs outside the repository that have nothing of it but what was installed.
#![cfg(target_os = "linux")]

#[path = "../support/mod.rs"]
mod support;

mod cmake;
mod examples;
mod layout;
mod pkg_config;
mod place;
mod static_library;
