//! Past events, as the API returns them on request.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A type of event (API description v3, `filter[type]`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AuditLogType {
    /// `authentication`: a login, or the use of a token.
    Authentication,
    /// `authorization`: a permission check.
    Authorization,
    /// `gateway_access`: a request to the API.
    GatewayAccess,
    /// A type that Kong added after this version of the client.
    Other(String),
}

impl AuditLogType {
    /// Returns the name that the API uses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::GatewayAccess => "gateway_access",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for AuditLogType {
    fn from(name: &str) -> Self {
        match name {
            "authentication" => Self::Authentication,
            "authorization" => Self::Authorization,
            "gateway_access" => Self::GatewayAccess,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for AuditLogType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The events to get (API description v3, `GET /v3/audit-logs`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditLogQuery {
    /// The earliest time of an event, inclusive (RFC 3339). `None`: the API's default, documented as 7 days before `until`.
    pub since: Option<String>,
    /// The latest time of an event, inclusive (RFC 3339). `None`: now.
    pub until: Option<String>,
    /// The type of the events. `None`: all types.
    pub event_type: Option<AuditLogType>,
    /// The number of events in a page, at most 1,000. `None`: the API's default, 20.
    pub size: Option<u32>,
    /// A cursor of the API: the list begins after it. `None`: the first page.
    pub after: Option<String>,
}

impl AuditLogQuery {
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let event_type = self.event_type.as_ref().map(|name| name.as_str().to_owned());
        [
            ("filter[ts][gte]", self.since.clone()),
            ("filter[ts][lte]", self.until.clone()),
            ("filter[type]", event_type),
            ("page[size]", self.size.map(|size| size.to_string())),
            ("page[after]", self.after.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}

/// A past event (API description v3, `AuditLog`).
///
/// It has the fields of all types of events; the type determines which ones are set. Their names differ from those of
/// delivered events. A field whose JSON type differs from the documented one is `None`, but a number is accepted as
/// text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLogEntry {
    /// The event as the API sent it: a JSON object.
    pub raw: String,
    /// The documented fields.
    pub fields: AuditLogFields,
}

/// The documented fields of past events (API description v3, `AuthenticationLog`, `AuthorizationLog` and
/// `GatewayAccessLog`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AuditLogFields {
    /// The type of the event: `authentication`, `authorization` or `gateway_access`. It may be absent: the API
    /// description does not require it for authentications.
    #[serde(rename = "type", deserialize_with = "text")]
    pub event_type: Option<String>,
    /// The time of the event (RFC 3339).
    #[serde(deserialize_with = "text")]
    pub ts: Option<String>,
    /// The ID of the organization.
    #[serde(deserialize_with = "text")]
    pub org_id: Option<String>,
    /// The ID of the user or system account.
    #[serde(deserialize_with = "text")]
    pub principal_id: Option<String>,
    /// The ID of the person who acts in place of the principal.
    #[serde(deserialize_with = "text")]
    pub actor_id: Option<String>,
    /// The IP address of the client.
    #[serde(deserialize_with = "text")]
    pub client_ip: Option<String>,
    /// The ID that the events of one request have in common.
    #[serde(deserialize_with = "text")]
    pub trace_id: Option<String>,
    /// The user agent of the client.
    #[serde(deserialize_with = "text")]
    pub user_agent: Option<String>,
    /// The URI of the request.
    #[serde(deserialize_with = "text")]
    pub uri: Option<String>,
    /// The ID of the Dev Portal.
    #[serde(deserialize_with = "text")]
    pub portal_id: Option<String>,
    /// The signature of the event.
    #[serde(deserialize_with = "text")]
    pub signature: Option<String>,
    /// Authentication: whether it succeeded.
    #[serde(deserialize_with = "flag")]
    pub successful: Option<bool>,
    /// Authentication: the outcome, such as `success` or `invalid_password`.
    #[serde(deserialize_with = "text")]
    pub outcome: Option<String>,
    /// Authentication: the method, such as `sso` or `pat`.
    #[serde(deserialize_with = "text")]
    pub authentication_type: Option<String>,
    /// Authorization: the service that performed the check.
    #[serde(deserialize_with = "text")]
    pub service: Option<String>,
    /// Authorization: the KRN of the resource.
    #[serde(deserialize_with = "text")]
    pub resource: Option<String>,
    /// Authorization: the action.
    #[serde(deserialize_with = "text")]
    pub action: Option<String>,
    /// Authorization: whether the action was granted.
    #[serde(deserialize_with = "flag")]
    pub granted: Option<bool>,
    /// Access: the HTTP method.
    #[serde(deserialize_with = "text")]
    pub method: Option<String>,
    /// Access: the query of the request.
    #[serde(deserialize_with = "text")]
    pub query: Option<String>,
    /// Access: the HTTP status of the response.
    #[serde(deserialize_with = "number")]
    pub status_code: Option<i64>,
}

impl<'de> Deserialize<'de> for AuditLogEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if !raw.get().starts_with('{') {
            return Err(D::Error::custom("an event is not a JSON object"));
        }
        let fields = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        let raw: Box<str> = raw.into();
        Ok(Self {
            raw: raw.into_string(),
            fields,
        })
    }
}

/// The JSON text of a value, in which numbers keep all digits.
fn json_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
    Box::<RawValue>::deserialize(deserializer)
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let json = json_text(deserializer)?;
    let first = json.get().as_bytes().first().copied();
    Ok(match first {
        Some(b'"') => serde_json::from_str(json.get()).ok(),
        Some(b'0'..=b'9' | b'-') => Some(json.get().to_owned()),
        _ => None,
    })
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(serde_json::from_str(json_text(deserializer)?.get()).ok())
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(serde_json::from_str(json_text(deserializer)?.get()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_raw_text_is_kept_as_sent() {
        let sent = r#"{"ts": "2026-11-20T09:29:14.52Z",  "type":"authorization","granted":true,"x":[1.50]}"#;
        let entry: AuditLogEntry = serde_json::from_str(sent).unwrap();
        assert_eq!(entry.raw, sent);
        assert_eq!(entry.fields.event_type.as_deref(), Some("authorization"));
        assert_eq!(entry.fields.ts.as_deref(), Some("2026-11-20T09:29:14.52Z"));
        assert_eq!(
            (entry.fields.granted, entry.fields.successful),
            (Some(true), None)
        );
    }

    #[test]
    fn entry_long_number_keeps_its_digits() {
        let entry: AuditLogEntry =
            serde_json::from_str(r#"{"trace_id": 98952133473346350991, "status_code": 201}"#).unwrap();
        assert_eq!(entry.fields.trace_id.as_deref(), Some("98952133473346350991"));
        assert_eq!(entry.fields.status_code, Some(201));
    }

    #[test]
    fn entry_mistyped_field_is_none() {
        let sent = r#"{"type": "", "granted": "yes", "uri": ["a"], "status_code": "201", "org_id": null}"#;
        let entry: AuditLogEntry = serde_json::from_str(sent).unwrap();
        let expected = AuditLogFields {
            event_type: Some(String::new()),
            ..AuditLogFields::default()
        };
        assert_eq!(entry.fields, expected);
    }

    #[test]
    fn entry_that_is_not_an_object_is_rejected() {
        for sent in ["[]", "null", "\"x\"", "7"] {
            assert!(serde_json::from_str::<AuditLogEntry>(sent).is_err(), "{sent}");
        }
    }
}
