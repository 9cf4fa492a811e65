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

#[test]
fn destination_changes_send_only_what_changed() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    let mut block = siem();
    let path = format!("PATCH {}", path(&workspace));
    for (attribute, after) in [
        ("name", json!("archive")),
        ("endpoint", json!("https://b.example.com/x")),
        ("authorization", json!("Splunk two")),
        ("log_format", json!("json")),
        ("skip_ssl_verification", json!(true)),
    ] {
        let was = workspace.state();
        block = block.with(attribute, after.clone());
        workspace.configure(&block);
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
            (&was.get(SIEM)[attribute], &after)
        );

        workspace.konnect.clear_requests();
        workspace.apply_plan();
        let mut sent = json!({ attribute: after });
        if attribute == "authorization" {
            // A credential reaches no other endpoint than the configured one.
            sent["endpoint"] = json!("https://b.example.com/x");
        }
        assert_eq!(workspace.konnect.take_writes(), [write(&path, sent)]);
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

    // Arguments that are removed get their defaults in one request. Set explicitly, defaults are no change.
    let block = siem().with("name", "renamed");
    workspace.configure(&block);
    let sent = json!({
        "name": "renamed",
        "endpoint": "https://siem.example.com/audit",
        "authorization": AUTHORIZATION,
        "log_format": "cef",
        "skip_ssl_verification": false,
    });
    assert_eq!(workspace.apply_and_assert_no_changes(), [write(&path, sent)]);
    workspace.configure(
        block
            .with("log_format", "cef")
            .with("skip_ssl_verification", false),
    );
    workspace.assert_no_changes();

    workspace.destroy();
    assert_eq!(
        workspace.konnect.take_writes(),
        [write(path.replace("PATCH", "DELETE"), Value::Null)]
    );
    assert_eq!(workspace.konnect.destinations("global"), [] as [Value; 0]);
    assert_eq!(workspace.state().addresses(), [""; 0]);
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
