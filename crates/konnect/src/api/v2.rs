//! The calls of version 2 that version 3 does not replace: the webhook with its own endpoint, and the signing keys.
//!
//! Paths and bodies follow the API description "Konnect Audit Log Settings" 2.0.0.

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::call;
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::http::client::{Client, Request};
use crate::types::region::Region;
use crate::types::webhook::{EndpointWebhook, EndpointWebhookChanges};

const WEBHOOK: &str = "/v2/audit-log-webhook";
const JWKS: &str = "/v2/audit-log-webhook/jwks.json";

/// `GET /v2/audit-log-webhook`: reads the webhook of the region.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn get_webhook(client: &Client, region: &Region) -> Result<EndpointWebhook, Error> {
    call::read(client, region, WEBHOOK).await
}

/// `PATCH /v2/audit-log-webhook`: configures or changes the webhook of the region. Absent fields keep their value.
///
/// # Errors
/// When the call fails or its response cannot be read.
pub async fn update_webhook(
    client: &Client,
    region: &Region,
    changes: &EndpointWebhookChanges,
) -> Result<EndpointWebhook, Error> {
    let authorization = changes.authorization.as_ref();
    call::write(client, region, Method::PATCH, WEBHOOK, changes, authorization).await
}

/// Whether a caller that uses v3 can treat an error of [`get_webhook`] as an absent v2 webhook: the token may lack the
/// permission for v2 (403), or the server may no longer serve it (404, 405, 410).
#[must_use]
pub fn is_webhook_absent(error: &Error) -> bool {
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
        ..call::request(Method::GET, JWKS)
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
