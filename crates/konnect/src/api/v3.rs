//! The calls of version 3, whose webhook points at a destination.
//!
//! Paths and bodies are those of the API description "Konnect Audit Log Settings" 3.0.7.

use crate::api::endpoints::Api;
use crate::cache::ListedPage;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::changes::{DestinationChanges, DestinationWebhookChanges, NewDestination};
use crate::types::destination_id::DestinationId;
use crate::types::model::{Destination, DestinationWebhook, Organization, WebhookStatus};
use crate::types::paging::{ListQuery, Page};
use crate::types::region::Region;

fn api<'a>(client: &'a Client, region: &'a Region) -> Api<'a> {
    Api {
        client,
        region,
        version: "v3",
    }
}

/// `GET /v3/audit-log-destinations`: one page of the destinations.
///
/// # Errors
/// When the call fails, or its answer can't be read.
pub async fn list_destinations(
    client: &Client,
    region: &Region,
    query: &ListQuery,
) -> Result<Page<Destination>, Error> {
    api(client, region).list_destinations(query).await
}

/// `GET /v3/audit-log-destinations`, page after page: all destinations from `query.after` on.
///
/// # Errors
/// When a call fails or its answer can't be read, and when the pages go round in a circle.
pub async fn all_destinations(
    client: &Client,
    region: &Region,
    query: &ListQuery,
) -> Result<Vec<Destination>, Error> {
    api(client, region).all_destinations(query).await
}

/// One page of the destinations, for the reads that share it.
pub(crate) async fn listed_destinations(
    client: &Client,
    region: &Region,
    query: &ListQuery,
) -> Result<ListedPage, Error> {
    api(client, region).listed_destinations(query).await
}

/// `POST /v3/audit-log-destinations`: creates a destination.
///
/// Made again only where nothing can have been created; [`Error::may_have_happened`] tells the rest.
///
/// # Errors
/// When the call fails, or its answer can't be read.
pub async fn create_destination(
    client: &Client,
    region: &Region,
    new: &NewDestination,
) -> Result<Destination, Error> {
    api(client, region).create_destination(new).await
}

/// `GET /v3/audit-log-destinations/{id}`: a destination.
///
/// # Errors
/// When the call fails, as with 404 for an unknown id, or its answer can't be read.
pub async fn get_destination(
    client: &Client,
    region: &Region,
    id: &DestinationId,
) -> Result<Destination, Error> {
    api(client, region).destination(id).await
}

/// `PATCH /v3/audit-log-destinations/{id}`: changes what is named, and leaves the rest.
///
/// # Errors
/// When the call fails, or its answer can't be read.
pub async fn update_destination(
    client: &Client,
    region: &Region,
    id: &DestinationId,
    changes: &DestinationChanges,
) -> Result<Destination, Error> {
    api(client, region).change_destination(id, changes).await
}

/// `DELETE /v3/audit-log-destinations/{id}`: deletes a destination.
///
/// # Errors
/// When the call fails, as with 404 for an unknown id, and with 409 while a webhook uses it. A 404 after
/// more than one attempt may be the first attempt's own success.
pub async fn delete_destination(client: &Client, region: &Region, id: &DestinationId) -> Result<(), Error> {
    api(client, region).delete_destination(id).await
}

/// `GET /v3/audit-log-webhook`: the webhook of the region.
///
/// # Errors
/// When the call fails, as with 404 where none was ever set up, or its answer can't be read.
pub async fn get_webhook(client: &Client, region: &Region) -> Result<DestinationWebhook, Error> {
    api(client, region).webhook().await
}

/// `PATCH /v3/audit-log-webhook`: sets up or changes the webhook of the region; what is not named stays.
///
/// # Errors
/// When the call fails, as with 404 for an unknown destination, or its answer can't be read.
pub async fn update_webhook(
    client: &Client,
    region: &Region,
    changes: &DestinationWebhookChanges,
) -> Result<DestinationWebhook, Error> {
    api(client, region).change_webhook(changes, None).await
}

/// `DELETE /v3/audit-log-webhook`: empties the destination of the region's webhook and disables it.
///
/// # Errors
/// When the call fails.
pub async fn delete_webhook(client: &Client, region: &Region) -> Result<(), Error> {
    api(client, region).delete_webhook().await
}

/// `GET /v3/audit-log-webhook/status`: how deliveries of the region's webhook are going.
///
/// # Errors
/// When the call fails, or its answer can't be read.
pub async fn get_webhook_status(client: &Client, region: &Region) -> Result<WebhookStatus, Error> {
    api(client, region).webhook_status().await
}

/// `GET /v3/organizations/me`: the organization that the access token belongs to. `global` serves it.
///
/// # Errors
/// When the call fails, or its answer can't be read.
pub async fn get_organization(client: &Client, region: &Region) -> Result<Organization, Error> {
    api(client, region).organization().await
}
