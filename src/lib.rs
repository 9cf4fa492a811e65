//! Terraform and OpenTofu provider for Kong Konnect audit logging.
//!
//! This page is a map of the house. Dependencies go one way: this crate is written against [`terraform_plugin`], a plugin
//! SDK that names neither Konnect nor HTTP, and calls [`konnect`], a client that names no Terraform.
//!
//! | Module | What it holds |
//! |---|---|
//! | `provider` | the provider block, and the list of what is served |
//! | `resources` | one file for each resource |
//! | `data_sources` | one file for each data source |
//! | `functions` | one file for each function |
//!
//! # To add a resource
//!
//! 1. A file in `src/resources/`: schema, model, and `create`, `read`, `update`, `delete`.
//! 2. A line in the list of [`KonnectProvider`].
//! 3. An example folder `examples/resources/TYPE/`.

#![forbid(unsafe_code)]

mod authorization;
mod configuration;
mod connection;
mod data_sources;
mod errors;
mod fingerprint;
mod functions;
mod kong_migration;
mod provider;
mod resources;
mod take_over;
mod validators;

pub use provider::{ADDRESS, KonnectProvider, NAME};
