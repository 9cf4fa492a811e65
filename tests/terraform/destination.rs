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
    let stored = workspace.konnect.destinations();
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
    let expected = BTreeSet::from(["created_at", "id", "updated_at"]);
    assert_eq!(change.unknown(), expected);
    let expected = json!({
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
    });
    assert_eq!(change.after, expected);
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
    let expected = [write("POST /global/v3/audit-log-destinations", sent)];
    assert_eq!(workspace.konnect.take_writes(), expected);
    let stored = workspace.konnect.destinations().remove(0);
    let mut applied = change.after.clone();
    for (name, value) in [
        ("id", &stored["id"]),
        ("created_at", &stored["created_at"]),
        ("updated_at", &Value::Null),
    ] {
        applied[name] = value.clone();
    }
    assert_eq!(*workspace.state().get(SIEM), applied);
    workspace.assert_no_changes();
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
        let plan = workspace.plan_update(SIEM);
        let change = plan.change(SIEM);
        let mut changed = change.changed();
        // The host follows the URL.
        assert_eq!(changed.remove("endpoint_host"), attribute == "endpoint");
        assert_eq!(changed, BTreeSet::from([attribute, "updated_at"]));
        assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
        let expected = (&was.get(SIEM)[attribute], &after);
        assert_eq!((&change.before[attribute], &change.after[attribute]), expected);

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
        assert_eq!(workspace.konnect.destinations()[0][attribute], after);
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
    let found = workspace.konnect.take_writes();
    assert_eq!(found, [write(path.replace("PATCH", "DELETE"), Value::Null)]);
    assert_eq!(workspace.konnect.destinations(), [] as [Value; 0]);
    assert_eq!(workspace.state().addresses(), [""; 0]);
}
