//! Makes the release of terraform-provider-konnect: what a registry or a mirror serves.
//!
//! [`Project`] is the checkout and what cargo knows of it; [`build`] compiles the plugin for a
//! [`Platform`] so that nothing of this machine gets into it; [`Release`] is a folder of archives, with
//! the manifest, the checksums and the indexes of a mirror; [`Archive`] is one of them.

#![forbid(unsafe_code)]

mod archive;
mod build;
mod platform;
mod project;
mod release;

use std::fmt::Display;

pub use archive::{Archive, Hashes};
pub use build::{build, host};
pub use platform::Platform;
pub use project::{NAME, Project};
pub use release::Release;

/// Why something could not be made, for a person to read.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// With what was tried, and what stood against it.
    pub(crate) fn of(what: impl Display, why: impl Display) -> Self {
        Self(format!("{what}: {why}"))
    }

    /// With one sentence.
    pub(crate) fn say(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
