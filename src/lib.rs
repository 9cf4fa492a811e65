//! Terraform and OpenTofu provider for Kong Konnect audit logging.
//!
//! This page is a map of the house. Arrows go one way: the binary uses [`plugin`], which serves what
//! [`framework`] runs; [`provider`] is written against [`framework`] and calls [`konnect`].
//!
//! | Module | What lives there | What it does not know |
//! |---|---|---|
//! | [`plugin`] | how Terraform starts us and talks to us: handshake, sockets, TLS, gRPC | Konnect |
//! | [`framework`] | Terraform's concepts as Rust types, and the protocol's rules, each in one place | gRPC, Konnect |
//! | [`konnect`] | a client of Konnect's audit log API, usable by itself | Terraform |
//! | [`provider`] | what a user writes in HCL: one file a resource or data source | gRPC |
//! | `redact` | the hiding of secrets in texts, for [`framework`] and [`konnect`] alike | all of the above |
#![cfg_attr(
    feature = "fuzzing",
    doc = "| [`fuzzing`] | what strangers can send, as functions for a fuzzer (feature `fuzzing`) | the emulator |"
)]
#![cfg_attr(
    feature = "emulator",
    doc = "| [`emulator`] | a local Konnect for tests and the quickstart (feature `emulator`) | all of the above |"
)]
//!
//! # A call's way
//!
//! Terraform sends `ApplyResourceChange`. `plugin::service` decodes it with the resource's schema and
//! hands it to [`framework::Server`], which decides whether that is a creation, an update or a removal
//! and calls the [`framework::Resource`]. That calls a function of [`konnect::v3`], one an endpoint. The
//! answer goes back the same way, and on it the framework makes sure that nothing unknown is left, that no
//! write-only value gets into a state, and that after a failure the state is what exists.
//!
//! # To add a resource
//!
//! 1. A file in `src/provider/`: schema, model, and `create`, `read`, `update`, `delete`.
//! 2. A line in the list of [`provider::Konnect`].
//! 3. An example folder `examples/resources/TYPE/`.

#![forbid(unsafe_code)]

#[cfg(feature = "emulator")]
pub mod emulator;
pub mod framework;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod konnect;
pub mod plugin;
pub mod provider;
mod redact;
