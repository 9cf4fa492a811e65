//! What the API answers.
//!
//! Read leniently: unknown fields are ignored, `null` counts as absent, values that Kong adds to its
//! enumerations are kept as they are. What an answer can't be used without is required, so that an
//! answer of another kind (`{"message": "ok"}`) is not mistaken for an empty one of this kind.
//! Times are text: `updated_at` is documented to begin as `0001-01-01T00:00:0Z`, which is no valid time.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::destination_id::DestinationId;

/// The format of the delivered entries (API description, `LogFormat`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum LogFormat {
    /// `cef`, the API's default: `ArcSight` Common Event Format.
    #[default]
    Cef,
    /// `json`.
    Json,
    /// `cps`, for `CrowdStrike`.
    Cps,
    /// A format that Kong has added since.
    Other(String),
}

impl LogFormat {
    /// The name the API uses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cef => "cef",
            Self::Json => "json",
            Self::Cps => "cps",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for LogFormat {
    fn from(name: &str) -> Self {
        match name {
            "cef" => Self::Cef,
            "json" => Self::Json,
            "cps" => Self::Cps,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LogFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LogFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// A place that audit logs can be delivered to (API description, `AuditLogDestination`).
///
/// Its `authorization` is not here: the API never gives it back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Destination {
    /// Given by the API on creation.
    pub id: DestinationId,
    /// Chosen by the user; two destinations may have the same.
    pub name: String,
    /// The HTTPS URL that receives the entries.
    pub endpoint: String,
    /// The format of the entries.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log_format: LogFormat,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[serde(default, deserialize_with = "null_as_default")]
    pub skip_ssl_verification: bool,
    /// When it was created, as the API writes it.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When it was last changed, as the API writes it.
    #[serde(default)]
    pub updated_at: Option<String>,
}

/// The webhook of a region in v2, which holds its endpoint itself (API description v2, `AuditLogWebhook`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EndpointWebhook {
    /// The HTTPS URL that receives the entries. `None` where nobody has set one: the API says
    /// `unconfigured`, nothing, or an empty text then.
    #[serde(default, deserialize_with = "configured_endpoint")]
    pub endpoint: Option<String>,
    /// Whether entries are delivered.
    #[serde(deserialize_with = "null_as_default")]
    pub enabled: bool,
    /// The format of the entries.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log_format: LogFormat,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[serde(default, deserialize_with = "null_as_default")]
    pub skip_ssl_verification: bool,
    /// When it was last changed, as the API writes it.
    #[serde(default)]
    pub updated_at: Option<String>,
}

/// The webhook of a region in v3, which points at a destination (API description v3, `AuditLogsWebhook`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DestinationWebhook {
    /// Where entries are delivered. `None` where no destination is set: the API says nothing, or sends
    /// an empty text after a delete, although it declares a UUID.
    #[serde(default, deserialize_with = "set_destination")]
    pub audit_log_destination_id: Option<DestinationId>,
    /// Whether entries are delivered.
    #[serde(deserialize_with = "null_as_default")]
    pub enabled: bool,
}

/// How deliveries of a region's webhook are going (API descriptions, `AuditLogsWebhookStatus`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WebhookStatus {
    /// Whether the user has switched deliveries on.
    #[serde(deserialize_with = "null_as_default")]
    pub webhook_enabled: bool,
    /// Whether deliveries work.
    pub webhook_status: WebhookState,
    /// The time of the last delivery, whatever came of it; `None` before the first.
    #[serde(default)]
    pub last_attempt_at: Option<String>,
    /// The HTTP status that the endpoint answered the last delivery with.
    #[serde(default)]
    pub last_response_code: Option<i64>,
    /// What the endpoint answered the last delivery with.
    #[serde(default)]
    pub last_response_message: Option<String>,
}

/// The organization of an access token (API description of the identity API, `MeOrganization`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its name, where the API returns one.
    #[serde(default)]
    pub name: Option<String>,
}

/// Whether deliveries work (API descriptions, `webhook_status`, and Kong's page on webhook states).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WebhookState {
    /// `active`: nothing was sent yet, or the last delivery succeeded.
    Active,
    /// `inactive`: the last delivery failed.
    Inactive,
    /// `unconfigured`: the region has no webhook.
    Unconfigured,
    /// A state that Kong has added since.
    Other(String),
}

impl WebhookState {
    /// The name the API uses.
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
        Ok(match String::deserialize(deserializer)?.as_str() {
            "active" => Self::Active,
            "inactive" => Self::Inactive,
            "unconfigured" => Self::Unconfigured,
            other => Self::Other(other.to_owned()),
        })
    }
}

pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
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
    use serde_json::{from_value, json};

    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    #[test]
    fn a_destination_is_read_with_what_there_is() {
        let destination: Destination = from_value(json!({
            "id": ID, "name": "n", "endpoint": "https://e", "log_format": "parquet", "skip_ssl_verification": null,
            "created_at": null, "updated_at": "0001-01-01T00:00:0Z", "labels": {"new": 1},
        }))
        .unwrap();
        assert_eq!(destination.log_format, LogFormat::Other("parquet".into()));
        assert!(!destination.skip_ssl_verification);
        assert_eq!(destination.created_at, None);
        assert_eq!(destination.updated_at.as_deref(), Some("0001-01-01T00:00:0Z"));

        let least: Destination = from_value(json!({"id": ID, "name": "n", "endpoint": "e"})).unwrap();
        assert_eq!(least.log_format, LogFormat::Cef);
    }

    #[test]
    fn another_kind_of_answer_is_not_taken_for_this_one() {
        for answer in [
            json!({}),
            json!([]),
            json!("ok"),
            json!(null),
            json!({"message": "ok"}),
        ] {
            assert!(from_value::<Destination>(answer.clone()).is_err(), "{answer}");
            assert!(from_value::<EndpointWebhook>(answer.clone()).is_err(), "{answer}");
            assert!(
                from_value::<DestinationWebhook>(answer.clone()).is_err(),
                "{answer}"
            );
            assert!(from_value::<WebhookStatus>(answer.clone()).is_err(), "{answer}");
        }
    }

    #[test]
    fn an_endpoint_nobody_set_is_none() {
        for answer in [
            json!({"enabled": false, "endpoint": "unconfigured"}),
            json!({"enabled": false, "endpoint": ""}),
            json!({"enabled": null, "endpoint": null}),
            json!({"enabled": false}),
        ] {
            let webhook: EndpointWebhook = from_value(answer.clone()).unwrap();
            assert_eq!((webhook.endpoint, webhook.enabled), (None, false), "{answer}");
        }
    }

    #[test]
    fn a_destination_nobody_set_is_none() {
        for answer in [
            json!({"enabled": false, "audit_log_destination_id": ""}),
            json!({"enabled": false, "audit_log_destination_id": null}),
            json!({"enabled": false}),
        ] {
            let webhook: DestinationWebhook = from_value(answer.clone()).unwrap();
            assert_eq!(webhook.audit_log_destination_id, None, "{answer}");
        }
        let set: DestinationWebhook =
            from_value(json!({"enabled": true, "audit_log_destination_id": ID})).unwrap();
        assert_eq!(set.audit_log_destination_id.unwrap().as_str(), ID);
    }

    #[test]
    fn a_status_before_the_first_delivery() {
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
}
