//! Streams of audit events.

use std::fmt;

use serde::Serialize;

/// A stream of audit events: that of a region, or that of a Dev Portal of the region. Each has one webhook, one status
/// and one replay job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct StreamId {
    /// The region.
    pub(crate) region: String,
    /// The portal's ID, if the stream is a portal's.
    pub(crate) portal: Option<String>,
}

impl StreamId {
    /// The stream of a region.
    pub(crate) fn of_region(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            portal: None,
        }
    }

    /// The stream of a region's portal.
    pub(crate) fn of_portal(region: &str, portal: &str) -> Self {
        Self {
            region: region.to_owned(),
            portal: Some(portal.to_owned()),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.portal {
            None => write!(f, "region [{}]", self.region),
            Some(portal) => write!(f, "portal [{portal}] of region [{}]", self.region),
        }
    }
}
