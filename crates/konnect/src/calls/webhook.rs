//! The webhooks of regions and of Dev Portals, and the keys that verify their events.

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::calls;
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::http::client::{Client, Request};
use crate::http::response::Response;
use crate::types::id::PortalId;
use crate::types::region::Region;
use crate::types::webhook::{
    DestinationWebhook, DestinationWebhookChanges, EndpointWebhook, EndpointWebhookChanges,
    SentPortalWebhook, WebhookStatus,
};

const WEBHOOK: &str = "/v3/audit-log-webhook";
const STATUS: &str = "/v3/audit-log-webhook/status";
const WEBHOOK_V2: &str = "/v2/audit-log-webhook";
const JWKS: &str = "/v2/audit-log-webhook/jwks.json";

fn portal_path(portal: &PortalId) -> String {
    format!("/v3/portals/{portal}/audit-log-webhook")
}

/// `GET /v3/audit-log-webhook`: reads the webhook of the region.
///
/// # Errors
/// When the call fails, for instance with 404 if no webhook was ever configured, or its response cannot be read.
pub async fn get_webhook(client: &Client, region: &Region) -> Result<DestinationWebhook, Error> {
    calls::read(client, region, WEBHOOK).await
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
    calls::write(client, region, Method::PATCH, WEBHOOK, changes, None).await
}

/// `DELETE /v3/audit-log-webhook`: removes the destination of the region's webhook, and disables it.
///
/// # Errors
/// When the call fails.
pub async fn delete_webhook(client: &Client, region: &Region) -> Result<(), Error> {
    calls::delete(client, region, WEBHOOK).await
}

/// `GET /v3/audit-log-webhook/status`: reads the delivery status of the region's webhook.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_webhook_status(client: &Client, region: &Region) -> Result<WebhookStatus, Error> {
    calls::read(client, region, STATUS).await
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
    let request = calls::request(Method::GET, &portal_path(portal));
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
    let request = calls::request_with_body(Method::PATCH, &portal_path(portal), changes);
    read_portal_webhook(&client.send(region, request).await?)
}

/// `DELETE /v3/portals/{id}/audit-log-webhook`: removes the destination of a Dev Portal's webhook, and disables it.
///
/// # Errors
/// When the call fails, for instance with 404 for an unknown portal. The API description also declares 409, without a
/// reason.
pub async fn delete_portal_webhook(client: &Client, region: &Region, portal: &PortalId) -> Result<(), Error> {
    calls::delete(client, region, &portal_path(portal)).await
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
    calls::read(client, region, &format!("{}/status", portal_path(portal))).await
}

fn read_portal_webhook(response: &Response) -> Result<DestinationWebhook, Error> {
    let sent: SentPortalWebhook = response.parse()?;
    sent.into_webhook()
        .ok_or_else(|| response.unreadable("it has no field of a webhook"))
}

/// `GET /v2/audit-log-webhook`: reads the webhook of the region.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_endpoint_webhook(client: &Client, region: &Region) -> Result<EndpointWebhook, Error> {
    calls::read(client, region, WEBHOOK_V2).await
}

/// `PATCH /v2/audit-log-webhook`: configures or changes the webhook of the region. Absent fields keep their value.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn update_endpoint_webhook(
    client: &Client,
    region: &Region,
    changes: &EndpointWebhookChanges,
) -> Result<EndpointWebhook, Error> {
    let authorization = changes.authorization.as_ref();
    calls::write(client, region, Method::PATCH, WEBHOOK_V2, changes, authorization).await
}

/// Whether a caller that uses v3 can treat an error of `v2::get_webhook` as an absent v2 webhook: the token may lack the
/// permission for v2 (403), or the server may no longer serve it (404, 405, 410).
#[must_use]
pub fn is_endpoint_webhook_absent(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Api {
            status: 403 | 404 | 405 | 410,
            ..
        }
    )
}

/// `GET /v2/audit-log-webhook/jwks.json`: reads the keys that verify the signatures of events, as the text of a JSON Web
/// Key Set (RFC 7517). The call sends no access token, since the API does not require one.
///
/// # Errors
/// When the call fails, or its response is not a key set.
pub async fn get_jwks(client: &Client, region: &Region) -> Result<String, Error> {
    let request = Request {
        authenticated: false,
        ..calls::request(Method::GET, JWKS)
    };
    let response = client.send(region, request).await?;
    let _: KeySet = response.parse()?;
    // A text that parses as JSON is valid UTF-8.
    Ok(String::from_utf8_lossy(&response.received.body).into_owned())
}

/// The required content of a key set.
#[derive(Deserialize)]
struct KeySet {
    #[serde(rename = "keys")]
    _keys: Vec<IgnoredAny>,
}
