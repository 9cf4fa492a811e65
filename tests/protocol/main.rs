//! The built plugin, started and called as Terraform does it, without a CLI.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this crate is tests, the functions that they share included"
)]

/// The plugin under test.
const PLUGIN: &str = env!("CARGO_BIN_EXE_terraform-provider-konnect");

mod actions;
mod configure;
mod data_sources;
mod debug;
mod host;
mod host_disconnect;
mod identity;
mod konnect;
mod lists;
mod load;
mod log;
#[cfg(target_os = "linux")]
mod memory;
mod moved_state;
mod replay_job;
mod rollback_create;
mod start;
mod stop;
mod streams;
mod tls;
mod undecodable;
mod unknown_types;
mod upgrade;
