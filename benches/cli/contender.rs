//! The compared providers.

use std::path::{Path, PathBuf};

use crate::figures::BEFORE;

/// The version under which Kong's provider is installed: any version that matches the constraint.
const KONG_VERSION: &str = "3.19.0";
const KONG: &str = "registry.terraform.io/kong/konnect";
const OURS: &str = "registry.terraform.io/konnect-audit/konnect";
const AUTHORIZATION: &str = "Bearer pR7-zQ3.kM8xA";

/// The provider of a measurement.
pub(super) enum Contender {
    /// No provider: built-in resources of the CLI.
    Floor,
    /// This provider, from this binary.
    Ours(PathBuf),
    /// Another build of this provider.
    Before(PathBuf),
    /// Kong's provider, from this binary.
    Kong(PathBuf),
}

impl Contender {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Floor => "no provider (`terraform_data`)",
            Self::Ours(_) => "this provider",
            Self::Before(_) => BEFORE,
            Self::Kong(_) => "kong/konnect",
        }
    }

    /// The address, version and program of the provider to install. The floor does not require it.
    pub(super) fn package(&self) -> (&'static str, &'static str, &Path) {
        match self {
            Self::Floor => (OURS, env!("CARGO_PKG_VERSION"), Path::new("/dev/null")),
            Self::Ours(program) | Self::Before(program) => (OURS, env!("CARGO_PKG_VERSION"), program),
            Self::Kong(program) => (KONG, KONG_VERSION, program),
        }
    }

    /// A configuration of this many destinations of the Konnect at this URL, as the emulator adds them.
    pub(super) fn configuration(&self, konnect: &str, objects: usize) -> String {
        let (source, server, credential) = match self {
            Self::Floor => {
                // Terraform stores this as input and output, which is about the size of a destination's state.
                let padding = "x".repeat(300);
                return format!(
                    "resource \"terraform_data\" \"all\" {{\n  count = {objects}\n  input = \"destination \
                     ${{count.index + 1}} {padding}\"\n}}\n"
                );
            }
            Self::Ours(_) | Self::Before(_) => (OURS, format!("{konnect}/{{region}}"), "authorization_wo"),
            Self::Kong(_) => (KONG, konnect.to_owned(), "authorization"),
        };
        format!(
            "terraform {{\n  required_providers {{\n    konnect = {{\n      source = \"{source}\"\n    }}\n  }}\n}}\n\n\
             provider \"konnect\" {{\n  server_url            = \"{server}\"\n  personal_access_token = \
             \"kpat_1\"\n}}\n\n\
             resource \"konnect_audit_log_destination\" \"all\" {{\n  count         = {objects}\n  name          = \
             \"destination ${{count.index + 1}}\"\n  endpoint      = \
             \"https://siem-${{count.index + 1}}.example.com/audit\"\n  {credential} = \"{AUTHORIZATION}\"\n  log_format = \
             \"cef\"\n}}\n"
        )
    }
}
