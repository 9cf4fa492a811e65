//! Destinations: where Konnect sends audit logs.

use std::fmt;
use std::ops::Deref;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use url::Url;

use crate::types::id::DestinationId;
use crate::types::lenient::{null_as_default, set_time, shown};
use crate::types::secret::Authorization;

/// The format of the delivered events (API descriptions, `LogFormat`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum LogFormat {
    /// `cef`: `ArcSight` Common Event Format, the API's default.
    #[default]
    Cef,
    /// `json`.
    Json,
    /// `cps`, for `CrowdStrike`.
    Cps,
    /// A format that Kong added after this version of the client.
    Other(String),
}

impl LogFormat {
    /// Returns the name that the API uses.
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
        Ok(Self::from(shown(&String::deserialize(deserializer)?).as_str()))
    }
}

/// The settings of a destination that the API returns as they were sent.
///
/// Comparison is that of all callers: it decides whether a destination is the described one. Endpoints are equal if they
/// are the same URL ([`is_same_url`]), names if they are the same text ([`is_same_name`]).
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
pub struct DestinationSettings {
    /// The name. Several destinations may have the same name.
    pub name: String,
    /// The HTTPS URL that receives the events.
    pub endpoint: String,
    /// The format of the events.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log_format: LogFormat,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[serde(default, deserialize_with = "null_as_default")]
    pub skip_ssl_verification: bool,
}

impl PartialEq for DestinationSettings {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            endpoint,
            log_format,
            skip_ssl_verification,
        } = self;
        is_same_name(name, &other.name)
            && is_same_url(endpoint, &other.endpoint)
            && *log_format == other.log_format
            && *skip_ssl_verification == other.skip_ssl_verification
    }
}

/// Whether two names are the same text. A service may return a name in another Unicode form, such as one that separates
/// letters from their accents.
#[must_use]
pub fn is_same_name(one: &str, other: &str) -> bool {
    let nfc = ComposingNormalizerBorrowed::new_nfc();
    one == other || nfc.normalize(one) == nfc.normalize(other)
}

/// Whether two texts are the same URL in their [normal form](normal_url).
#[must_use]
pub fn is_same_url(one: &str, other: &str) -> bool {
    one == other || normal_url(one) == normal_url(other)
}

/// The normal form of an endpoint. A service may return a URL in another form: with its host in another letter case, with
/// or without the default port, or with a slash at the end. A text that is no URL is its own normal form.
#[must_use]
pub fn normal_url(endpoint: &str) -> String {
    let Ok(url) = Url::parse(endpoint) else {
        return endpoint.to_owned();
    };
    let text = url.as_str();
    // A slash at the end of a query is part of its value.
    let path = text.strip_suffix('/').filter(|_| url.query().is_none());
    path.unwrap_or(text).to_owned()
}

/// A destination (API descriptions, `AuditLogDestination`).
///
/// It has no `authorization`, because the API never returns it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Destination {
    /// The ID that the API assigned.
    pub id: DestinationId,
    /// The settings, which can also be read as fields of the destination.
    #[serde(flatten)]
    pub settings: DestinationSettings,
    /// The time of its creation, as the API writes it. `None` if the API returns none.
    #[serde(default, deserialize_with = "set_time")]
    pub created_at: Option<String>,
    /// The time of its last change, as the API writes it. `None` if it was never set.
    #[serde(default, deserialize_with = "set_time")]
    pub updated_at: Option<String>,
}

impl Destination {
    /// The destination of a list item, if it has every field. In the API descriptions, items have the same fields as a
    /// single destination, but none is required.
    pub(crate) fn of_list_item(item: Value) -> Option<Self> {
        const FIELDS: [&str; 7] = [
            "id",
            "name",
            "endpoint",
            "log_format",
            "skip_ssl_verification",
            "created_at",
            "updated_at",
        ];
        let is_complete = FIELDS
            .iter()
            .all(|name| item.get(name).is_some_and(|value| !value.is_null()));
        is_complete.then(|| serde_json::from_value(item).ok())?
    }
}

impl Deref for Destination {
    type Target = DestinationSettings;

    fn deref(&self) -> &DestinationSettings {
        &self.settings
    }
}

/// A destination to create (API descriptions, `CreateAuditLogDestination`).
#[derive(Debug, Clone, Serialize)]
pub struct NewDestination {
    /// The settings.
    #[serde(flatten)]
    pub settings: DestinationSettings,
    /// The value of the `Authorization` header that Konnect sends to the endpoint.
    pub authorization: Authorization,
}

