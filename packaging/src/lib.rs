//! Builds the release of terraform-provider-konnect: what a registry or a mirror serves, and the tools beside it.
//!
//! [`Project`] is the checkout and what cargo knows about it; [`Program`] is one program for one target, and the
//! crates in it; [`build`] compiles it so that no path of this machine gets into it; [`Archive`] is its archive, with
//! notices and a bill of materials; [`Release`] is a folder of archives, with the manifest, the checksums and the
//! indexes of a mirror.

#![forbid(unsafe_code)]

mod archive;
mod audit;
mod build;
mod notices;
mod platform;
mod program;
mod project;
mod release;
mod sbom;

use std::fmt::Display;
use std::fs;
use std::path::Path;

pub use archive::Archive;
pub use build::{build, host};
pub use platform::Platform;
pub use program::Program;
pub use project::{NAME, Project, TOOLS};
pub use release::Release;

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|e| Failure::of(path.display(), e))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|e| Failure::of(path.display(), e))
}

/// Why a release could not be built, for a person to read.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub(crate) fn of(what: impl Display, why: impl Display) -> Self {
        Self(format!("{what}: {why}"))
    }

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
