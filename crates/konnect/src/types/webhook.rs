//! Webhooks of regions and Dev Portals, and their delivery status.

use std::collections::HashMap;
use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use crate::types::destination::LogFormat;
use crate::types::id::DestinationId;
use crate::types::lenient::{foreign_text, null_as_default, set_time, shown};
use crate::types::secret::Authorization;

/// The v2 webhook of a region, which has its own endpoint (API description v2, `AuditLogWebhook`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndpointWebhook {
    /// The HTTPS URL that receives the events. `None` if the API returns `unconfigured`, an empty text, or no field.
    #[serde(default, deserialize_with = "configured_endpoint")]
    pub endpoint: Option<String>,
    /// Whether events are delivered.
    #[serde(deserialize_with = "null_as_default")]
    pub enabled: bool,
    /// The format of the events.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log_format: LogFormat,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[serde(default, deserialize_with = "null_as_default")]
    pub skip_ssl_verification: bool,
    /// The time of its last change, as the API writes it. `None` if it was never set.
    #[serde(default, deserialize_with = "set_time")]
    pub updated_at: Option<String>,
}

/// Changes to the v2 webhook of a region (API description v2, `UpdateAuditLogWebhook`). Fields that are `None` keep
/// their value.
#[derive(Debug, Clone, Default, Serialize)]
pub struct EndpointWebhookChanges {
    /// The new HTTPS URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The new value of the `Authorization` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Whether events are delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The new format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_ssl_verification: Option<bool>,
}

/// The webhook of a region or a Dev Portal in v3, which delivers to a destination (API descriptions,
/// `AuditLogsWebhook` and `PortalAuditLogWebhook`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DestinationWebhook {
    /// The destination that receives the events. `None` if none is set: then the API returns no field, or an empty
    /// text after a removal, although it declares a UUID.
    #[serde(default, deserialize_with = "set_destination")]
    pub audit_log_destination_id: Option<DestinationId>,
    /// Whether events are delivered.
    #[serde(deserialize_with = "null_as_default")]
    pub enabled: bool,
    /// Whether events name their principal. Only Dev Portals have it, and Kong marks it as unstable: `None` if the API
    /// does not return it.
    #[serde(default)]
    pub include_principal_name: Option<bool>,
}

/// Changes to the v3 webhook of a region or a Dev Portal (API descriptions, `UpdateAuditLogsWebhook` and
/// `UpdatePortalAuditLogWebhook`). Fields that are `None` keep their value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DestinationWebhookChanges {
    /// The new destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_log_destination_id: Option<DestinationId>,
    /// Whether events are delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether events name their principal, for Dev Portals only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_principal_name: Option<bool>,
}

/// The webhook of a Dev Portal as the API sends it (API description of portal management, `PortalAuditLogWebhook`),
/// where no field is required.
#[derive(Deserialize)]
pub(crate) struct SentPortalWebhook {
    #[serde(default, deserialize_with = "set_destination")]
    audit_log_destination_id: Option<DestinationId>,
    enabled: Option<bool>,
    include_principal_name: Option<bool>,
    #[serde(flatten)]
    #[expect(
        clippy::zero_sized_map_values,
        reason = "serde flattens into maps, not into sets"
    )]
    other: HashMap<String, IgnoredAny>,
}

impl SentPortalWebhook {
    /// Converts to the type of a region's webhook. Returns `None` if the response has only other fields, and is not a
    /// webhook.
    pub(crate) fn into_webhook(self) -> Option<DestinationWebhook> {
        let unrelated =
            self.enabled.is_none() && self.audit_log_destination_id.is_none() && !self.other.is_empty();
        (!unrelated).then(|| DestinationWebhook {
            audit_log_destination_id: self.audit_log_destination_id,
            enabled: self.enabled.unwrap_or_default(),
            include_principal_name: self.include_principal_name,
        })
    }
}

/// The delivery status of a webhook (API descriptions, `AuditLogsWebhookStatus` and `PortalAuditLogWebhookStatus`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookStatus {
    /// Whether deliveries are enabled.
    #[serde(deserialize_with = "null_as_default")]
    pub webhook_enabled: bool,
    /// Whether deliveries succeed.
    pub webhook_status: WebhookState,
    /// The time of the last attempt, successful or not. `None` before the first.
    #[serde(default, deserialize_with = "set_time")]
    pub last_attempt_at: Option<String>,
    /// The HTTP status of the endpoint's response to the last attempt.
    #[serde(default)]
    pub last_response_code: Option<i64>,
    /// The message in the endpoint's response to the last attempt: on one line, without control characters and
    /// invisible characters, at most about 1,000 characters long.
    #[serde(default, deserialize_with = "foreign_text")]
    pub last_response_message: Option<String>,
}

/// Whether deliveries succeed (API descriptions, `webhook_status`, and Kong's page on webhook states).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WebhookState {
    /// `active`: nothing was sent yet, or the last delivery succeeded.
    Active,
    /// `inactive`: the last delivery failed.
    Inactive,
    /// `unconfigured`: the region or Dev Portal has no webhook.
    Unconfigured,
    /// A state that Kong added after this version of the client.
    Other(String),
}

impl WebhookState {
    /// Returns the name that the API uses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Unconfigured => "unconfigured",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for WebhookState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for WebhookState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match shown(&String::deserialize(deserializer)?).as_str() {
            "active" => Self::Active,
            "inactive" => Self::Inactive,
            "unconfigured" => Self::Unconfigured,
            other => Self::Other(other.to_owned()),
        })
    }
}

