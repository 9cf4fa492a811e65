//! Dev Portals in arguments.

use konnect::{Client, Error, Portal, PortalQuery, Region, v3};
use terraform_plugin::Diagnostic;

use crate::run::scope::Scope;

/// The argument that identifies a Dev Portal.
const PORTAL_ID: &str = "portal_id";
/// The number of Dev Portals in a page. The API may return fewer.
const PAGE_SIZE: u32 = 100;

/// The Dev Portals of a region, ordered by their unique names.
///
/// # Errors
/// They could not be listed.
pub(crate) async fn all(client: &Client, region: &Region) -> Result<Vec<Portal>, Error> {
    let query = PortalQuery {
        size: Some(PAGE_SIZE),
        ..PortalQuery::default()
    };
    let mut portals = v3::all_portals(client, region, &query).await?;
    portals.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(portals)
}

/// Whether the Dev Portal of a scope does not exist in its region. A 404 for a webhook does not show that: the
/// destination may not exist, and a portal without a webhook may also return 404. Returns `None` if it cannot be
/// determined.
pub(crate) async fn is_missing(client: &Client, scope: &Scope) -> Option<bool> {
    match v3::get_portal(client, &scope.region, scope.portal.as_ref()?).await {
        Ok(_) => Some(false),
        Err(error) if error.is_not_found() => Some(true),
        Err(_) => None,
    }
}

/// The 404 for a Dev Portal that its region does not have.
pub(crate) async fn missing(client: &Client, scope: &Scope) -> Option<Error> {
    let found = v3::get_portal(client, &scope.region, scope.portal.as_ref()?).await;
    found.err().filter(Error::is_not_found)
}

/// The error for a Dev Portal that does not exist.
pub(crate) fn not_found(scope: &Scope, error: &Error) -> Diagnostic {
    let id = scope.portal.as_ref().map_or("", |id| id.as_str());
    Diagnostic::error(
        "Dev Portal not found",
        format!(
            "Region {} does not have the Dev Portal {id}. Correct the id, or set region to the region of the \
             portal.\n\n{facts}",
            scope.region,
            facts = error.facts()
        ),
    )
    .at(PORTAL_ID)
}
