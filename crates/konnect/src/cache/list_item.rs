//! A destination as an item of a list.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::types::destination::{Destination, LogFormat};
use crate::types::id::DestinationId;

/// An item of a list. In the API descriptions, it has the same fields as a single destination (`AuditLogDestination`),
/// but none is required. An incomplete item does not count as read.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum ListItem {
    /// An item with every field.
    Complete {
        id: DestinationId,
        name: String,
        endpoint: String,
        log_format: LogFormat,
        skip_ssl_verification: bool,
        created_at: String,
        updated_at: String,
    },
    /// An incomplete item.
    Partial(IgnoredAny),
}

impl ListItem {
    /// The destination, if the item is complete.
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
