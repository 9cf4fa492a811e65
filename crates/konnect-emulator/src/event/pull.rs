//! An event as `GET /v3/audit-logs` returns it, which has other field names than a delivered one.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::event::format::json_signature;
use crate::event::model::{Details, Event};
use crate::event::signing::SigningKey;

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PullType {
    /// A login, or the use of a token.
    Authentication,
    /// A permission check.
    Authorization,
    /// A change.
    GatewayAccess,
}

impl PullType {
    /// All kinds.
    pub(crate) const ALL: [Self; 3] = [Self::Authentication, Self::Authorization, Self::GatewayAccess];

    /// The kind of an event.
    pub(crate) fn of(event: &Event) -> Self {
        match event.details {
            Details::Authentication { .. } => Self::Authentication,
            Details::Authorization { .. } => Self::Authorization,
            Details::Access { .. } => Self::GatewayAccess,
        }
    }

    /// The name in `type`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::GatewayAccess => "gateway_access",
        }
    }
}

/// The entry of an event. How the real service signs entries is not documented; here the signature is the one that
/// the event has in JSON.
pub(crate) fn entry(event: &Event, region: &str, key: Option<&SigningKey>) -> Value {
    let mut entry = Map::new();
    let mut set = |name: &str, value: Value| {
        entry.insert(name.to_owned(), value);
    };
    set("type", json!(PullType::of(event).name()));
    set("ts", json!(clock::rfc3339(event.at_ms)));
    set("org_id", json!(&*event.org_id));
    set("client_ip", json!(event.source));
    set("user_agent", json!(&*event.user_agent));
    set("trace_id", json!(event.trace_id()));
    set(
        "signature",
        json!(key.map(|key| json_signature(event, key)).unwrap_or_default()),
    );
    if !event.principal.id.is_empty() {
        set("principal_id", json!(&*event.principal.id));
    }
    match &event.details {
        Details::Authentication {
            method,
            outcome,
            request,
        } => {
            set("successful", json!(outcome.name() == "SUCCESS"));
            set("outcome", json!(outcome.name().to_ascii_lowercase()));
            set("authentication_type", json!(method.name().to_ascii_lowercase()));
            set("uri", json!(request));
        }
        Details::Authorization {
            service,
            resource,
            action,
            granted,
        } => {
            set("service", json!(service));
            set(
                "resource",
                json!(format!(
                    "krn:konnect:reg/{region}:org/{}:{resource}",
                    event.org_id
                )),
            );
            set("action", json!(action));
            set("granted", json!(granted));
        }
        Details::Access {
            method,
            path,
            query,
            status,
        } => {
            // Required, and only an impersonator has one.
            set("actor_id", json!(""));
            set("method", json!(method));
            set("uri", json!(path));
            set("query", json!(query));
            set("status_code", json!(status));
        }
    }
    Value::Object(entry)
}
