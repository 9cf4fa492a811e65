//! Acceptance tests of a provider through the real CLI, Terraform or OpenTofu.
//!
//! [`Workspace`] is a folder in which the CLI runs with the built provider. A [`Step`] is an applied configuration, with
//! its [`Plan`] and the new [`State`] as values. [`Run`] is any ended command with its [`Diagnostic`]s. [`Running`] is a
//! running one, for tests that interrupt it (Linux only). [`Cli`] is the CLI under test: the program in `TERRAFORM_BIN`, or
//! `terraform`.
//!
//! ```no_run
//! use terraform_plugin::testing::cli::{Step, Workspace};
//!
//! # /*
//! #[test]
//! # */
//! fn note_is_created_and_imported() {
//!     # /*
//!     let program = env!("CARGO_BIN_EXE_terraform-provider-example");
//!     # */
//!     # let program = "terraform-provider-example";
//!     let workspace = Workspace::new("example/example", "0.1.0", program);
//!     let note = |name: &str| format!("resource \"example_note\" \"first\" {{\n  name = \"{name}\"\n}}");
//!     let error = workspace.expect_error(note(""));
//!     assert_eq!(error.attribute(), Some("name"));
//!
//!     // Plans, applies, and asserts that the next plan has no changes.
//!     let Step { plan, state } = workspace.step(note("first"));
//!     let change = plan.change("example_note.first");
//!     assert_eq!(change.actions, ["create"]);
//!     assert_eq!(change.after["name"], "first");
//!     assert!(change.unknown().contains("length"));
//!     assert_eq!(state.get("example_note.first")["length"], 12);
//!
//!     workspace.run(&["state", "rm", "example_note.first"]).succeeds();
//!     workspace.import("example_note.first", "first");
//!     workspace.assert_no_changes();
//!     workspace.destroy();
//! }
//! ```
//!
//! Commands inherit only `PATH` from the environment. [`Workspace::set`] sets other variables. Dropping a workspace
//! removes its folder, but no remote objects: `destroy` removes them.

mod diagnostic;
mod plan;
mod run;
#[cfg(target_os = "linux")]
mod running;
mod state;
mod workspace;

use std::env::{self, consts};
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::process::Command;
use std::sync::OnceLock;

pub use diagnostic::{Diagnostic, Place};
pub use plan::{Change, Plan};
pub use run::{Found, Run};
#[cfg(target_os = "linux")]
pub use running::{Running, until};
pub use state::State;
pub use workspace::{Step, Workspace};

pub use crate::Severity;

/// The CLI under test.
#[derive(Debug)]
pub struct Cli {
    /// The program.
    pub program: OsString,
    /// The product.
    pub product: Product,
    /// The version of the product.
    pub version: String,
    /// The default registry of the product.
    pub registry: &'static str,
    /// Major and minor version.
    release: (u32, u32),
}

/// A product with a CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Terraform.
    Terraform,
    /// OpenTofu.
    OpenTofu,
}

/// A feature of some CLIs. A test calls [`Cli::supports`], and otherwise makes the same calls with
/// [`Plugin`](crate::testing::Plugin).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// `action` blocks and `action_trigger`.
    Actions,
    /// `import` blocks with `identity`.
    ImportByIdentity,
    /// `lifecycle { destroy = false }`.
    KeepsAtDestroy,
    /// Generated configuration needs the `provider` argument of an `import` block.
    NeedsImportProvider,
    /// The second plan of a change, during apply, contains the private data of the first.
    PlannedPrivate,
    /// An action must not refer to the resource that triggers it.
    RefusesTriggerReference,
    /// `terraform query`, with generated configuration.
    Query,
}

