//! A folder with a configuration, a Konnect to go with it, and the CLI to run in it.
//!
//! [`Workspace`] is what a test works with; [`Block`] writes a configuration's blocks; [`run::Run`] is a
//! command that has ended, with its [`Diagnostic`]s; [`Plan`] and [`state::State`] are what `show -json` prints;
//! [`Write`] is a request that changed something. [`cli`] finds the CLI and gives it a mirror to
//! install the provider from; [`konnect`] runs the local Konnect.
//!
//! [`Running`] is a command in flight, for tests that interrupt it; it looks for processes where Linux has them.
//!
//! All of a workspace goes with it, also when its test panics.

mod binary;
mod block;
mod cli;
mod diagnostic;
mod folder;
mod konnect;
mod plan;
mod run;
#[cfg(target_os = "linux")]
mod running;
mod search;
mod state;

pub use binary::workspace_binary;
pub use block::Block;
pub use cli::{Feature, KONG, cli};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use folder::{AUTHORIZATION, TOKEN, Workspace, project};
pub use konnect::{LocalKonnect, Write, write};
pub use plan::Plan;
pub use run::Run;
#[cfg(target_os = "linux")]
pub use running::{Running, until};
pub use search::{assert_no_secret, files};
