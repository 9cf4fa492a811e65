//! The organization.

use crate::api::call;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::organization::Organization;
use crate::types::region::Region;

/// `GET /v3/organizations/me`: reads the organization of the access token, personal or of a system account.
///
/// Konnect serves it on the `global` host only: pass [`Region::global`], unless the server URL serves one region.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_organization(client: &Client, region: &Region) -> Result<Organization, Error> {
    call::read(client, region, "/v3/organizations/me").await
}
