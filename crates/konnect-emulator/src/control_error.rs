//! The errors of control calls.

use std::io;

/// The error of the control API or of a method of [`Emulator`](crate::Emulator).
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The destination does not exist.
    #[error("region [{region}] has no destination [{id}]")]
    NoDestination {
        /// The region that was searched.
        region: String,
        /// The ID that was asked for.
        id: String,
    },
    /// The Dev Portal does not exist.
    #[error("region [{region}] has no portal [{id}]")]
    NoPortal {
        /// The region that was searched.
        region: String,
        /// The ID that was asked for.
        id: String,
    },
    /// The webhook of the region or portal is not configured.
    #[error("{0} has no webhook")]
    NoWebhook(String),
    /// The edit, the fault rule or the setting is invalid, for the reason in the text.
    #[error("{0}")]
    Invalid(String),
    /// The state file could not be written, and the change was not made.
    #[error("the state file could not be written: {0}")]
    Save(#[from] io::Error),
}
