//! Streams of audit events, and the form of IDs.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A stream of audit events: that of a region, or that of a Dev Portal of the region. Each has one webhook, one status
/// and one replay job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamId {
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) portal: Option<String>,
}

impl StreamId {
    pub(crate) fn new(region: &str, portal: Option<&str>) -> Self {
        Self {
            region: region.to_owned(),
            portal: portal.map(str::to_owned),
        }
    }

    pub(crate) fn of_region(region: &str) -> Self {
        Self::new(region, None)
    }

    pub(crate) fn of_portal(region: &str, portal: &str) -> Self {
        Self::new(region, Some(portal))
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

/// An ID in the form of the state, or `None` for a text that is not a hyphenated UUID.
pub(crate) fn parse_uuid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.to_string())
}