/// Changes to a destination (API descriptions, `UpdateAuditLogDestination`). Fields that are `None` keep their value.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DestinationChanges {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new HTTPS URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The new value of the `Authorization` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// The new format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// Whether Konnect accepts any certificate of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_ssl_verification: Option<bool>,
}

impl DestinationChanges {
    /// Whether there is no change. No request is needed then.
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

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    fn settings(endpoint: &str) -> DestinationSettings {
        DestinationSettings {
            name: "n".into(),
            endpoint: endpoint.into(),
            log_format: LogFormat::Cef,
            skip_ssl_verification: false,
        }
    }

    #[test]
    fn settings_endpoint_in_another_form_is_equal() {
        let same = ["https://e.example", "https://E.example/", "https://e.example:443"];
        for endpoint in same {
            assert_eq!(settings(endpoint), settings("https://e.example"), "{endpoint}");
        }
        for endpoint in ["https://e.example/x", "https://e.example:8443", "not a URL", ""] {
            assert_ne!(settings(endpoint), settings("https://e.example"), "{endpoint}");
            assert_eq!(settings(endpoint), settings(endpoint));
        }
    }

    #[test]
    fn url_with_a_slash_is_the_same_only_without_a_query() {
        assert!(is_same_url("https://e.example/a/", "https://e.example/a"));
        assert!(!is_same_url("https://e.example/a?b=/", "https://e.example/a?b="));
    }

    #[test]
    fn name_in_another_unicode_form_is_the_same() {
        assert!(is_same_name("Gr\u{f6}\u{df}e", "Gro\u{308}\u{df}e"));
        assert!(!is_same_name("Gr\u{f6}\u{df}e", "Gro\u{df}e"));
    }

    #[test]
    fn destination_time_that_was_never_set_is_none() {
        for never in [
            "0001-01-01T00:00:0Z",
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00.000Z",
            "0001-01-01 00:00:00 +0000 UTC",
            "0000-12-31T19:00:00-05:00",
            "",
        ] {
            let destination: Destination = from_value(json!({
                "id": ID, "name": "n", "endpoint": "e", "created_at": never, "updated_at": never,
            }))
            .unwrap();
            let times = (destination.created_at, destination.updated_at);
            assert_eq!(times, (None, None), "{never:?}");
        }
    }

    #[test]
    fn destination_missing_and_unknown_fields_are_tolerated() {
        let destination: Destination = from_value(json!({
            "id": ID, "name": "n", "endpoint": "https://e", "log_format": "parquet", "skip_ssl_verification": null,
            "created_at": null, "updated_at": "0001-01-01T00:00:0Z", "labels": {"new": 1},
        }))
        .unwrap();
        assert_eq!(destination.log_format, LogFormat::Other("parquet".into()));
        assert!(!destination.skip_ssl_verification);
        assert_eq!(destination.created_at, None);

        let least: Destination = from_value(json!({"id": ID, "name": "n", "endpoint": "e"})).unwrap();
        assert_eq!(least.log_format, LogFormat::Cef);
    }

    #[test]
    fn destination_response_of_another_kind_is_rejected() {
        for response in [
            json!({}),
            json!([]),
            json!("ok"),
            json!(null),
            json!({"message": "ok"}),
        ] {
            assert!(from_value::<Destination>(response.clone()).is_err(), "{response}");
        }
    }

    #[test]
    fn destination_changes_only_set_fields_are_sent() {
        assert_eq!(to_value(DestinationChanges::default()).unwrap(), json!({}));
        assert!(DestinationChanges::default().is_empty());
        let changes = DestinationChanges {
            authorization: Some(Authorization::parse("Bearer \"x\"").unwrap()),
            skip_ssl_verification: Some(false),
            ..DestinationChanges::default()
        };
        assert!(!changes.is_empty());
        assert_eq!(
            to_value(changes).unwrap(),
            json!({"authorization": "Bearer \"x\"", "skip_ssl_verification": false})
        );
    }

    #[test]
    fn debug_authorization_is_redacted() {
        let authorization = Authorization::parse("Bearer hunter2").unwrap();
        let new = NewDestination {
            settings: settings("https://e"),
            authorization: authorization.clone(),
        };
        let changes = DestinationChanges {
            authorization: Some(authorization),
            ..DestinationChanges::default()
        };
        let shown = format!("{new:?} {changes:?}");
        assert!(
            !shown.contains("hunter2") && shown.contains("[redacted]"),
            "{shown}"
        );
    }
}