impl Cli {
    /// The program in `TERRAFORM_BIN`, or `terraform`. Panics if it can't be run.
    pub fn find() -> &'static Self {
        static CLI: OnceLock<Cli> = OnceLock::new();
        CLI.get_or_init(|| {
            let program = env::var_os("TERRAFORM_BIN").filter(|name| !name.is_empty());
            Self::of(&program.unwrap_or_else(|| "terraform".into()))
        })
    }

    fn of(program: &OsStr) -> Self {
        let version = Command::new(program)
            .arg("version")
            .env_clear()
            .envs(passed_on())
            .env("CHECKPOINT_DISABLE", "1")
            .output();
        let reason = match version {
            // `PRODUCT vMAJOR.MINOR.PATCH`
            Ok(output) if output.status.success() => {
                let banner = String::from_utf8_lossy(&output.stdout);
                match Self::parse(program, &banner) {
                    Some(cli) => return cli,
                    None => format!("`version` prints {banner:?}"),
                }
            }
            Ok(output) => format!("`version` ends with {}", output.status),
            Err(error) if error.kind() == ErrorKind::NotFound => "there is no such program".to_owned(),
            Err(error) => error.to_string(),
        };
        panic!(
            "{} can't be run: {reason}. This test runs a real CLI. Install Terraform \
             (https://developer.hashicorp.com/terraform/install) or OpenTofu \
             (https://opentofu.org/docs/intro/install), so that `terraform` is on the PATH, or set TERRAFORM_BIN to \
             the program.",
            program.display()
        )
    }

    fn parse(program: &OsStr, banner: &str) -> Option<Self> {
        let (name, version) = banner.lines().next()?.split_once(" v")?;
        let (product, registry) = match name {
            "Terraform" => (Product::Terraform, "registry.terraform.io"),
            "OpenTofu" => (Product::OpenTofu, "registry.opentofu.org"),
            _ => return None,
        };
        let mut numbers = version.split('.').map(|number| number.parse().ok());
        Some(Self {
            program: program.to_owned(),
            product,
            version: version.to_owned(),
            registry,
            release: (numbers.next()??, numbers.next()??),
        })
    }

    /// Whether this CLI has a feature.
    pub fn supports(&self, feature: Feature) -> bool {
        let first = match (feature, self.product) {
            (Feature::ImportByIdentity, _) | (Feature::KeepsAtDestroy, Product::OpenTofu) => (1, 12),
            (Feature::Actions | Feature::Query, Product::Terraform) => (1, 14),
            (Feature::RefusesTriggerReference, Product::Terraform) => (1, 17),
            (_, Product::Terraform) => (1, 16),
            (_, Product::OpenTofu) => return false,
        };
        self.release >= first
    }

    /// Like [`Cli::supports`], and prints that the test skips the CLI if it does not have the feature.
    pub fn supports_or_reports(&self, feature: Feature) -> bool {
        let supported = self.supports(feature);
        if !supported {
            println!(
                "{:?} {} does not support {feature:?}: skipped",
                self.product, self.version
            );
        }
        supported
    }
}

/// The environment variables that a CLI needs. Others are not passed, so settings of the machine do not affect tests.
fn passed_on() -> impl Iterator<Item = (&'static str, OsString)> {
    let names = ["PATH", "LLVM_PROFILE_FILE"];
    names
        .into_iter()
        .filter_map(|name| Some((name, env::var_os(name)?)))
}

/// The platform, as Go names it: `OS_ARCH`. It is the name of a folder in a mirror.
pub fn platform() -> String {
    let os = match consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("{os}_{architecture}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "/no/such/program can't be run: there is no such program. This test runs")]
    fn find_missing_cli_reports_what_to_install() {
        Cli::of("/no/such/program".as_ref());
    }

    #[test]
    fn version_of_either_product_decides_on_features() {
        let cli = |banner: &str| Cli::parse("cli".as_ref(), banner);
        let terraform = cli("Terraform v1.14.0-rc1\non linux_amd64\n").unwrap();
        assert_eq!(
            (terraform.product, terraform.version.as_str()),
            (Product::Terraform, "1.14.0-rc1")
        );
        assert!(terraform.supports(Feature::Query) && !terraform.supports(Feature::PlannedPrivate));
        let opentofu = cli("OpenTofu v1.12.6\n").unwrap();
        assert_eq!(opentofu.registry, "registry.opentofu.org");
        assert!(opentofu.supports(Feature::ImportByIdentity) && !opentofu.supports(Feature::Query));
        assert!(cli("GNU bash, version 5.2\n").is_none());
    }
}
