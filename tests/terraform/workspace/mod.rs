//! A folder with a configuration, a Konnect, and the CLI that runs in it.
//!
//! [`Workspace`] is the entry point. Most of it is that of [`terraform_plugin::testing::cli`]. [`Block`] writes blocks of
//! a configuration. [`konnect`] runs the local Konnect. [`Write`] is a write request.
//!
//! Dropping a workspace removes everything, also after a panic.

mod binary;
mod block;
mod kind;
pub mod konnect;
mod search;
mod server;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use konnect_emulator::EmulatorOptions;
use terraform_plugin::testing::cli;
pub use terraform_plugin::testing::cli::*;
use terraform_provider_konnect::ADDRESS;

pub use binary::workspace_binary;
pub use block::Block;
pub use kind::Kind;
use konnect::LocalKonnect;
pub use konnect::{Write, answer, refusal, write};
pub use search::{assert_no_secret, files};
pub use server::Server;

/// The access token in the environment of a workspace.
pub const TOKEN: &str = "kpat_fE9vTq2LxWn";
/// The default `authorization` of destinations and webhooks.
pub const AUTHORIZATION: &str = "Bearer pR7-zQ3.kM8xA";
/// The address of Kong's provider.
pub const KONG: &str = "kong/konnect";
/// The address of Kong's second provider.
pub const KONG_BETA: &str = "kong/konnect-beta";
/// The built provider.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-konnect");

/// A folder with a configuration, an environment and a Konnect.
pub struct Workspace {
    pub konnect: LocalKonnect,
    folder: cli::Workspace,
}

impl Workspace {
    /// A folder without a configuration. The environment contains a token and the URL of the Konnect.
    pub fn new() -> Self {
        Self::with(EmulatorOptions::default())
    }

    /// The same, with a Konnect that starts with these options.
    pub fn with(options: EmulatorOptions) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let mut folder = cli::Workspace::new(ADDRESS, version, PROGRAM);
        // A CLI requires Kong's provider if a state refers to it, even without calls to it.
        for address in [KONG, KONG_BETA] {
            folder.install(address, version, PROGRAM);
        }
        let konnect = LocalKonnect::with(options);
        folder.set("KONNECT_TOKEN", TOKEN);
        folder.set("KONNECT_SERVER_URL", format!("{}/{{region}}", konnect.url()));
        Self { konnect, folder }
    }

    /// A folder that is initialized for this configuration; see [`Self::configure`].
    pub fn of(body: impl Display) -> Self {
        let workspace = Self::new();
        workspace.set_up(body);
        workspace
    }

    /// Writes a configuration, and initializes the folder for it.
    #[track_caller]
    pub fn set_up(&self, body: impl Display) {
        self.configure(body);
        self.init();
    }

    /// Writes a configuration, with a provider block without retries.
    pub fn configure(&self, body: impl Display) {
        self.configure_provider("max_retries = 0", body);
    }

    /// Writes a configuration with this in the provider block.
    pub fn configure_provider(&self, provider: &str, body: impl Display) {
        let provider = format!("provider \"konnect\" {{\n  {provider}\n}}");
        self.folder.configure(format!("{provider}\n\n{body}"));
    }

    /// The block that a module needs to use the provider.
    pub fn required_providers() -> String {
        cli::Workspace::required_providers(ADDRESS)
    }

    /// Plans and applies with further options.
    #[track_caller]
    pub fn apply_with(&self, options: &[&str]) -> Run {
        let arguments = [&["apply", "-json", "-auto-approve"], options].concat();
        self.run(&arguments).succeeds()
    }

    /// Plans, and asserts that only this object is updated in place.
    #[track_caller]
    pub fn plan_update(&self, address: &str) -> Plan {
        let plan = self.plan();
        assert_eq!(plan.actions(), BTreeMap::from([(address, "update".to_owned())]));
        plan
    }

    /// Applies, asserts that a plan then has no changes, and returns the write requests.
    #[track_caller]
    pub fn apply_and_assert_no_changes(&self) -> Vec<Write> {
        self.konnect.clear_requests();
        self.apply();
        let writes = self.konnect.take_writes();
        self.assert_no_changes();
        assert_eq!(self.konnect.take_writes(), [], "a plan changes nothing");
        writes
    }
}

impl Deref for Workspace {
    type Target = cli::Workspace;

    fn deref(&self) -> &cli::Workspace {
        &self.folder
    }
}

impl DerefMut for Workspace {
    fn deref_mut(&mut self) -> &mut cli::Workspace {
        &mut self.folder
    }
}

/// The only diagnostic of a command: a warning, if the command succeeded.
#[track_caller]
pub fn only(found: &[Diagnostic]) -> &Diagnostic {
    assert_eq!(found.len(), 1, "{found:#?}");
    &found[0]
}

/// Asserts the summary of a diagnostic, and the attribute that it is on.
#[track_caller]
pub fn is_at(diagnostic: &Diagnostic, attribute: &str, summary: &str) {
    let place = (diagnostic.summary.as_str(), diagnostic.attribute());
    assert_eq!(place, (summary, Some(attribute)), "{diagnostic:?}");
}

/// Asserts the summary of a diagnostic, and that its detail contains all of these parts.
#[track_caller]
pub fn says(diagnostic: &Diagnostic, summary: &str, parts: &[&str]) {
    assert_eq!(diagnostic.summary, summary, "{diagnostic:?}");
    for part in parts {
        assert!(diagnostic.detail.contains(part), "{part}: {diagnostic:?}");
    }
}

/// The CLI under test.
pub fn cli() -> &'static Cli {
    Cli::find()
}

/// A path of the project, from its root.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
