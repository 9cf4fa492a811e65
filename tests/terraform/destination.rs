//! `konnect_audit_log_destination`: its lifecycle without failures.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, Workspace, write};

const SIEM: &str = "konnect_audit_log_destination.siem";

fn siem() -> Block {
    Block::destination("siem")
}

/// The path of the only destination of `global`.
fn path(workspace: &Workspace) -> String {
    let stored = workspace.konnect.destinations("global");
    let id = stored[0]["id"].as_str().expect("an id");
    assert_eq!(stored.len(), 1);
    format!("/global/v3/audit-log-destinations/{id}")
}

#[test]
fn destination_create_plans_defaults_and_sends_one_request() {
    let workspace = Workspace::of(siem());
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(SIEM, "create".to_owned())]));
    let change = plan.change(SIEM);
    assert_eq!(
        change.unknown(),
        BTreeSet::from(["created_at", "id", "updated_at"])
    );
    assert_eq!(
        change.after,
        json!({
            "name": "siem",
            "endpoint": "https://siem.example.com/audit",
            "endpoint_host": "siem.example.com",
            "endpoint_wo": null,
            "endpoint_wo_version": null,
            "authorization": AUTHORIZATION,
            "authorization_wo": null,
            "authorization_wo_version": null,
            "log_format": "cef",
            "skip_ssl_verification": false,
        })
    );
    let asked = workspace.konnect.take_requests();
    let asked = asked
        .iter()
        .map(|request| format!("{} {}", request.method, request.path));
    let look = "GET /global/v3/audit-log-destinations?page%5Bsize%5D=100";
    assert_eq!(asked.collect::<Vec<_>>(), [look], "what is there already");

    workspace.apply_plan();
    let sent = json!({
        "name": "siem",
        "endpoint": "https://siem.example.com/audit",
        "authorization": AUTHORIZATION,
        "log_format": "cef",
        "skip_ssl_verification": false,
    });
    assert_eq!(
        workspace.konnect.take_writes(),
        [write("POST /global/v3/audit-log-destinations", sent)]
    );
    let stored = workspace.konnect.destinations("global").remove(0);
    let state = workspace.state();
    assert_eq!(
        *state.get(SIEM),
        json!({
            "id": stored["id"],
            "name": "siem",
            "endpoint": "https://siem.example.com/audit",
            "endpoint_host": "siem.example.com",
            "endpoint_wo": null,
            "endpoint_wo_version": null,
            "authorization": AUTHORIZATION,
            "authorization_wo": null,
            "authorization_wo_version": null,
            "log_format": "cef",
            "skip_ssl_verification": false,
            "created_at": stored["created_at"],
            "updated_at": null,
        })
    );
    workspace.assert_no_changes();
}

#[test]
fn destination_create_sends_every_argument() {
    let all = siem()
        .with("name", "Größe \"7\"")
        .with("endpoint", "https://siem.example.com:8443/a%20b?key=v&x=1")
        .with("authorization", "Splunk 1f-2e")
        .with("log_format", "cps")
        .with("skip_ssl_verification", true);
    let workspace = Workspace::of(all);
    workspace.apply_and_assert_no_changes();
    let stored = workspace.konnect.destinations("global").remove(0);
    for (name, value) in [
        ("name", json!("Größe \"7\"")),
        ("endpoint", json!("https://siem.example.com:8443/a%20b?key=v&x=1")),
        ("authorization", json!("Splunk 1f-2e")),
        ("log_format", json!("cps")),
        ("skip_ssl_verification", json!(true)),
    ] {
        assert_eq!(stored[name], value, "{name}");
        assert_eq!(workspace.state().get(SIEM)[name], value, "{name}");
    }
}

/// Changes one attribute of an existing destination.
fn changes_alone(attribute: &str, before: impl Into<Value>, after: impl Into<Value>) {
    let (before, after) = (before.into(), after.into());
    let workspace = Workspace::of(siem().with(attribute, before.clone()));
    workspace.apply();
    let was = workspace.state();
    workspace.configure(siem().with(attribute, after.clone()));

    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(SIEM, "update".to_owned())]));
    let change = plan.change(SIEM);
    let mut changed = change.changed();
    // The host follows the URL.
    assert_eq!(changed.remove("endpoint_host"), attribute == "endpoint");
    assert_eq!(changed, BTreeSet::from([attribute, "updated_at"]));
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
    assert_eq!(
        (&change.before[attribute], &change.after[attribute]),
        (&before, &after)
    );

    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let mut sent = json!({ attribute: after });
    if attribute == "authorization" {
        // A credential reaches no other endpoint than the configured one.
        sent["endpoint"] = json!("https://siem.example.com/audit");
    }
    assert_eq!(
        workspace.konnect.take_writes(),
        [write(format!("PATCH {}", path(&workspace)), sent)]
    );
    let state = workspace.state();
    let is = state.get(SIEM);
    assert_eq!(is[attribute], after);
    assert_ne!(is["updated_at"], was.get(SIEM)["updated_at"]);
    for kept in ["id", "created_at"] {
        assert_eq!(is[kept], was.get(SIEM)[kept], "{kept}");
    }
    assert_eq!(workspace.konnect.destinations("global")[0][attribute], after);
    workspace.assert_no_changes();
}

