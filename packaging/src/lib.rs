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
mod program;
mod project;
mod release;
mod sbom;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
pub use archive::Archive;
pub use build::{build, host};
pub use program::{Program, platform};
pub use project::{NAME, Project, TOOLS};
pub use release::Release;

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
