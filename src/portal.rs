//! Dev Portals, as arguments name them.

use konnect::{Client, Error, Portal, PortalId, PortalQuery, Region, sentence, v3};
use terraform_plugin::Diagnostic;

use crate::scope::Scope;

/// The argument that names a Dev Portal.
const PORTAL_ID: &str = "portal_id";
/// The number of Dev Portals in a page. The API may return fewer.
const PAGE_SIZE: u32 = 100;

/// Reads the id of a Dev Portal. It is checked where it is used and not by a validator, since a mocked portal has any
/// text as its id.
///
/// # Errors
/// On `portal_id`: that it is not a UUID.
pub(crate) fn parse_id(text: &str) -> Result<PortalId, Diagnostic> {
    PortalId::parse(text).map_err(|e| Diagnostic::error("Invalid portal id", sentence(&e)).at(PORTAL_ID))
}

/// The Dev Portals of a region, by name, which is unique in it.
///
/// # Errors
/// Why they could not be listed.
pub(crate) async fn all(client: &Client, region: &Region) -> Result<Vec<Portal>, Error> {
    let query = PortalQuery {
        size: Some(PAGE_SIZE),
        ..PortalQuery::default()
    };
    let mut portals = v3::all_portals(client, region, &query).await?;
    portals.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(portals)
}

/// Whether the region of a scope does not have its Dev Portal. A webhook's 404 leaves that open: the destination may be
/// the one that is missing, and a portal without a webhook may answer 404 as well. `None` if that can't be found out.
pub(crate) async fn is_missing(client: &Client, scope: &Scope) -> Option<bool> {
    let id = scope.portal.as_ref()?;
    let portals = all(client, &scope.region).await.ok()?;
    Some(portals.iter().all(|portal| portal.id != *id))
}

/// The error that there is no such Dev Portal.
pub(crate) fn not_found(scope: &Scope, error: &Error) -> Diagnostic {
    let id = scope.portal.as_ref().map_or("", |id| id.as_str());
    Diagnostic::error(
        "Dev Portal not found",
        format!(
            "Region {} does not have the Dev Portal {id}. Correct the id, or set region to the region of the \
             portal.\n\n{error}",
            scope.region
        ),
    )
    .at(PORTAL_ID)
}
