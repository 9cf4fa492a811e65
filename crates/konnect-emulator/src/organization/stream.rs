//! Streams of audit events, and the form of IDs.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A stream of audit events: that of a region, made from `"eu"`, or that of a Dev Portal of the region, made from
/// `("eu", id)`. Each has one webhook, one status and one replay job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamId {
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) portal: Option<String>,
}

impl<T: AsRef<str> + ?Sized> From<&T> for StreamId {
    fn from(region: &T) -> Self {
        Self {
            region: region.as_ref().to_owned(),
            portal: None,
        }
    }
}

impl<T: AsRef<str>> From<(&str, T)> for StreamId {
    fn from((region, portal): (&str, T)) -> Self {
        Self {
            portal: Some(portal.as_ref().to_owned()),
            ..Self::from(region)
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

/// An ID in the form of the state, or `None` for a text that is not a hyphenated UUID.
pub(crate) fn parse_uuid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.to_string())
}
