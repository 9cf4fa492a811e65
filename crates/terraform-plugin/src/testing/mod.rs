//! Terraform's side of the plugin protocol: it starts the built plugin as go-plugin's host does, and
//! calls it as Terraform does.
//!
//! [`Launch`] sets a process up, [`Process`] is a running one, [`Handshake`] is what it says first,
//! [`Identity`] the host's certificate, [`connection`] the way in. [`Host`] is all of it together, and
//! what most tests start from. [`value`] makes and reads values, [`terraform`] calls a resource in the
//! order of a plan and an apply and checks what Terraform checks.
//!
//! Whatever is started here ends with the test, panics included: a process is killed on drop, and its
//! folder removed.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod adoption;
mod connection;
pub mod debug;
mod handshake;
mod identity;
mod lookups;
mod model;
mod plugin;
mod process;
mod session;
pub mod terraform;
pub mod value;

pub use adoption::stored;
pub use connection::{Channel, Tls, grpc, unix};
pub use handshake::Handshake;
pub use identity::Identity;
pub use lookups::{DataSource, ListResource, Listed};
pub use model::check_model;
pub use plugin::Plugin;
pub use process::{Ended, Launch, Process, signal, within};
pub use session::{Host, check, plain, provider, shut_down};
