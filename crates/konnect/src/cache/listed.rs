//! A destination as it stands in a list.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::types::destination_id::DestinationId;
use crate::types::model::{Destination, LogFormat};

/// An item of a list. The API descriptions give it the same fields as the destination that is asked for by its id
/// (`AuditLogDestination`), but demand none of them: one that is not complete does not count as read.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Listed {
    /// All of it.
    Complete {
        id: DestinationId,
        name: String,
        endpoint: String,
        log_format: LogFormat,
        skip_ssl_verification: bool,
        created_at: String,
        updated_at: String,
    },
    /// Anything else.
    Partial(IgnoredAny),
}

impl Listed {
    /// The destination, if all of it is told.
    pub(crate) fn complete(self) -> Option<Destination> {
        let Self::Complete {
            id,
            name,
            endpoint,
            log_format,
            skip_ssl_verification,
            created_at,
            updated_at,
        } = self
        else {
            return None;
        };
        Some(Destination {
            id,
            name,
            endpoint,
            log_format,
            skip_ssl_verification,
            created_at: Some(created_at),
            updated_at: Some(updated_at),
        })
    }
}
