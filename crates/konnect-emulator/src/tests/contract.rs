//! Checks every response against the API description: statuses, content types and fields, in a separate table.
//!
//! Two values contradict the descriptions: an empty destination ID (declared as a UUID, but "set to empty" by a
//! deletion), and the status `unconfigured` (in Kong's documentation, but not in the list of values).

use serde_json::{Map, Value, json};

use crate::organization::clock;
use crate::tests::{Reply, call, new_destination, raw, start};
use crate::{AbsentWebhook, Behavior, Emulator, EventKind, PullApi};

/// The type of a field.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A text or null.
    MaybeText,
    Flag,
    Number,
    List(&'static Schema),
    Object(&'static Schema),
    /// An object of texts.
    Labels,
}

use Kind::{Flag, Labels, List, MaybeText, Number, Object, Text};

/// The fields of an object. Those with `true` are required.
type Schema = [(&'static str, Kind, bool)];

const DESTINATION: &Schema = &[
    ("id", Text, false),
    ("name", Text, false),
    ("endpoint", Text, false),
    ("log_format", Text, false),
    ("skip_ssl_verification", Flag, false),
    ("created_at", Text, false),
    ("updated_at", Text, false),
];
const CURSORS: &Schema = &[
    ("first", Text, false),
    ("last", Text, false),
    ("next", MaybeText, true),
    ("previous", MaybeText, true),
    ("size", Number, true),
];
const DESTINATIONS: &Schema = &[("data", List(DESTINATION), true), ("meta", Object(CURSORS), true)];
const WEBHOOK_V2: &Schema = &[
    ("endpoint", Text, false),
    ("enabled", Flag, false),
    ("log_format", Text, false),
    ("skip_ssl_verification", Flag, false),
    ("updated_at", Text, false),
];
const WEBHOOK_V3: &Schema = &[("audit_log_destination_id", Text, true), ("enabled", Flag, true)];
/// `include_principal_name` is that of Kong's provider kong/konnect-beta: the published description does not have it.
const PORTAL_WEBHOOK: &Schema = &[
    ("audit_log_destination_id", Text, true),
    ("enabled", Flag, true),
    ("include_principal_name", Flag, false),
];
const STATUS: &Schema = &[
    ("webhook_status", Text, false),
    ("webhook_enabled", Flag, false),
    ("last_attempt_at", Text, false),
    ("last_response_code", Number, false),
    ("last_response_message", Text, false),
];
const REPLAY_JOB: &Schema = &[
    ("start_at", Text, false),
    ("end_at", Text, false),
    ("status", Text, false),
    ("updated_at", Text, false),
];
const KEY: &Schema = &[
    ("kty", Text, false),
    ("alg", Text, false),
    ("kid", Text, false),
    ("crv", Text, false),
    ("x", Text, false),
];
const KEYS: &Schema = &[("keys", List(KEY), false)];
const LOG_PAGE: &Schema = &[("page", Object(CURSORS), true)];
// The entries differ by type; see `check_log`.
const LOGS: &Schema = &[("data", List(&[]), true), ("meta", Object(LOG_PAGE), true)];
const NUMBERS: &Schema = &[
    ("number", Number, true),
    ("size", Number, true),
    ("total", Number, true),
];
const NUMBERED: &Schema = &[("page", Object(NUMBERS), true)];
const PORTAL: &Schema = &[
    ("id", Text, true),
    ("created_at", Text, true),
    ("updated_at", Text, true),
    ("name", Text, true),
    ("display_name", Text, true),
    ("description", MaybeText, true),
    ("authentication_enabled", Flag, true),
    ("rbac_enabled", Flag, true),
    ("default_api_visibility", Text, true),
    ("default_page_visibility", Text, true),
    ("default_application_auth_strategy_id", MaybeText, true),
    ("auto_approve_developers", Flag, true),
    ("auto_approve_applications", Flag, true),
    ("default_domain", Text, true),
    ("canonical_domain", Text, true),
    ("labels", Labels, true),
];
const PORTALS: &Schema = &[("data", List(PORTAL), true), ("meta", Object(NUMBERED), true)];
const ORGANIZATION: &Schema = &[
    ("id", Text, false),
    ("name", Text, false),
    ("owner_id", Text, false),
    ("login_path", Text, false),
    ("created_at", Text, false),
    ("updated_at", Text, false),
    ("state", Text, false),
];
const USER: &Schema = &[
    ("id", Text, false),
    ("email", Text, false),
    ("full_name", Text, false),
    ("preferred_name", Text, false),
    ("active", Flag, false),
    ("created_at", Text, false),
    ("updated_at", Text, false),
];
const AUTHENTICATION: &Schema = &[
    ("type", Text, false),
    ("successful", Flag, true),
    ("principal_id", Text, false),
    ("signature", Text, true),
    ("org_id", Text, false),
    ("outcome", Text, true),
    ("authentication_type", Text, true),
    ("ts", Text, true),
    ("client_ip", Text, true),
    ("uri", Text, true),
    ("user_agent", Text, true),
    ("trace_id", Text, true),
    ("portal_id", Text, false),
];
const AUTHORIZATION: &Schema = &[
    ("type", Text, true),
    ("signature", Text, true),
    ("service", Text, true),
    ("resource", Text, true),
    ("action", Text, true),
    ("granted", Flag, true),
    ("org_id", Text, true),
    ("ts", Text, true),
    ("principal_id", Text, true),
    ("actor_id", Text, false),
    ("client_ip", Text, false),
    ("uri", Text, false),
    ("user_agent", Text, false),
    ("trace_id", Text, false),
    ("portal_id", Text, false),
];
const GATEWAY_ACCESS: &Schema = &[
    ("type", Text, true),
    ("ts", Text, true),
    ("org_id", Text, true),
    ("principal_id", Text, true),
    ("actor_id", Text, true),
    ("client_ip", Text, true),
    ("trace_id", Text, true),
    ("user_agent", Text, true),
    ("method", Text, true),
    ("uri", Text, true),
    ("query", Text, true),
    ("status_code", Number, true),
    ("signature", Text, true),
    ("portal_id", Text, false),
];
const PROBLEM: &Schema = &[
    ("status", Number, true),
    ("title", Text, true),
    ("instance", Text, true),
    ("detail", Text, true),
];
const INVALID_PARAMETER: &Schema = &[
    ("field", Text, true),
    ("rule", Text, false),
    ("source", Text, false),
    ("reason", Text, true),
];
const BAD_REQUEST: &Schema = &[
    ("status", Number, true),
    ("title", Text, true),
    ("instance", Text, true),
    ("detail", Text, true),
    ("invalid_parameters", List(INVALID_PARAMETER), true),
];

/// The declaration of one call: method, path (`*` for an ID), success, its document, and the problems.
type Declared = (
    &'static str,
    &'static str,
    u16,
    Option<&'static Schema>,
    &'static [u16],
);

const DECLARED: &[Declared] = &[
    // First, before a webhook is configured.
    (
        "GET",
        "v3/audit-log-webhook",
        200,
        Some(WEBHOOK_V3),
        &[401, 403, 404],
    ),
    (
        "GET",
        "v2/audit-log-destinations",
        200,
        Some(DESTINATIONS),
        &[401, 403],
    ),
    (
        "GET",
        "v3/audit-log-destinations",
        200,
        Some(DESTINATIONS),
        &[401, 403],
    ),
    (
        "POST",
        "v2/audit-log-destinations",
        201,
        Some(DESTINATION),
        &[400, 401, 403],
    ),
    (
        "POST",
        "v3/audit-log-destinations",
        201,
        Some(DESTINATION),
        &[400, 401, 403],
    ),
    (
        "GET",
        "v2/audit-log-destinations/*",
        200,
        Some(DESTINATION),
        &[401, 403, 404],
    ),
    (
        "GET",
        "v3/audit-log-destinations/*",
        200,
        Some(DESTINATION),
        &[401, 403, 404],
    ),
    (
        "PATCH",
        "v2/audit-log-destinations/*",
        200,
        Some(DESTINATION),
        &[400, 401, 403, 404],
    ),
    (
        "PATCH",
        "v3/audit-log-destinations/*",
        200,
        Some(DESTINATION),
        &[400, 401, 403, 404],
    ),
    (
        "DELETE",
        "v2/audit-log-destinations/*",
        204,
        None,
        &[401, 403, 404, 409],
    ),
    (
        "DELETE",
        "v3/audit-log-destinations/*",
        204,
        None,
        &[401, 403, 404, 409],
    ),
    ("GET", "v2/audit-log-webhook", 200, Some(WEBHOOK_V2), &[401, 403]),
    (
        "PATCH",
        "v2/audit-log-webhook",
        200,
        Some(WEBHOOK_V2),
        &[400, 401, 403],
    ),
    (
        "PATCH",
        "v3/audit-log-webhook",
        200,
        Some(WEBHOOK_V3),
        &[400, 401, 403, 404],
    ),
    ("DELETE", "v3/audit-log-webhook", 204, None, &[401, 403, 404]),
    (
        "GET",
        "v2/audit-log-webhook/status",
        200,
        Some(STATUS),
        &[401, 403],
    ),
    (
        "GET",
        "v3/audit-log-webhook/status",
        200,
        Some(STATUS),
        &[401, 403],
    ),
    ("GET", "v2/audit-log-webhook/jwks.json", 200, Some(KEYS), &[]),
    (
        "GET",
        "v2/audit-log-replay-job",
        200,
        Some(REPLAY_JOB),
        &[401, 403],
    ),
    (
        "GET",
        "v3/audit-log-replay-job",
        200,
        Some(REPLAY_JOB),
        &[401, 403],
    ),
    (
        "PUT",
        "v2/audit-log-replay-job",
        202,
        Some(REPLAY_JOB),
        &[400, 401, 403, 409],
    ),
    (
        "PUT",
        "v3/audit-log-replay-job",
        202,
        Some(REPLAY_JOB),
        &[400, 401, 403, 409],
    ),
    ("GET", "v3/audit-logs", 200, Some(LOGS), &[400, 401, 403]),
    ("GET", "v3/portals", 200, Some(PORTALS), &[400, 401, 403]),
    ("GET", "v3/portals/*", 200, Some(PORTAL), &[401, 403, 404]),
    (
        "GET",
        "v3/portals/*/audit-log-webhook",
        200,
        Some(PORTAL_WEBHOOK),
        &[401, 403, 404],
    ),
    (
        "PATCH",
        "v3/portals/*/audit-log-webhook",
        200,
        Some(PORTAL_WEBHOOK),
        &[400, 401, 403, 404],
    ),
    (
        "DELETE",
        "v3/portals/*/audit-log-webhook",
        204,
        None,
        &[401, 403, 404, 409],
    ),
    (
        "GET",
        "v3/portals/*/audit-log-webhook/status",
        200,
        Some(STATUS),
        &[401, 403, 404],
    ),
    (
        "GET",
        "v3/portals/*/audit-log-replay-job",
        200,
        Some(REPLAY_JOB),
        &[401, 403, 404],
    ),
    (
        "PUT",
        "v3/portals/*/audit-log-replay-job",
        202,
        Some(REPLAY_JOB),
        &[400, 401, 403, 404, 409],
    ),
    ("GET", "v3/organizations/me", 200, Some(ORGANIZATION), &[401, 403]),
    ("GET", "v3/users/me", 200, Some(USER), &[401, 403]),
];

/// The declared rules of `invalid_parameters`.
const RULES: &str = "required is_array is_base64 is_boolean is_date_time is_integer is_null is_number is_object is_string \
                     is_uuid unknown_property missing_reference matches_regex invalid type";

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(path)
            .all(|(part, text)| *part == "*" || *part == text)
}

fn declared(method: &str, path: &str) -> &'static Declared {
    let bare = path.split('?').next().unwrap();
    let (_, rest) = bare.trim_start_matches('/').split_once('/').unwrap();
    DECLARED
        .iter()
        .find(|declared| declared.0 == method && matches(declared.1, rest))
        .unwrap_or_else(|| panic!("{method} {path} is not declared"))
}

fn check_object(place: &str, object: &Map<String, Value>, schema: &Schema) {
    for (field, kind, required) in schema {
        let Some(value) = object.get(*field) else {
            assert!(!required, "{place}: {field} is missing");
            continue;
        };
        let place = format!("{place}.{field}");
        match kind {
            Text => assert!(value.is_string(), "{place}: {value}"),
            MaybeText => assert!(value.is_string() || value.is_null(), "{place}: {value}"),
            Flag => assert!(value.is_boolean(), "{place}: {value}"),
            Number => assert!(value.is_i64(), "{place}: {value}"),
            Labels => assert!(
                value.as_object().unwrap().values().all(Value::is_string),
                "{place}"
            ),
            Object(schema) => check_object(&place, value.as_object().unwrap(), schema),
            List(schema) => {
                for item in value.as_array().unwrap() {
                    match (field, item.get("rule").and_then(Value::as_str)) {
                        (&"invalid_parameters", Some(rule)) => check_parameter(&place, item, rule),
                        _ if item.get("trace_id").is_some() => check_log(&place, item),
                        _ => check_object(&place, item.as_object().unwrap(), schema),
                    }
                }
            }
        }
    }
    for field in object.keys() {
        assert!(
            schema.iter().any(|(name, ..)| name == field),
            "{place}: {field} is not declared"
        );
    }
}

fn check_parameter(place: &str, parameter: &Value, rule: &str) {
    let mut parameter = parameter.as_object().unwrap().clone();
    let choices = parameter.remove("choices");
    if rule == "enum" {
        assert!(!choices.unwrap().as_array().unwrap().is_empty(), "{place}");
    } else {
        assert!(
            RULES.split_whitespace().any(|known| known == rule),
            "{place}: {rule}"
        );
        assert_eq!(choices, None, "{place}");
    }
    check_object(place, &parameter, INVALID_PARAMETER);
}

fn check_log(place: &str, entry: &Value) {
    let schema = match entry["type"].as_str().unwrap() {
        "authentication" => AUTHENTICATION,
        "authorization" => AUTHORIZATION,
        "gateway_access" => GATEWAY_ACCESS,
        other => panic!("{place}: {other} is not a type"),
    };
    check_object(place, entry.as_object().unwrap(), schema);
}

/// Checks a response, and returns its status.
fn check(method: &str, path: &str, reply: &Reply) -> u16 {
    let (_, _, success, schema, problems) = declared(method, path);
    let place = format!("{method} {path} -> {}", reply.status);
    let content_type = reply.headers.get("content-type").map(String::as_str);
    if reply.status == *success {
        match schema {
            Some(schema) => {
                assert_eq!(content_type, Some("application/json"), "{place}");
                check_object(&place, reply.json().as_object().unwrap(), schema);
            }
            None => assert!(content_type.is_none() && reply.body.is_empty(), "{place}"),
        }
    } else {
        assert!(problems.contains(&reply.status), "{place} is not declared");
        assert_eq!(content_type, Some("application/problem+json"), "{place}");
        let document = reply.json();
        assert_eq!(document["status"], reply.status, "{place}");
        let schema = if reply.status == 400 { BAD_REQUEST } else { PROBLEM };
        check_object(&place, document.as_object().unwrap(), schema);
        if reply.status == 400 {
            assert!(
                !document["invalid_parameters"].as_array().unwrap().is_empty(),
                "{place}"
            );
        }
    }
    reply.status
}

/// Makes every declared call: with valid and invalid bodies and queries, existing and unknown IDs, and without a token.
/// Records the statuses by call.
async fn exercise(emulator: &Emulator, seen: &mut std::collections::BTreeSet<(usize, u16)>) {
    let unknown = "11111111-2222-4333-8444-555555555555";
    for (index, (method, pattern, ..)) in DECLARED.iter().enumerate() {
        let is_global = pattern.starts_with("v3/organizations") || pattern.starts_with("v3/users");
        let region = if is_global { "global" } else { "eu" };
        // The records that the calls need.
        let portal = emulator.add_portal("eu", "Developers").unwrap();
        let [used, free] = <[String; 2]>::try_from(emulator.add_destinations("eu", 2).unwrap()).unwrap();
        let webhook = json!({"audit_log_destination_id": used, "enabled": true});
        emulator.edit_portal_webhook("eu", &portal, webhook).unwrap();
        let ids = if pattern.contains("portals/*") {
            vec![portal.as_str(), unknown, "nonsense"]
        } else if pattern.contains('*') {
            vec![free.as_str(), used.as_str(), unknown, "nonsense"]
        } else {
            vec![""]
        };
        for id in ids {
            let path = format!("/{region}/{}", pattern.replace('*', id));
            let reply = Reply::parse(&raw(emulator, method, &path, &[], b"{}").await);
            seen.insert((index, check(method, &path, &reply)));
            for body in bodies(&used, unknown) {
                let reply = call(emulator, method, &path, body).await;
                seen.insert((index, check(method, &path, &reply)));
            }
            for query in [
                "page[size]=3",
                "page[size]=0&filter[x]=y&page[after]=z",
                "filter[type]=x",
            ] {
                let path = format!("{path}?{query}");
                let reply = call(emulator, method, &path, json!({})).await;
                seen.insert((index, check(method, &path, &reply)));
            }
        }
    }
}

/// Bodies for any call: some valid, some not.
fn bodies(destination: &str, unknown: &str) -> Vec<Value> {
    let now = clock::Clock::default().now_ms();
    let ago = |seconds: i64| clock::rfc3339(now - seconds * 1000);
    vec![
        new_destination("a"),
        json!({"name": "", "endpoint": "http://x", "log_format": "xml", "skip_ssl_verification": 1, "other": 1}),
        json!({"endpoint": "https://siem.example.com/", "authorization": "x", "enabled": true}),
        json!({"audit_log_destination_id": destination, "enabled": true}),
        json!({"audit_log_destination_id": unknown}),
        json!({"audit_log_destination_id": "nonsense"}),
        json!({"start_at": ago(60), "end_at": ago(30)}),
        json!({"start_at": ago(30), "end_at": ago(60)}),
        json!({"start_at": "yesterday"}),
        json!([]),
        json!({}),
    ]
}

#[tokio::test]
async fn call_every_response_matches_the_description() {
    let emulator = start().await;
    let mut seen = std::collections::BTreeSet::new();
    for kind in EventKind::ALL {
        emulator.trigger("eu", None, kind, 5).unwrap();
    }
    exercise(&emulator, &mut seen).await;
    let edit = json!({"endpoint": "https://siem.example.com/"});
    emulator.edit_webhook("eu", edit).unwrap();
    emulator.record_delivery("eu", 500, "no", None).unwrap();
    emulator
        .edit_replay_job("eu", None, json!({"status": "running"}))
        .unwrap();
    exercise(&emulator, &mut seen).await;
    emulator.set_behavior(Behavior {
        new_webhook: AbsentWebhook::Empty,
        deleted_webhook: AbsentWebhook::NotFound,
        pull_api: PullApi::Forbidden,
        ..Behavior::default()
    });
    emulator.reset().unwrap();
    exercise(&emulator, &mut seen).await;
    // The test is complete only if every declared status has occurred.
    for (index, (method, path, success, _, problems)) in DECLARED.iter().enumerate() {
        assert!(seen.contains(&(index, *success)), "{method} {path}: no {success}");
        for problem in problems.iter().filter(|problem| ![403, 409].contains(*problem)) {
            let unreachable = *path == "v3/audit-log-webhook" && *method == "DELETE";
            assert!(
                unreachable || seen.contains(&(index, *problem)),
                "{method} {path}: no {problem}"
            );
        }
    }
}

#[test]
fn matches_pattern_takes_one_segment() {
    assert!(matches(
        "v3/portals/*/audit-log-webhook",
        "v3/portals/a/audit-log-webhook"
    ));
    assert!(!matches(
        "v3/audit-log-destinations/*",
        "v3/audit-log-destinations"
    ));
}
