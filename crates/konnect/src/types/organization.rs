//! The organization of the access token.

use serde::Deserialize;

/// An organization (API description of identity, `GET /v3/organizations/me`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// The ID, a UUID.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The ID of the owner.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// The last part of the address of its login page.
    #[serde(default)]
    pub login_path: Option<String>,
    /// The state as the API names it: `active`, `inactive`, `deleting` or `deleted`.
    #[serde(default)]
    pub state: Option<String>,
    /// The time of its creation, as the API writes it.
    #[serde(default)]
    pub created_at: Option<String>,
    /// The time of its last change, as the API writes it.
    #[serde(default)]
    pub updated_at: Option<String>,
}
