//! Terraform's side of the plugin protocol: it starts the built plugin as go-plugin's host does, and
//! calls it as Terraform does.
//!
//! [`Launch`] sets a process up, [`Process`] is a running one, [`Handshake`] is what it says first,
//! [`Identity`] the host's certificate, [`connection`] the way in. [`Host`] is all of it together, and
//! what most tests start from. [`value`] makes and reads values, [`terraform`] calls a resource in the
//! order of a plan and an apply and checks what Terraform checks, [`konnect`] has a local Konnect to
//! go with it.
//!
//! Whatever is started here ends with the test, panics included: a process is killed on drop, and its
//! folder removed.

// Each file of tests is a crate of its own and uses a part of this.
#![allow(dead_code, unused_imports)]

mod adoption;
mod connection;
pub mod debug;
mod handshake;
mod identity;
#[cfg(feature = "emulator")]
pub mod konnect;
mod plugin;
mod process;
mod session;
pub mod terraform;
pub mod value;

pub use adoption::stored;
pub use connection::{Channel, Tls, grpc, unix};
pub use handshake::Handshake;
pub use identity::Identity;
pub use plugin::Plugin;
pub use process::{Ended, Launch, Process, signal, within};
pub use session::{Host, check, plain, provider, shut_down};
