//! The organization of the access token, and the regions of Konnect.

use serde::Deserialize;

use crate::types::lenient::null_as_default;
use crate::types::region::Region;

/// An organization (API description of identity, `GET /v3/organizations/me`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// The ID, a UUID.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The last part of the address of its login page.
    #[serde(default)]
    pub login_path: Option<String>,
    /// The state as the API names it: `active`, `inactive`, `deleting` or `deleted`.
    #[serde(default)]
    pub state: Option<String>,
}

/// The regions that Konnect offers (`GET /v3/available-regions`, which is in no API description).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AvailableRegions {
    /// The regions that every organization can use.
    #[serde(deserialize_with = "null_as_default")]
    pub stable: Vec<Region>,
    /// The regions that an administrator of the organization must opt in to.
    #[serde(deserialize_with = "null_as_default")]
    pub stable_opt_in: Vec<Region>,
    /// The regions in beta.
    #[serde(deserialize_with = "null_as_default")]
    pub beta: Vec<Region>,
}

/// The regions as the API sends them.
#[derive(Deserialize)]
pub(crate) struct SentRegions {
    pub regions: AvailableRegions,
}