#[test]
fn destination_name_change_sends_name_only() {
    changes_alone("name", "siem", "archive");
}

#[test]
fn destination_endpoint_change_sends_endpoint_only() {
    changes_alone("endpoint", "https://a.example.com/", "https://b.example.com/x");
}

#[test]
fn destination_authorization_change_sends_it_with_its_endpoint() {
    changes_alone("authorization", "Bearer one", "Splunk two");
}

#[test]
fn destination_log_format_change_sends_log_format_only() {
    changes_alone("log_format", "cef", "json");
}

#[test]
fn destination_skip_ssl_verification_change_sends_it_only() {
    changes_alone("skip_ssl_verification", false, true);
}

#[test]
fn destination_argument_removed_resets_default_in_one_request() {
    let workspace = Workspace::of(
        siem()
            .with("log_format", "json")
            .with("skip_ssl_verification", true),
    );
    workspace.apply();
    workspace.configure(siem().with("name", "renamed"));
    let sent = json!({ "name": "renamed", "log_format": "cef", "skip_ssl_verification": false });
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(format!("PATCH {}", path(&workspace)), sent)]
    );
}

#[test]
fn destination_explicit_default_plans_nothing() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    workspace.configure(
        siem()
            .with("log_format", "cef")
            .with("skip_ssl_verification", false),
    );
    workspace.assert_no_changes();
}

#[test]
fn destination_in_use_replace_creates_before_destroy() {
    let workspace = Workspace::of(format!(
        "{}{}",
        siem().create_before_destroy(),
        Block::webhook_to("eu", "siem")
    ));
    workspace.apply();
    let old = workspace.state().text(SIEM, "id");
    let plan = workspace.plan_with(&[&format!("-replace={SIEM}")]);
    assert_eq!(plan.change(SIEM).actions, ["create", "delete"]);
    assert_eq!(
        plan.change("konnect_audit_log_webhook.eu").changed(),
        BTreeSet::from(["audit_log_destination_id"])
    );
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let new = workspace.state().text(SIEM, "id");
    let writes = workspace.konnect.take_writes();
    assert_eq!(writes[0].call, "POST /global/v3/audit-log-destinations");
    let moved = json!({ "audit_log_destination_id": new });
    let removed = format!("DELETE /global/v3/audit-log-destinations/{old}");
    assert_eq!(
        writes[1..],
        [
            write("PATCH /eu/v3/audit-log-webhook", moved),
            write(removed, Value::Null)
        ]
    );
    workspace.assert_no_changes();
}

#[test]
fn destination_destroy_sends_delete() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    let path = path(&workspace);
    workspace.konnect.clear_requests();
    workspace.destroy();
    assert_eq!(
        workspace.konnect.take_writes(),
        [write(format!("DELETE {path}"), Value::Null)]
    );
    assert_eq!(workspace.konnect.destinations("global"), [] as [Value; 0]);
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn destroy_destination_in_use_elsewhere_errors_and_keeps_it() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    let id = workspace.state().text(SIEM, "id");
    workspace
        .konnect
        .edit_webhook("eu", json!({ "audit_log_destination_id": id, "enabled": true }))
        .unwrap();
    let error = workspace.try_destroy().error();
    assert_eq!(error.summary, "Destination is still in use");
    for part in [id.as_str(), "409", "the webhook of region eu"] {
        assert!(error.detail.contains(part), "{part}: {}", error.detail);
    }
    assert_eq!(workspace.state().text(SIEM, "id"), id);
    workspace.assert_no_changes();

    workspace.konnect.remove_webhook("eu").unwrap();
    workspace.destroy();
    assert_eq!(workspace.konnect.destinations("global"), [] as [Value; 0]);
}

#[test]
fn destinations_with_same_name_create_both() {
    let twin = Block::destination("twin").with("name", "siem");
    let workspace = Workspace::of(format!("{}{twin}", siem()));
    workspace.apply_and_assert_no_changes();
    let state = workspace.state();
    assert_ne!(
        state.text(SIEM, "id"),
        state.text("konnect_audit_log_destination.twin", "id")
    );
}
