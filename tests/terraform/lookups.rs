//! Data sources that find existing objects.

use konnect_emulator::EventKind::{Access, Authentication, AuthorizationDenied};
use konnect_emulator::{Behavior, Fault, FaultRule, PullApi, RecordedRequest};
use serde_json::{Value, json};

use crate::workspace::{Block, Workspace, is_at, only};

fn data(type_name: &str, label: &str) -> Block {
    Block::new(format!("data \"konnect_{type_name}\" \"{label}\""))
}

/// Creates a destination in the console, and returns its ID.
fn destination(workspace: &Workspace, name: &str) -> String {
    let body = json!({
        "name": name, "endpoint": "https://siem.example.com/audit", "authorization": "Bearer of-the-console",
        "log_format": "json",
    });
    let path = "/global/v3/audit-log-destinations";
    let made = workspace.konnect.post(path, &body);
    made["id"].as_str().unwrap().to_owned()
}

/// What a data source has found.
fn found(workspace: &Workspace, type_name: &str, label: &str) -> Value {
    let address = format!("data.konnect_{type_name}.{label}");
    workspace.state().get(&address).clone()
}

/// Applies data sources, and asserts that nothing changes.
fn read(workspace: &Workspace, body: impl std::fmt::Display) {
    workspace.set_up(body);
    workspace.konnect.clear_requests();
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_writes(), []);
}

#[test]
fn destination_by_id_or_name_has_all_readable_attributes() {
    let workspace = Workspace::new();
    let id = destination(&workspace, "siem");
    destination(&workspace, "SIEM");
    let by_id = data("audit_log_destination", "by_id").with("id", id.as_str());
    let by_name = data("audit_log_destination", "by_name").with("name", "siem");
    read(&workspace, by_id + by_name);
    let [mut by_id, by_name] =
        ["by_id", "by_name"].map(|label| found(&workspace, "audit_log_destination", label));
    assert_eq!(by_id, by_name);
    assert!(by_id["created_at"].take().is_string());
    let expected = json!({
        "id": id, "name": "siem", "endpoint": "https://siem.example.com/audit", "endpoint_host": "siem.example.com",
        "log_format": "json", "skip_ssl_verification": false, "created_at": null, "updated_at": null,
    });
    assert_eq!(by_id, expected);
}

/// The URL can be the credential of a collector.
#[test]
fn endpoint_of_a_destination_is_sensitive_and_its_host_is_shown() {
    let workspace = Workspace::new();
    let id = destination(&workspace, "siem");
    let outputs = |value: &str| {
        let lookup = data("audit_log_destination", "siem").with("id", id.as_str());
        let all = data("audit_log_destinations", "all");
        format!("{lookup}{all}output \"shown\" {{\n  value = {value}\n}}\n")
    };
    for base in [
        "data.konnect_audit_log_destination.siem",
        "data.konnect_audit_log_destinations.all.destinations[0]",
    ] {
        workspace.set_up(outputs(&format!("{base}.endpoint")));
        let error = workspace.try_plan().error();
        assert_eq!(error.summary, "Output refers to sensitive values", "{base}");
        workspace.configure(outputs(&format!("{base}.endpoint_host")));
        workspace.apply();
        assert_eq!(*workspace.state().output("shown"), "siem.example.com", "{base}");
    }
}

