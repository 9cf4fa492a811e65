//! The entries of `GET /v3/audit-logs`, whose field names differ from those of delivered events.

use serde_json::{Value, json};

use crate::event::format::json_signature;
use crate::event::model::{Details, Event, SUCCESS};
use crate::event::signing::SigningKey;
use crate::organization::clock;

pub(crate) const TYPES: [&str; 3] = ["authentication", "authorization", "gateway_access"];

pub(crate) fn type_of(event: &Event) -> &'static str {
    let [authentication, authorization, access] = TYPES;
    match event.details {
        Details::Authentication { .. } => authentication,
        Details::Authorization { .. } => authorization,
        Details::Access { .. } => access,
    }
}

/// The entry of an event. The signature of entries is not documented; the emulator uses that of the event in JSON.
pub(crate) fn entry(event: &Event, region: &str, key: &SigningKey) -> Value {
    let mut entry = match &event.details {
        Details::Authentication {
            method,
            outcome,
            request,
        } => json!({
            "successful": *outcome == SUCCESS,
            "outcome": outcome.to_ascii_lowercase(),
            "authentication_type": method.to_ascii_lowercase(),
            "uri": request,
        }),
        Details::Authorization {
            service,
            resource,
            action,
            granted,
        } => json!({
            "service": service,
            "resource": format!("krn:konnect:reg/{region}:org/{}:{resource}", event.org_id),
            "action": action,
            "granted": granted,
        }),
        Details::Access {
            method,
            path,
            query,
            status,
        } => json!({
            // The field is required, and only set for impersonation.
            "actor_id": "",
            "method": method,
            "uri": path,
            "query": query,
            "status_code": status,
        }),
    };
    entry["type"] = json!(type_of(event));
    entry["ts"] = json!(clock::rfc3339(event.at_ms));
    entry["org_id"] = json!(&*event.org_id);
    entry["client_ip"] = json!(event.source);
    entry["user_agent"] = json!(&*event.user_agent);
    entry["trace_id"] = json!(event.trace_id());
    entry["signature"] = json!(json_signature(event, key));
    if !event.principal.id.is_empty() {
        entry["principal_id"] = json!(&*event.principal.id);
    }
    entry
}
