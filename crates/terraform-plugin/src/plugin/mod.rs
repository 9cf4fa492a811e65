//! How Terraform and OpenTofu start a provider and call it: handshake, TLS, sockets and gRPC.
//!
//! The process goes through the modules in this order: `handshake` reads the settings of the host, `transport` and `tls` open
//! a socket that only the host can use, [`serve()`] accepts connections, `host` and `service` handle the calls, [`codec`] and
//! [`wire`] convert values and messages, until the host calls `Shutdown` or `host_watch` detects that it has ended.

pub mod codec;
pub mod proto;
pub mod wire;

mod connections;
mod core_dumps;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handshake;
mod host;
mod host_watch;
mod log;
mod serve;
mod service;
mod tls;
mod transport;

pub use serve::{Plugin, ServeError, serve};
