//! A target of the compiler, under the names that Terraform uses.

use std::fmt;

use anyhow::{Context as _, Result};

/// An operating system and a processor, as the names of archives have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    os: &'static str,
    architecture: &'static str,
}

impl Platform {
    /// Returns the platform of a target triple of rustc, such as `aarch64-apple-darwin`.
    ///
    /// # Errors
    ///
    /// Returns an error if no release is made for the target.
    pub fn of(triple: &str) -> Result<Self> {
        let (architecture, system) = triple.split_once('-').unwrap_or_default();
        let architecture = match architecture {
            "x86_64" => Some("amd64"),
            "aarch64" => Some("arm64"),
            _ => None,
        };
        let os = match system {
            "apple-darwin" => Some("darwin"),
            _ if system.starts_with("unknown-linux-") => Some("linux"),
            _ if system.starts_with("pc-windows-") => Some("windows"),
            _ => None,
        };
        let known = os
            .zip(architecture)
            .map(|(os, architecture)| Self { os, architecture });
        known.with_context(|| {
            format!(
                "no release is made for {triple}: Linux, macOS and Windows on x86_64 and aarch64 are known"
            )
        })
    }

    /// The suffix of the name of a program.
    #[must_use]
    pub fn program_suffix(&self) -> &'static str {
        if self.os == "windows" { ".exe" } else { "" }
    }
}

/// `linux_amd64`, as Terraform writes it.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.os, self.architecture)
    }
}
