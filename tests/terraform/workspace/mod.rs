//! A folder with a configuration, a Konnect, and the CLI that runs in it.
//!
//! [`Workspace`] is the entry point. [`Block`] writes blocks of a configuration. [`run::Run`] is an ended command with
//! its [`Diagnostic`]s. [`Plan`] and [`state::State`] are the output of `show -json`. [`Write`] is a write request.
//! [`cli`] finds the CLI and creates its mirror; [`konnect`] runs the local Konnect.
//!
//! [`Running`] is a running command, for tests that interrupt it. It requires Linux to find processes.
//!
//! Dropping a workspace removes everything, also after a panic.

mod binary;
mod block;
mod cli;
mod diagnostic;
mod folder;
pub mod konnect;
mod plan;
mod run;
#[cfg(target_os = "linux")]
mod running;
mod search;
mod state;

pub use binary::workspace_binary;
pub use block::Block;
pub use cli::{Feature, KONG, KONG_BETA, cli};
pub use diagnostic::{Diagnostic, Place, Severity};
pub use folder::{AUTHORIZATION, TOKEN, Workspace, project};
pub use konnect::{Write, write};
pub use plan::Plan;
pub use run::Run;
#[cfg(target_os = "linux")]
pub use running::{Running, until};
pub use search::{assert_no_secret, files};
