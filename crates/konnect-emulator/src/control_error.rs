//! Why a control call was refused.

use std::io;

/// Why the control API or a method of [`Emulator`](crate::Emulator) refused.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// There is no such destination.
    #[error("region [{region}] has no destination [{id}]")]
    NoDestination {
        /// The region that was searched.
        region: String,
        /// The id that was asked for.
        id: String,
    },
    /// There is no such Dev Portal.
    #[error("region [{region}] has no portal [{id}]")]
    NoPortal {
        /// The region that was searched.
        region: String,
        /// The id that was asked for.
        id: String,
    },
    /// The webhook of the region, or of the portal, is not set up.
    #[error("{0} has no webhook")]
    NoWebhook(String),
    /// The edit, the fault rule or the setting makes no sense. The text says why.
    #[error("{0}")]
    Invalid(String),
    /// The change was not made, because the state file could not be written.
    #[error("the state file could not be written: {0}")]
    Save(#[from] io::Error),
}
