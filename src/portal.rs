//! Dev Portals, as arguments name them.

use konnect::{Error, PortalId, sentence};
use terraform_plugin::Diagnostic;

use crate::scope::Scope;

/// The argument that names a Dev Portal.
const PORTAL_ID: &str = "portal_id";

/// Reads the id of a Dev Portal. It is checked where it is used and not by a validator, since a mocked portal has any
/// text as its id.
///
/// # Errors
/// On `portal_id`: that it is not a UUID.
pub(crate) fn parse_id(text: &str) -> Result<PortalId, Diagnostic> {
    PortalId::parse(text).map_err(|e| Diagnostic::error("Invalid portal id", sentence(&e)).at(PORTAL_ID))
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
