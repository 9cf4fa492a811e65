//! Drives the real command line, Terraform or OpenTofu, with the built provider against a local Konnect.
//!
//! The CLI is that of `TERRAFORM_BIN`, or `terraform`. Each test has a separate folder, Konnect and environment
//! ([`workspace::Workspace`]). Tests check the output of the CLI and the requests to Konnect.
//!
//! All tests are one program, which is linked once and shares the processor between its tests.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this crate is tests, the functions that they share included"
)]

mod authorization_drift;
mod deliveries;
mod destination;
mod documents;
mod drift;
mod duplicate_guard;
mod examples;
mod forms;
mod functions;
mod ignore_changes;
mod import;
mod import_generated;
mod import_identity;
mod install;
#[cfg(target_os = "linux")]
mod interrupts;
mod lookups;
mod migration;
mod parallel;
mod pipelines;
mod portal_webhook;
mod provider_block;
mod query;
mod regions;
mod rejected_requests;
mod replay;
mod rules;
mod secret_url;
mod secrets;
mod status;
mod token;
mod unknown;
mod validation;
mod warnings;
mod webhook;
mod webhook_update;
mod workspace;
mod write_only;
