//! The three formats of a line: CEF, JSON and CPS.
//!
//! Kong documents the fields and the order of the CEF extensions by samples. JSON lines are compact, with the keys
//! sorted and `sig` last; CPS is the JSON object under the key `event`. CEF values are escaped as the CEF standard
//! specifies; Kong's samples contain no escapes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::event::model::{Details, Event, SOURCE, SUCCESS};
use crate::event::signing::SigningKey;
use crate::organization::clock;

const VENDOR: &str = "KongInc";
const VERSION: &str = "1.0";
const CEF_VERSION: &str = "0";

#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// The format's name. An unknown format is written as CEF.
    pub(crate) log_format: String,
    pub(crate) key: SigningKey,
    /// Whether the lines contain the name of the principal.
    pub(crate) principal_name: bool,
}

/// Writes an event, signed, without a newline.
pub(crate) fn line(event: &Event, style: &Style) -> String {
    match style.log_format.as_str() {
        "json" => signed_json(event, style),
        "cps" => format!("{{\"event\":{}}}", signed_json(event, style)),
        _ => {
            let line = cef_line(event, style.principal_name);
            format!("{line} sig={}", style.key.sign(line.as_bytes()))
        }
    }
}

/// The signature of an event in JSON, which `GET /v3/audit-logs` returns.
pub(crate) fn json_signature(event: &Event, key: &SigningKey) -> String {
    key.sign(json_line(event, false).as_bytes())
}

fn signed_json(event: &Event, style: &Style) -> String {
    let mut line = json_line(event, style.principal_name);
    let signature = style.key.sign(line.as_bytes());
    line.pop();
    // A signature consists of letters, digits, `-` and `_`, and needs no escaping. Writing to a string cannot fail.
    let _ = write!(line, ",\"sig\":\"{signature}\"}}");
    line
}

fn json_line(event: &Event, principal_name: bool) -> String {
    let mut fields: BTreeMap<&str, Value> = extension(event, principal_name).into_iter().collect();
    fields.extend([
        ("cef_version", json!(CEF_VERSION)),
        ("event_class_id", json!(class(event))),
        ("event_product", json!(event.product())),
        ("event_ts", json!(clock::rfc3339_seconds(event.at_ms))),
        ("event_vendor", json!(VENDOR)),
        ("event_version", json!(VERSION)),
        ("name", json!(name(event))),
        ("severity", json!(event.severity())),
    ]);
    json!(fields).to_string()
}

fn cef_line(event: &Event, principal_name: bool) -> String {
    let mut line = format!(
        "{} konghq.com CEF:{CEF_VERSION}|{VENDOR}|{}|{VERSION}|{}|{}|{}|",
        clock::rfc3339_seconds(event.at_ms),
        event.product(),
        escaped(&class(event), '|'),
        escaped(&name(event), '|'),
        event.severity(),
    );
    for (index, (key, value)) in extension(event, principal_name).into_iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        let text = match value {
            Value::String(text) => escaped(&text, '='),
            other => other.to_string(),
        };
        let _ = write!(line, "{key}={text}");
    }
    line
}

/// A text with `\`, the separator and line ends escaped.
fn escaped(text: &str, separator: char) -> String {
    text.replace('\\', r"\\")
        .replace(separator, &format!("\\{separator}"))
        .replace('\n', r"\n")
        .replace('\r', r"\r")
}

fn class(event: &Event) -> String {
    match &event.details {
        Details::Authentication { method, .. } => format!("AUTHENTICATION_TYPE_{method}"),
        Details::Authorization { service, .. } => (*service).to_owned(),
        Details::Access { .. } => "KongGateway".to_owned(),
    }
}

fn name(event: &Event) -> String {
    match &event.details {
        Details::Authentication { outcome, .. } => format!("AUTHENTICATION_OUTCOME_{outcome}"),
        Details::Authorization { resource, .. } => format!("Authz.{resource}"),
        Details::Access { .. } => "Ingress".to_owned(),
    }
}

