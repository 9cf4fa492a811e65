//! What the API is asked to create or change.
//!
//! A `PATCH` changes what it names, and `null` is in none of the schemas: what is `None` here is left
//! out of the body.

use serde::Serialize;

use crate::types::destination_id::DestinationId;
use crate::types::model::LogFormat;
use crate::types::secret::Authorization;

/// A destination to be created (API descriptions, `CreateAuditLogDestination`).
#[derive(Debug, Clone, Serialize)]
pub struct NewDestination {
    /// A name for people; need not be unique.
    pub name: String,
    /// The HTTPS URL that is to receive the entries.
    pub endpoint: String,
    /// What Konnect sends to the endpoint in the `Authorization` header.
    pub authorization: Authorization,
    /// The format of the entries.
    pub log_format: LogFormat,
    /// Whether Konnect is to accept any certificate of the endpoint. `None`: the API's default, no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_ssl_verification: Option<bool>,
}

/// Changes to a destination (API descriptions, `UpdateAuditLogDestination`).
#[derive(Debug, Clone, Default, Serialize)]
pub struct DestinationChanges {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another HTTPS URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Another value for the `Authorization` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Another format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// Whether Konnect is to accept any certificate of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_ssl_verification: Option<bool>,
}

impl DestinationChanges {
    /// Whether nothing is to be changed, so that no request is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            name,
            endpoint,
            authorization,
            log_format,
            skip_ssl_verification,
        } = self;
        name.is_none()
            && endpoint.is_none()
            && authorization.is_none()
            && log_format.is_none()
            && skip_ssl_verification.is_none()
    }
}

/// Changes to the webhook of a region in v2 (API description v2, `UpdateAuditLogWebhook`).
#[derive(Debug, Clone, Default, Serialize)]
pub struct EndpointWebhookChanges {
    /// Another HTTPS URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Another value for the `Authorization` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Whether entries are to be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Another format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// Whether Konnect is to accept any certificate of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_ssl_verification: Option<bool>,
}

/// Changes to the webhook of a region in v3 (API description v3, `UpdateAuditLogsWebhook`).
#[derive(Debug, Clone, Default, Serialize)]
pub struct DestinationWebhookChanges {
    /// Another destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_log_destination_id: Option<DestinationId>,
    /// Whether entries are to be delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn only_what_changes_is_sent() {
        assert_eq!(to_value(DestinationChanges::default()).unwrap(), json!({}));
        assert_eq!(to_value(EndpointWebhookChanges::default()).unwrap(), json!({}));
        assert_eq!(to_value(DestinationWebhookChanges::default()).unwrap(), json!({}));
        let changes = DestinationChanges {
            authorization: Some(Authorization::parse("Bearer \"x\"").unwrap()),
            skip_ssl_verification: Some(false),
            ..DestinationChanges::default()
        };
        assert_eq!(
            to_value(changes).unwrap(),
            json!({"authorization": "Bearer \"x\"", "skip_ssl_verification": false})
        );
        let changes = EndpointWebhookChanges {
            enabled: Some(false),
            ..EndpointWebhookChanges::default()
        };
        assert_eq!(to_value(changes).unwrap(), json!({"enabled": false}));
    }

    #[test]
    fn debug_hides_the_authorization() {
        let authorization = Authorization::parse("Bearer hunter2").unwrap();
        let new = NewDestination {
            name: "n".into(),
            endpoint: "https://e".into(),
            authorization: authorization.clone(),
            log_format: LogFormat::Cef,
            skip_ssl_verification: None,
        };
        let changes = DestinationChanges {
            authorization: Some(authorization.clone()),
            ..DestinationChanges::default()
        };
        let webhook = EndpointWebhookChanges {
            authorization: Some(authorization),
            ..Default::default()
        };
        let shown = format!("{new:?} {changes:?} {webhook:?}");
        assert!(
            !shown.contains("hunter2") && shown.contains("[redacted]"),
            "{shown}"
        );
    }
}
