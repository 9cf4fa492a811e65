//! Tests of a built provider, on Unix. [`cli`] runs it with the real CLI. The rest is a host, which needs no CLI: it starts
//! and calls the provider as Terraform does, and checks the responses as Terraform does.
//!
//! [`Launch`] configures a process, [`Process`] is a running one, [`Handshake`] is its first line, [`Identity`] is the
//! certificate of the host. [`Host`] combines them. Most tests start with it. [`value`] creates and reads values, and
//! [`terraform`] calls a resource in the order of plan and apply. [`Plugin`] also calls functions, list resources and
//! actions.
//!
//! Dropping a process kills it and removes its folder, also after a panic.

#![allow(
    clippy::expect_used,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    clippy::panic,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub mod cli;
mod connection;
pub mod debug;
mod identity;
mod lookups;
mod plugin;
mod process;
mod rules;
mod session;
pub mod terraform;
pub mod value;

pub use connection::{Channel, Tls, grpc, unix};
pub use identity::Identity;
pub use lookups::{DataSource, ListResource, Listed};
pub use plugin::Plugin;
pub use process::{Ended, Launch, Process, signal, within};
pub use session::{Handshake, Host, call, check, plain, provider, shut_down, stream};
pub use terraform::stored;