#[test]
fn destination_without_or_with_several_matches_is_an_error_on_the_argument() {
    let workspace = Workspace::new();
    let ids = [destination(&workspace, "siem"), destination(&workspace, "siem")];
    let unknown = "11111111-2222-4333-8444-555555555555";
    for (name, value, parts) in [
        ("name", "siem", vec!["2 audit log destinations", &ids[0], &ids[1]]),
        ("name", "other", vec!["does not have", "other"]),
        ("id", unknown, vec!["does not have", unknown]),
        ("id", "no-uuid", vec!["UUID"]),
    ] {
        workspace.set_up(data("audit_log_destination", "siem").with(name, value));
        let error = workspace.try_plan().error();
        assert_eq!(error.attribute(), Some(name), "{error:?}");
        let text = error.text();
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

#[test]
fn arguments_that_exclude_each_other_are_refused_by_validate() {
    let workspace = Workspace::new();
    let conflict = "Conflicting arguments";
    let lookup = data("audit_log_destination", "siem");
    let list = data("audit_log_destinations", "all").with("name", "a");
    let events = data("audit_log_events", "eu");
    for (block, summary) in [
        (lookup.clone(), "Missing argument"),
        (lookup.with("id", "a").with("name", "b"), conflict),
        (list.with("name_contains", "b"), conflict),
        (events.clone().with("limit", 10_001), "Number out of range"),
        (events.clone().with("start_at", "yesterday"), "Invalid time"),
        (events.with("type", "access"), "Value not allowed"),
    ] {
        workspace.set_up(block);
        assert_eq!(workspace.validate().error().summary, summary);
    }
}

#[test]
fn destinations_are_sorted_and_filtered() {
    let workspace = Workspace::new();
    for name in ["b", "a", "ab", "b"] {
        destination(&workspace, name);
    }
    let list = |label: &str| data("audit_log_destinations", label);
    let filtered = list("b").with("name", "b") + list("none").with("name", "c");
    let blocks = list("all") + list("with_a").with("name_contains", "a") + filtered;
    read(&workspace, blocks);
    let names = |label: &str| -> Vec<String> {
        let found = found(&workspace, "audit_log_destinations", label);
        let found = found["destinations"].as_array().unwrap().iter();
        found.map(|of| of["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("all"), ["a", "ab", "b", "b"]);
    assert_eq!(names("b"), ["b", "b"]);
    assert_eq!(names("with_a"), ["a", "ab"]);
    assert_eq!(names("none"), [""; 0]);
}

#[test]
fn events_are_limited_filtered_and_newest_first() {
    let workspace = Workspace::new();
    for kind in [Authentication, AuthorizationDenied, Access] {
        workspace.konnect.trigger("eu", kind, 3).unwrap();
    }
    let events = |label: &str| data("audit_log_events", label).with("region", "eu");
    let denied = events("denied").with("type", "authorization").with("limit", 2);
    let none = events("none").with("end_at", "2020-01-01T00:00:00Z");
    workspace.set_up(events("all") + denied + none);
    workspace.apply();
    let of = |label: &str| found(&workspace, "audit_log_events", label);
    let all = of("all");
    assert_eq!(all["limit"], 100);
    assert!(all["event_count"].as_i64() >= Some(9), "{}", all["event_count"]);
    let times = all["events"].as_array().unwrap().iter();
    let times: Vec<_> = times.map(|event| event["ts"].to_string()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    assert_eq!(all["newest_at"], all["events"][0]["ts"]);

    let denied = of("denied");
    assert_eq!(denied["event_count"], 2);
    for event in denied["events"].as_array().unwrap() {
        assert_eq!(event["type"], "authorization");
        assert_eq!(event["status_code"], Value::Null);
        let raw: Value = serde_json::from_str(event["raw"].as_str().unwrap()).unwrap();
        assert_eq!((&raw["ts"], &raw["granted"]), (&event["ts"], &event["granted"]));
    }
    let none = of("none");
    assert_eq!(none["event_count"], 0);
    assert_eq!(none["newest_at"], Value::Null);
}

#[test]
fn events_of_an_organization_without_the_feature_are_an_error_that_says_so() {
    let workspace = Workspace::new();
    workspace.set_up(data("audit_log_events", "eu").with("region", "eu"));
    for pull_api in [PullApi::Forbidden, PullApi::NotFound] {
        workspace.konnect.set_behavior(Behavior {
            pull_api,
            ..Behavior::default()
        });
        let error = workspace.try_plan().error();
        assert_eq!(error.summary, "Past audit events are not available");
        let says = "not be enabled for the organization";
        assert!(error.detail.contains(says), "{error:?}");
    }
}

#[test]
fn signing_keys_are_those_of_the_region_and_verify_without_a_token() {
    let workspace = Workspace::new();
    let keys = data("audit_log_signing_keys", "eu").with("region", "eu");
    read(&workspace, keys);
    let found = found(&workspace, "audit_log_signing_keys", "eu");
    let jwks: Value = serde_json::from_str(found["jwks"].as_str().unwrap()).unwrap();
    assert_eq!(jwks, workspace.konnect.jwks());
    let count = |of: &Value| of["keys"].as_array().unwrap().len();
    assert_eq!(count(&found), count(&jwks));
    for name in ["kid", "kty", "crv", "alg", "x"] {
        assert_eq!(found["keys"][0][name], jwks["keys"][0][name], "{name}");
    }
    workspace.konnect.clear_requests();
    workspace.try_plan().succeeds();
    let requests = workspace.konnect.take_requests();
    assert!(!requests.is_empty());
    let keys = |request: &&RecordedRequest| request.path.ends_with("/jwks.json");
    for request in requests.iter().filter(keys) {
        assert!(!request.headers.contains_key("authorization"), "{request:?}");
    }
}

#[test]
fn signing_keys_with_a_private_part_warn() {
    let workspace = Workspace::new();
    workspace.set_up(data("audit_log_signing_keys", "eu").with("region", "eu"));
    let mut jwks = workspace.konnect.jwks();
    jwks["keys"][0]["d"] = json!("s3cret");
    let private = FaultRule::new(Fault::body("application/json", &jwks.to_string())).path_end("/jwks.json");
    workspace.konnect.inject(private).unwrap();
    let run = workspace.try_plan().succeeds();
    let warning = only(&run.diagnostics);
    assert_eq!(warning.summary, "Signing keys contain a private key");
    assert!(!warning.detail.contains("s3cret"), "{warning:?}");
}

#[test]
fn organization_is_read_from_the_global_host() {
    let mut workspace = Workspace::new();
    let edit = json!({ "name": "Example", "login_path": "example" });
    workspace.konnect.edit_organization(edit).unwrap();
    workspace.set("KONNECT_REGION", "eu");
    read(&workspace, data("organization", "current"));
    let found = found(&workspace, "organization", "current");
    let expected = [
        ("name", "Example"),
        ("login_path", "example"),
        ("state", "active"),
    ];
    for (name, value) in expected {
        assert_eq!(found[name], value, "{name}");
    }
    assert!(found["id"].is_string());

    let url = format!("{}/eu", workspace.konnect.url());
    workspace.set("KONNECT_SERVER_URL", url);
    let error = workspace.try_plan().error();
    assert!(error.text().contains("global host only"), "{error:?}");
    assert!(error.text().contains("{region}"), "{error:?}");
}

#[test]
fn regions_are_those_that_konnect_offers() {
    let mut workspace = Workspace::new();
    read(&workspace, data("regions", "all"));
    let expected = json!({ "stable": ["au", "eu", "in", "me", "us"], "stable_opt_in": ["sg"], "beta": [] });
    assert_eq!(found(&workspace, "regions", "all"), expected);
    workspace.try_plan().succeeds();
    let requests = workspace.konnect.take_requests();
    let lists = requests
        .iter()
        .filter(|request| request.path == "/global/v3/available-regions");
    let tokens: Vec<_> = lists
        .map(|request| request.headers.contains_key("authorization"))
        .collect();
    assert!(!tokens.is_empty() && !tokens.contains(&true), "{requests:?}");

    let url = format!("{}/global", workspace.konnect.url());
    workspace.set("KONNECT_SERVER_URL", url);
    workspace.assert_no_changes();
}

#[test]
fn webhook_of_each_form_is_shown_without_its_url() {
    let workspace = Workspace::new();
    let webhook = |label: &str| data("audit_log_webhook", label).with("region", label);
    let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
    let siem = destination(&workspace, "siem");
    let edit = |region: &str, set: Value| workspace.konnect.edit_webhook(region, set).unwrap();
    edit("eu", json!({ "audit_log_destination_id": siem, "enabled": true }));
    edit(
        "us",
        json!({ "endpoint": "https://siem.example.com:8443/s3cret", "log_format": "json", "enabled": false }),
    );
    let of_portal = webhook("portal").with("region", "eu");
    let of_portal = of_portal.with("portal_id", portal.as_str());
    read(
        &workspace,
        webhook("eu") + webhook("us") + webhook("au") + of_portal,
    );
    let expected = |region: &str, configured: bool, enabled: bool| {
        json!({
            "region": region, "portal_id": null, "configured": configured, "enabled": enabled,
            "audit_log_destination_id": null, "endpoint_host": null, "log_format": null,
        })
    };
    let shown = |label: &str| found(&workspace, "audit_log_webhook", label);
    let mut eu = expected("eu", true, true);
    eu["audit_log_destination_id"] = json!(siem);
    assert_eq!(shown("eu"), eu);
    let mut us = expected("us", true, false);
    us["endpoint_host"] = json!("siem.example.com:8443");
    us["log_format"] = json!("json");
    assert_eq!(shown("us"), us);
    assert_eq!(shown("au"), expected("au", false, false));
    let mut none = expected("eu", false, false);
    none["portal_id"] = json!(portal);
    assert_eq!(shown("portal"), none);
    assert!(!workspace.printed().contains("s3cret"));

    let set = json!({ "audit_log_destination_id": siem, "enabled": true });
    workspace.konnect.edit_webhook(("eu", &portal), set).unwrap();
    workspace.apply();
    assert_eq!(shown("portal")["enabled"], true);
    assert_eq!(shown("portal")["audit_log_destination_id"], siem);

    workspace.konnect.remove_portal("eu", &portal).unwrap();
    let error = workspace.try_plan().error();
    is_at(&error, "portal_id", "Dev Portal not found");

    // A webhook that the token may not read is no missing one.
    workspace.configure(webhook("us"));
    let refused = FaultRule::new(Fault::status(403)).path("/v2/").always();
    workspace.konnect.inject(refused).unwrap();
    workspace.try_plan().error();
}

#[test]
fn portals_are_sorted_and_filtered() {
    let workspace = Workspace::new();
    let [b, ab, a] = ["b", "ab", "a"].map(|name| workspace.konnect.add_portal("eu", name).unwrap());
    workspace.konnect.add_portal("us", "a").unwrap();
    let portals = |label: &str| data("portals", label).with("region", "eu");
    let filtered = portals("a").with("name", "a") + portals("none").with("name", "c");
    let with_b = portals("with_b").with("name_contains", "b");
    read(&workspace, portals("all") + with_b + filtered);
    for (label, expected) in [
        ("all", vec![(&a, "a"), (&ab, "ab"), (&b, "b")]),
        ("a", vec![(&a, "a")]),
        ("with_b", vec![(&ab, "ab"), (&b, "b")]),
        ("none", vec![]),
    ] {
        let expected = expected.iter();
        let expected = expected.map(|(id, name)| json!({ "id": id, "name": name, "region": "eu" }));
        let found = found(&workspace, "portals", label)["portals"].take();
        assert_eq!(found, expected.collect::<Value>(), "{label}");
    }
    workspace.configure(portals("all").with("region", "global"));
    let error = workspace.try_plan().error();
    is_at(&error, "region", "Dev Portals are regional");
}
