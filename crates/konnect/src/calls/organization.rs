//! The organization, and the regions of Konnect.

use reqwest::Method;

use crate::calls;
use crate::error::Error;
use crate::http::client::{Client, Request};
use crate::types::organization::{AvailableRegions, Organization, SentRegions};
use crate::types::region::Region;

/// `GET /v3/organizations/me`: reads the organization of the access token, personal or of a system account.
///
/// Konnect serves it on the `global` host only: pass [`Region::global`], unless the server URL serves one region.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_organization(client: &Client, region: &Region) -> Result<Organization, Error> {
    calls::read(client, region, "/v3/organizations/me").await
}

/// `GET /v3/available-regions`: reads the regions that Konnect offers. The call sends no access token, since the API
/// does not require one.
///
/// Konnect serves it on the `global` host only: pass [`Region::global`], unless the server URL serves one region.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_available_regions(client: &Client, region: &Region) -> Result<AvailableRegions, Error> {
    let request = Request {
        authenticated: false,
        ..calls::request(Method::GET, "/v3/available-regions")
    };
    let sent: SentRegions = client.send(region, request).await?.parse()?;
    Ok(sent.regions)
}
