//! The calls of version 2, as far as version 3 does not replace them: the webhook with an endpoint of its own, and the
//! signing keys.
//!
//! Paths and bodies follow the API description "Konnect Audit Log Settings" 2.0.0.

use reqwest::Method;

use crate::api::call;
use crate::error::Error;
use crate::http::client::Client;
use crate::types::changes::EndpointWebhookChanges;
use crate::types::model::EndpointWebhook;
use crate::types::region::Region;

const WEBHOOK: &str = "/v2/audit-log-webhook";

/// `GET /v2/audit-log-webhook`: reads the webhook of the region.
///
/// # Errors
/// When the call fails or its answer cannot be read.
pub async fn get_webhook(client: &Client, region: &Region) -> Result<EndpointWebhook, Error> {
    call::read(client, region, WEBHOOK).await
}

/// `PATCH /v2/audit-log-webhook`: configures or changes the webhook of the region. Absent fields keep their value.
///
/// # Errors
/// When the call fails or its answer cannot be read.
pub async fn update_webhook(
    client: &Client,
    region: &Region,
    changes: &EndpointWebhookChanges,
) -> Result<EndpointWebhook, Error> {
    let authorization = changes.authorization.as_ref();
    call::write(client, region, Method::PATCH, WEBHOOK, changes, authorization).await
}
