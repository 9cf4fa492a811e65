//! Drives the real command line, Terraform or OpenTofu, with the built provider against a local Konnect.
//!
//! The CLI is the one that `TERRAFORM_BIN` names, else `terraform`. Each test has a folder, a Konnect and
//! an environment of its own ([`workspace::Workspace`]); what it asserts on is what the CLI answers and
//! what Konnect was asked.
//!
//! All of it is one test program, so that it is linked once and its tests share the processor well.

#![cfg_attr(
    feature = "emulator",
    allow(
        clippy::expect_used,
        clippy::panic,
        clippy::unwrap_used,
        reason = "all of this crate is tests, the functions that they share included"
    )
)]

#[cfg(feature = "emulator")]
mod destination;
#[cfg(feature = "emulator")]
mod documents;
#[cfg(feature = "emulator")]
mod drift;
#[cfg(feature = "emulator")]
mod errors;
#[cfg(feature = "emulator")]
mod examples;
#[cfg(feature = "emulator")]
mod faults;
#[cfg(feature = "emulator")]
mod foreign_writes;
#[cfg(feature = "emulator")]
mod hosts;
#[cfg(feature = "emulator")]
mod identical;
#[cfg(feature = "emulator")]
mod import;
#[cfg(feature = "emulator")]
mod import_generated;
#[cfg(feature = "emulator")]
mod import_identity;
#[cfg(feature = "emulator")]
mod install;
#[cfg(all(feature = "emulator", target_os = "linux"))]
mod interrupts;
#[cfg(feature = "emulator")]
mod migration;
#[cfg(feature = "emulator")]
mod modules;
#[cfg(feature = "emulator")]
mod parallel;
#[cfg(feature = "emulator")]
mod pipelines;
#[cfg(feature = "emulator")]
mod provider_block;
#[cfg(feature = "emulator")]
mod refusals;
#[cfg(feature = "emulator")]
mod regions;
#[cfg(feature = "emulator")]
mod same_region;
#[cfg(feature = "emulator")]
mod secret_search;
#[cfg(feature = "emulator")]
mod secrets;
#[cfg(feature = "emulator")]
mod status;
#[cfg(feature = "emulator")]
mod take_over;
#[cfg(feature = "emulator")]
mod unknown;
#[cfg(feature = "emulator")]
mod validation;
#[cfg(feature = "emulator")]
mod webhook;
#[cfg(feature = "emulator")]
mod webhook_update;
#[cfg(feature = "emulator")]
mod workspace;
#[cfg(feature = "emulator")]
mod write_only;

/// Without the feature there is no Konnect to test against, and a test run that says nothing of it
/// would look like success.
#[cfg(not(feature = "emulator"))]
#[test]
fn these_tests_need_the_emulator() {
    panic!("the tests of the command line need the feature `emulator`: run `cargo test --all-features`");
}