fn configured_endpoint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty() && text != "unconfigured"))
}

fn set_destination<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DestinationId>, D::Error> {
    Option::<String>::deserialize(deserializer)?
        .filter(|text| !text.is_empty())
        .map(|text| DestinationId::parse(&text).map_err(serde::de::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    #[test]
    fn webhook_response_of_another_kind_is_rejected() {
        for response in [json!([]), json!("ok"), json!(null), json!({"message": "ok"})] {
            assert!(
                from_value::<EndpointWebhook>(response.clone()).is_err(),
                "{response}"
            );
            assert!(
                from_value::<DestinationWebhook>(response.clone()).is_err(),
                "{response}"
            );
            assert!(
                from_value::<WebhookStatus>(response.clone()).is_err(),
                "{response}"
            );
            let portal = from_value::<SentPortalWebhook>(response.clone()).ok();
            assert_eq!(
                portal.and_then(SentPortalWebhook::into_webhook),
                None,
                "{response}"
            );
        }
    }

    #[test]
    fn endpoint_webhook_unset_endpoint_is_none() {
        for response in [
            json!({"enabled": false, "endpoint": "unconfigured"}),
            json!({"enabled": false, "endpoint": ""}),
            json!({"enabled": null, "endpoint": null}),
            json!({"enabled": false}),
        ] {
            let webhook: EndpointWebhook = from_value(response.clone()).unwrap();
            assert_eq!((webhook.endpoint, webhook.enabled), (None, false), "{response}");
        }
    }

    #[test]
    fn destination_webhook_unset_destination_is_none() {
        for response in [
            json!({"enabled": false, "audit_log_destination_id": ""}),
            json!({"enabled": false, "audit_log_destination_id": null}),
            json!({"enabled": false}),
        ] {
            let webhook: DestinationWebhook = from_value(response.clone()).unwrap();
            assert_eq!(webhook.audit_log_destination_id, None, "{response}");
            assert_eq!(webhook.include_principal_name, None, "{response}");
        }
        let set: DestinationWebhook =
            from_value(json!({"enabled": true, "audit_log_destination_id": ID})).unwrap();
        assert_eq!(set.audit_log_destination_id.unwrap().as_str(), ID);
    }

    #[test]
    fn portal_webhook_every_field_may_be_absent() {
        let portal = |response| from_value::<SentPortalWebhook>(response).unwrap().into_webhook();
        let off = portal(json!({})).unwrap();
        assert_eq!((off.enabled, off.audit_log_destination_id), (false, None));
        let set = portal(json!({"audit_log_destination_id": ID, "enabled": true, "new": 1})).unwrap();
        assert!(set.enabled && set.audit_log_destination_id.is_some());
    }

    #[test]
    fn webhook_changes_only_set_fields_are_sent() {
        assert_eq!(to_value(EndpointWebhookChanges::default()).unwrap(), json!({}));
        assert_eq!(to_value(DestinationWebhookChanges::default()).unwrap(), json!({}));
        let changes = EndpointWebhookChanges {
            enabled: Some(false),
            ..EndpointWebhookChanges::default()
        };
        assert_eq!(to_value(changes).unwrap(), json!({"enabled": false}));
    }

    #[test]
    fn debug_authorization_is_redacted() {
        let changes = EndpointWebhookChanges {
            authorization: Some(Authorization::parse("Bearer hunter2").unwrap()),
            ..Default::default()
        };
        let shown = format!("{changes:?}");
        assert!(
            !shown.contains("hunter2") && shown.contains("[redacted]"),
            "{shown}"
        );
    }

    #[test]
    fn status_before_the_first_attempt_has_no_response() {
        let status: WebhookStatus =
            from_value(json!({"webhook_enabled": true, "webhook_status": "active"})).unwrap();
        assert_eq!(status.last_attempt_at, None);
        assert_eq!(status.last_response_code, None);
        let new: WebhookStatus = from_value(
            json!({"webhook_enabled": true, "webhook_status": "paused", "last_response_code": 401}),
        )
        .unwrap();
        assert_eq!(new.webhook_status, WebhookState::Other("paused".into()));
        assert_eq!(new.webhook_status.to_string(), "paused");
        assert_eq!(new.last_response_code, Some(401));
    }

    #[test]
    fn status_message_is_on_one_line_and_bounded() {
        let message = |text: &str| {
            let status =
                json!({"webhook_enabled": true, "webhook_status": "inactive", "last_response_message": text});
            from_value::<WebhookStatus>(status).unwrap().last_response_message
        };
        let odd = message("no\r\n\u{1b}[31mway\u{202e}\u{200b}!").unwrap();
        assert_eq!(odd, "no [31mway !");
        assert_eq!(message(&"x ".repeat(9_000)).unwrap().chars().count(), 1_002);
        assert_eq!(message(" \n"), None);
        let odd: WebhookStatus = from_value(
            json!({"webhook_enabled": true, "webhook_status": "a\n\u{9b}b", "last_attempt_at": "a\r\u{7}b"}),
        )
        .unwrap();
        assert_eq!(odd.webhook_status.as_str(), "a b");
        assert_eq!(odd.last_attempt_at.as_deref(), Some("a b"));
        let format: LogFormat = from_value(json!("a\u{2028}b")).unwrap();
        assert_eq!(format.as_str(), "a b");
    }
}
