//! The entries of `GET /v3/audit-logs`, whose field names differ from those of delivered events.

use serde_json::{Map, Value, json};

use crate::event::format::json_signature;
use crate::event::model::{Details, Event};
use crate::event::signing::SigningKey;
use crate::organization::clock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PullType {
    /// A login, or the use of a token.
    Authentication,
    Authorization,
    GatewayAccess,
}

impl PullType {
    pub(crate) const ALL: [Self; 3] = [Self::Authentication, Self::Authorization, Self::GatewayAccess];

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

/// The entry of an event. The signature of entries is not documented; the emulator uses that of the event in JSON.
pub(crate) fn entry(event: &Event, region: &str, key: &SigningKey) -> Value {
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
    set("signature", json!(json_signature(event, key)));
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
            // The field is required, and only set for impersonation.
            set("actor_id", json!(""));
            set("method", json!(method));
            set("uri", json!(path));
            set("query", json!(query));
            set("status_code", json!(status));
        }
    }
    Value::Object(entry)
}
