//! The webhooks of regions and of Dev Portals.

use reqwest::Method;

use crate::api::call;
use crate::api::repeat::{RepeatSchedule, repeat_while};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::response::Response;
use crate::types::id::PortalId;
use crate::types::region::Region;
use crate::types::webhook::{
    DestinationWebhook, DestinationWebhookChanges, SentPortalWebhook, WebhookStatus,
};

const WEBHOOK: &str = "/v3/audit-log-webhook";
const STATUS: &str = "/v3/audit-log-webhook/status";

fn portal_path(portal: &PortalId) -> String {
    format!("/v3/portals/{portal}/audit-log-webhook")
}

/// `GET /v3/audit-log-webhook`: reads the webhook of the region.
///
/// # Errors
/// When the call fails, for instance with 404 if no webhook was ever configured, or its response cannot be read.
pub async fn get_webhook(client: &Client, region: &Region) -> Result<DestinationWebhook, Error> {
    call::read(client, region, WEBHOOK).await
}

/// `PATCH /v3/audit-log-webhook`: configures or changes the webhook of the region. Absent fields keep their value.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown destination, or its response cannot be read.
pub async fn update_webhook(
    client: &Client,
    region: &Region,
    changes: &DestinationWebhookChanges,
) -> Result<DestinationWebhook, Error> {
    call::write(client, region, Method::PATCH, WEBHOOK, changes, None).await
}

/// Like [`update_webhook`], for a new destination: repeats the call while the API does not know the destination.
/// [`RepeatSchedule::NEW_DESTINATION`] is the usual schedule.
///
/// # Errors
/// As [`update_webhook`]. The last 404, when the schedule or the client stops first.
pub async fn update_webhook_to_new_destination(
    client: &Client,
    region: &Region,
    changes: &DestinationWebhookChanges,
    schedule: RepeatSchedule,
) -> Result<DestinationWebhook, Error> {
    let call = || update_webhook(client, region, changes);
    repeat_while(client, schedule, Error::is_not_found, call).await
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
/// When the call fails or its response cannot be read.
pub async fn get_webhook_status(client: &Client, region: &Region) -> Result<WebhookStatus, Error> {
    call::read(client, region, STATUS).await
}

/// `GET /v3/portals/{id}/audit-log-webhook`: reads the webhook of a Dev Portal.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown portal or if no webhook was ever configured, or its
/// response cannot be read.
pub async fn get_portal_webhook(
    client: &Client,
    region: &Region,
    portal: &PortalId,
) -> Result<DestinationWebhook, Error> {
    let request = call::request(Method::GET, &portal_path(portal));
    read_portal_webhook(&client.send(region, request).await?)
}

/// `PATCH /v3/portals/{id}/audit-log-webhook`: configures or changes the webhook of a Dev Portal. Absent fields keep
/// their value.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown portal or destination, or its response cannot be read.
pub async fn update_portal_webhook(
    client: &Client,
    region: &Region,
    portal: &PortalId,
    changes: &DestinationWebhookChanges,
) -> Result<DestinationWebhook, Error> {
    let request = call::request_with_body(Method::PATCH, &portal_path(portal), changes);
    read_portal_webhook(&client.send(region, request).await?)
}

/// Like [`update_portal_webhook`], for a new destination: see [`update_webhook_to_new_destination`].
///
/// # Errors
/// As [`update_portal_webhook`]. The last 404, when the schedule or the client stops first.
pub async fn update_portal_webhook_to_new_destination(
    client: &Client,
    region: &Region,
    portal: &PortalId,
    changes: &DestinationWebhookChanges,
    schedule: RepeatSchedule,
) -> Result<DestinationWebhook, Error> {
    let call = || update_portal_webhook(client, region, portal, changes);
    repeat_while(client, schedule, Error::is_not_found, call).await
}

/// `DELETE /v3/portals/{id}/audit-log-webhook`: removes the destination of a Dev Portal's webhook, and disables it.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown portal. The API description also declares 409, without a
/// reason.
pub async fn delete_portal_webhook(client: &Client, region: &Region, portal: &PortalId) -> Result<(), Error> {
    call::delete(client, region, &portal_path(portal)).await
}

/// `GET /v3/portals/{id}/audit-log-webhook/status`: reads the delivery status of a Dev Portal's webhook.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown portal, or its response cannot be read.
pub async fn get_portal_webhook_status(
    client: &Client,
    region: &Region,
    portal: &PortalId,
) -> Result<WebhookStatus, Error> {
    call::read(client, region, &format!("{}/status", portal_path(portal))).await
}

fn read_portal_webhook(response: &Response) -> Result<DestinationWebhook, Error> {
    let sent: SentPortalWebhook = response.parse()?;
    sent.into_webhook()
        .ok_or_else(|| response.unreadable("it has no field of a webhook"))
}
