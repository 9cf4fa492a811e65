//! The webhook of a region.

use reqwest::Method;

use crate::api::call;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::changes::DestinationWebhookChanges;
use crate::types::model::{DestinationWebhook, WebhookStatus};
use crate::types::region::Region;

const WEBHOOK: &str = "/v3/audit-log-webhook";
const STATUS: &str = "/v3/audit-log-webhook/status";

/// `GET /v3/audit-log-webhook`: reads the webhook of the region.
///
/// # Errors
/// When the call fails, for instance with 404 where none was ever set up, or its answer cannot be read.
pub async fn get_webhook(client: &Client, region: &Region) -> Result<DestinationWebhook, Error> {
    call::read(client, region, WEBHOOK).await
}

/// `PATCH /v3/audit-log-webhook`: configures or changes the webhook of the region. Absent fields keep their value.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown destination, or its answer cannot be read.
pub async fn update_webhook(
    client: &Client,
    region: &Region,
    changes: &DestinationWebhookChanges,
) -> Result<DestinationWebhook, Error> {
    call::write(client, region, Method::PATCH, WEBHOOK, changes, None).await
}

/// `DELETE /v3/audit-log-webhook`: removes the destination of the region's webhook, and disables it.
///
/// # Errors
/// When the call fails.
pub async fn delete_webhook(client: &Client, region: &Region) -> Result<(), Error> {
    call::delete(client, region, WEBHOOK).await
}

/// `GET /v3/audit-log-webhook/status`: reads the delivery status of the region's webhook.
///
/// # Errors
/// When the call fails or its answer cannot be read.
pub async fn get_webhook_status(client: &Client, region: &Region) -> Result<WebhookStatus, Error> {
    call::read(client, region, STATUS).await
}

/// `GET /v3/organizations/me`: reads the organization of the access token.
///
/// # Errors
/// When the call fails or its answer cannot be read.
pub async fn get_organization(client: &Client, region: &Region) -> Result<crate::Organization, Error> {
    call::read(client, region, "/v3/organizations/me").await
}
