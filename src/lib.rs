//! Terraform and OpenTofu provider for Kong Konnect audit logging.
//!
//! This page is a map of the crate. It depends on [`terraform_plugin`], a plugin SDK without Konnect and HTTP, and on
//! [`konnect`], a client without Terraform.
//!
//! | Module | Contents |
//! |---|---|
//! | `provider`, `configuration` | the provider block, and the types that the provider serves |
//! | `resources`, `data_sources`, `list_resources`, `functions`, `actions` | one file each |
//! | `run_state` | the state of one run: the client, objects seen in states, waits |
//! | `scope` | the region or Dev Portal of an object, defaults, and the regions of the server URL |
//! | `credential`, `fingerprint` | whether a credential is sent, and its record |
//! | `portal` | Dev Portals in arguments |
//! | `destination`, `region_webhook` | the models of objects that resources and list resources share |
//! | `delivery_status` | the status of a webhook, summarized |
//! | `destination_webhook`, `endpoint_webhook` | the two forms of a webhook: with a destination (v3), or with an endpoint (v2) |
//! | `webhook_target`, `webhook_slot` | the target of a webhook, and the plans and changes of one run |
//! | `ownership` | whether a webhook is unchanged since the last write of a resource, and its removal |
//! | `takeover_guard`, `duplicate_guard` | warnings before a stream is redirected or a destination duplicated |
//! | `replay` | the replay jobs of the resource and the action |
//! | `destination_users`, `uncertain_creation` | the diagnostics for a destination that is in use, or may exist |
//! | `field_map` | API errors as diagnostics on attributes |
//! | `kong_migration` | states of Kong's own provider |
//! | `lookups` | common parts of data sources and list resources |
//! | `validators`, `planned`, `instant`, `import_id` | single values |
//!
//! # To add a resource
//!
//! 1. A file in `src/resources/`: model, schema, and `create`, `read`, `update`, `delete`.
//! 2. A line in the list of [`KonnectProvider`].
//! 3. An example folder `examples/resources/TYPE/`.

#![forbid(unsafe_code)]

mod actions;
mod configuration;
mod credential;
mod data_sources;
mod delivery_status;
mod destination;
mod destination_users;
mod destination_webhook;
mod duplicate_guard;
mod endpoint_webhook;
mod field_map;
mod fingerprint;
mod functions;
mod import_id;
mod instant;
mod kong_migration;
mod list_resources;
mod lookups;
mod ownership;
mod planned;
mod portal;
mod provider;
mod region_webhook;
mod replay;
mod resources;
mod run_state;
mod scope;
mod takeover_guard;
mod uncertain_creation;
mod validators;
mod webhook_slot;
mod webhook_target;

pub use provider::{ADDRESS, KonnectProvider, NAME};
