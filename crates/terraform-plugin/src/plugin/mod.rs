//! How Terraform and OpenTofu start a provider and call it: handshake, TLS, sockets and gRPC.
//!
//! The process uses the modules in this order: `handshake` reads the settings of the host, `transport` and `tls` open a
//! socket that only the host can use, [`serve()`] accepts connections, `host` and `service` handle the calls, and
//! [`codec`] and [`wire`] convert values and messages. The process ends when the host calls `Shutdown` or `host_watch`
//! detects that the host has ended.

pub mod codec;
pub mod proto;
pub mod wire;

mod connections;
mod core_dumps;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod grpc;
mod handshake;
mod host;
mod host_watch;
mod log;
mod serve;
mod service;
mod tls;
mod transport;

pub use serve::{ServeError, serve};