/// The fields after the header, in the order of a CEF line. The position of `principal_name` is not documented.
fn extension(event: &Event, principal_name: bool) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("rt", json!(event.at_ms)), ("src", json!(SOURCE))];
    let mut principal = vec![("principal_id", json!(&*event.principal.id))];
    if principal_name {
        principal.push(("principal_name", json!(&*event.principal.name)));
    }
    let org = ("org_id", json!(&*event.org_id));
    let trace = ("trace_id", json!(event.trace_id()));
    let user_agent = ("user_agent", json!(&*event.user_agent));
    match &event.details {
        Details::Authentication { outcome, request, .. } => {
            let success = json!(*outcome == SUCCESS);
            fields.extend([("request", json!(request)), ("success", success), org]);
            fields.extend(event.portal_id.as_deref().map(|id| ("portal_id", json!(id))));
            fields.extend(principal);
            fields.extend([trace, user_agent]);
        }
        Details::Authorization { action, granted, .. } => {
            fields.extend([("action", json!(action)), ("granted", json!(granted)), org]);
            fields.extend(principal);
            fields.extend([trace, user_agent]);
        }
        Details::Access {
            method,
            path,
            query,
            status,
        } => {
            fields.extend([
                ("request", json!(path)),
                ("act", json!(method)),
                ("status", json!(status)),
                org,
            ]);
            fields.extend(principal);
            fields.extend([user_agent, trace, ("query", json!(query_object(query)))]);
        }
    }
    fields
}

/// A query string as the text of a JSON object, `{}` for an empty one.
fn query_object(query: &str) -> String {
    let pairs: Map<String, Value> = form_urlencoded::parse(query.as_bytes())
        .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
        .collect();
    Value::Object(pairs).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::{EventKind, sample};
    use crate::organization::state::Organization;

    /// A line in CEF and one in JSON of each kind, up to the signature. The IDs are short.
    const LINES: [(EventKind, &str, &str); 3] = [
        (
            EventKind::Authentication,
            "AUTHENTICATION_TYPE_BASIC|AUTHENTICATION_OUTCOME_SUCCESS|0|rt=1750280466889 src=127.0.0.1 \
             request=/api/v1/authenticate success=true org_id=o principal_id=u \
             trace_id=00000000000000000000000000000007 user_agent=a\\=b|c",
            r#"{"cef_version":"0","event_class_id":"AUTHENTICATION_TYPE_BASIC",HEAD,"name":"AUTHENTICATION_OUTCOME_SUCCESS","org_id":"o","principal_id":"u","request":"/api/v1/authenticate","rt":1750280466889,"severity":0,"src":"127.0.0.1","success":true,"trace_id":"00000000000000000000000000000007","user_agent":"a=b|c""#,
        ),
        (
            EventKind::AuthorizationDenied,
            "konnect|Authz.control-planes|6|rt=1750280466889 src=127.0.0.1 action=list granted=false org_id=o \
             principal_id=u trace_id=00000000000000000000000000000007 user_agent=a\\=b|c",
            r#"{"action":"list","cef_version":"0","event_class_id":"konnect",HEAD,"granted":false,"name":"Authz.control-planes","org_id":"o","principal_id":"u","rt":1750280466889,"severity":6,"src":"127.0.0.1","trace_id":"00000000000000000000000000000007","user_agent":"a=b|c""#,
        ),
        (
            EventKind::AccessFailed,
            "KongGateway|Ingress|10|rt=1750280466889 src=127.0.0.1 request=/v2/control-planes act=POST status=500 \
             org_id=o principal_id=u user_agent=a\\=b|c trace_id=00000000000000000000000000000007 query={}",
            r#"{"act":"POST","cef_version":"0","event_class_id":"KongGateway",HEAD,"name":"Ingress","org_id":"o","principal_id":"u","query":"{}","request":"/v2/control-planes","rt":1750280466889,"severity":10,"src":"127.0.0.1","status":500,"trace_id":"00000000000000000000000000000007","user_agent":"a=b|c""#,
        ),
    ];

    const HEAD: &str = r#""event_product":"Konnect","event_ts":"2025-06-18T21:01:06Z","event_vendor":"KongInc","event_version":"1.0""#;

    #[test]
    fn line_fields_have_the_documented_order() {
        let mut style = Style {
            log_format: String::new(),
            key: SigningKey::generate().unwrap(),
            principal_name: false,
        };
        let organization = Organization {
            id: "o".to_owned(),
            user_id: "u".to_owned(),
            ..Organization::default()
        };
        for (kind, cef, json) in LINES {
            let mut event = sample(kind, &organization, None, 1_750_280_466_889);
            (event.trace, event.user_agent) = (7, "a=b|c".into());
            let json = json.replace("HEAD", HEAD) + r#","sig":""#;
            for (format, start) in [
                (
                    "cef",
                    format!("2025-06-18T21:01:06Z konghq.com CEF:0|KongInc|Konnect|1.0|{cef} sig="),
                ),
                ("cps", format!(r#"{{"event":{json}"#)),
                ("json", json),
            ] {
                format.clone_into(&mut style.log_format);
                let line = line(&event, &style);
                assert!(line.starts_with(&start), "{line}\n{start}");
            }
        }
    }
}
