//! Terraform and OpenTofu provider for Kong Konnect audit logging.
//!
//! This page is a map of the crate. It depends on [`terraform_plugin`], a plugin SDK without Konnect and HTTP, and on
//! [`konnect`], a client without Terraform.
//!
//! | Module | Contents |
//! |---|---|
//! | `provider` | what is served, and the provider block |
//! | `destination`, `webhook`, `replay`, `event`, `organization`, `portals` | one folder or file for each object that a user can write |
//! | `credential` | whether a credential is sent, and its record |
//! | `run` | what all objects share: the state of one run, scopes, errors, single values |
//!
//! Dependencies go down: `provider`, the objects, `credential`, `run`.
//!
//! # To add a resource
//!
//! 1. A file `src/OBJECT/resource.rs`: model, schema, and `create`, `read`, `update`, `delete`.
//! 2. A line in the list of [`KonnectProvider`].
//! 3. An example folder `examples/resources/TYPE/`.

#![forbid(unsafe_code)]

mod credential;
mod destination;
mod event;
mod organization;
mod portals;
mod provider;
mod replay;
mod run;
mod webhook;

pub use provider::{ADDRESS, KonnectProvider};
