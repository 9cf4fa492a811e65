//! How Terraform and OpenTofu start a provider and talk to it. It knows gRPC, TLS and sockets, and
//! nothing of what the provider does.
//!
//! A process goes through it in this order: [`handshake`] reads what the host wants, [`transport`]
//! and [`tls`] open a socket that only the host can use, [`serve()`] takes connections, [`host`] and
//! [`service`] answer the calls, [`codec`] and [`wire`] translate, until the host says
//! `Shutdown` or has [`vanished`].

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
