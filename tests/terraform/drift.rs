//! Changes by another user: they are detected, shown and reverted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, Kind, Workspace, only, write};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";

fn with_destination() -> Block {
    Block::destination("siem") + Block::webhook_to("eu", "siem")
}

/// Asserts that the plan only reverts one attribute of an object.
fn assert_shows(workspace: &Workspace, address: &str, attribute: &str, now: &Value, expected: &Value) {
    let plan = workspace.plan();
    assert!(plan.pending, "the exit code reports it");
    if address == SIEM {
        // The change may include the credential.
        let found = &only(&plan.diagnostics).summary;
        assert_eq!(found, "Changed by another process or user");
    }
    assert_eq!(plan.actions(), BTreeMap::from([(address, "update".to_owned())]));
    let change = plan.change(address);
    let found = (&change.before[attribute], &change.after[attribute]);
    assert_eq!(found, (now, expected), "{attribute}");
    let mut changed = change.changed();
    changed.remove("updated_at");
    // The host follows the URL.
    changed.remove("endpoint_host");
    // An outside change may include the credential, which is therefore removed from the state.
    changed.remove("authorization");
    assert_eq!(changed, BTreeSet::from([attribute]));
    let mut drifted = plan.drift[address].changed();
    drifted.remove("updated_at");
    drifted.remove("endpoint_host");
    drifted.remove("authorization");
    assert_eq!(drifted, BTreeSet::from([attribute]));
}

#[test]
fn attribute_drift_is_detected_and_reverted() {
    for kind in Kind::BOTH {
        let workspace = Workspace::of(kind.block());
        workspace.apply();
        let call = format!("PATCH {}", kind.path(&workspace.konnect));
        let own = match kind {
            Kind::Destination => ("name", json!("renamed")),
            Kind::Webhook => ("enabled", json!(false)),
        };
        for (attribute, drifted) in [
            own.clone(),
            ("endpoint", json!("https://elsewhere.example.com/")),
            ("log_format", json!("json")),
            // An unknown format.
            ("log_format", json!("leef")),
            ("skip_ssl_verification", json!(true)),
        ] {
            let expected = workspace.state().get(kind.address())[attribute].clone();
            kind.edit(&workspace.konnect, json!({ attribute: drifted }));
            assert_shows(&workspace, kind.address(), attribute, &drifted, &expected);
            let mut repair = kind.update_of(AUTHORIZATION);
            repair[attribute] = expected;
            assert_eq!(workspace.apply_and_assert_no_changes(), [write(&call, repair)]);
        }
        // Several attributes need one request.
        let set = json!({ own.0: own.1, "log_format": "json", "skip_ssl_verification": true });
        kind.edit(&workspace.konnect, set);
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
    }
}

#[test]
fn destination_webhook_attribute_drift_reverts_attribute_only() {
    let workspace = Workspace::of(format!("{}{}", with_destination(), Block::destination("other")));
    workspace.apply();
    let state = workspace.state();
    let siem = state.text(SIEM, "id");
    let other = state.text("konnect_audit_log_destination.other", "id");
    for (attribute, drifted, expected) in [
        ("enabled", json!(false), json!(true)),
        ("audit_log_destination_id", json!(other), json!(siem)),
    ] {
        let edit = json!({ attribute: drifted });
        workspace.konnect.edit_webhook("eu", edit).unwrap();
        assert_shows(&workspace, EU, attribute, &drifted, &expected);
        assert_eq!(
            workspace.apply_and_assert_no_changes(),
            [write(
                "PATCH /eu/v3/audit-log-webhook",
                json!({ attribute: expected })
            )]
        );
    }
}

/// Asserts that one object no longer exists, and that an apply creates it again.
fn is_recreated(workspace: &Workspace, address: &str) {
    let plan = workspace.plan();
    assert_eq!(plan.actions()[address], "create");
    assert_eq!(plan.drift[address].actions, ["delete"]);
    workspace.apply_plan();
    workspace.assert_no_changes();
}

#[test]
fn objects_deleted_outside_are_recreated() {
    let workspace = Workspace::of(with_destination());
    workspace.apply();
    let id = workspace.state().text(SIEM, "id");
    workspace.konnect.remove_destination("global", &id).unwrap();
    is_recreated(&workspace, SIEM);
    let new = workspace.state().text(SIEM, "id");
    assert_ne!(new, id);
    let webhook = workspace.konnect.region("eu")["webhook"].take();
    assert_eq!(webhook["audit_log_destination_id"], new, "its user follows");

    // Like a webhook that was never configured.
    workspace.konnect.remove_webhook("eu").unwrap();
    is_recreated(&workspace, EU);
    // Deleted, with an empty destination ID.
    let edit = json!({ "audit_log_destination_id": "" });
    workspace.konnect.edit_webhook("eu", edit).unwrap();
    is_recreated(&workspace, EU);
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);

    workspace.configure(Block::destination("siem") + Block::webhook_with_endpoint("eu"));
    workspace.apply();
    workspace.konnect.remove_webhook("eu").unwrap();
    is_recreated(&workspace, EU);
    let webhook = workspace.konnect.region("eu")["webhook"].take();
    assert_eq!(webhook["endpoint"], "https://siem.example.com/eu");
    assert_eq!(webhook["authorization"], AUTHORIZATION);
}

#[test]
fn redirect_by_another_process_warns_from_where_to_where() {
    let workspace = Workspace::of(with_destination());
    workspace.apply();
    let siem = workspace.state().text(SIEM, "id");
    let theirs = json!({
        "name": "theirs", "endpoint": "https://theirs.example.com/s3cret", "authorization": "Bearer of-another-user",
        "log_format": "json",
    });
    let path = "/global/v3/audit-log-destinations";
    let theirs = workspace.konnect.post(path, &theirs);
    let id = theirs["id"].as_str().unwrap();
    for (edit, to) in [
        (
            json!({ "audit_log_destination_id": id }),
            format!("destination {id} on theirs.example.com"),
        ),
        (
            json!({ "endpoint": "https://elsewhere.example.com/s3cret" }),
            "an endpoint on elsewhere.example.com".to_owned(),
        ),
    ] {
        workspace.konnect.edit_webhook("eu", edit).unwrap();
        let plan = workspace.plan();
        let warning = only(&plan.diagnostics);
        let expected = "Webhook was redirected by another process or user";
        assert_eq!(warning.summary, expected);
        let from = format!("destination {siem} on siem.example.com");
        for part in ["region eu", &to, &from] {
            assert!(warning.detail.contains(part), "{part}: {warning:?}");
        }
        assert!(!warning.detail.contains("s3cret"), "{warning:?}");
        workspace.apply();
        assert_eq!(workspace.plan().diagnostics, []);
    }
}

#[test]
fn refresh_only_apply_updates_state_without_writes() {
    let workspace = Workspace::of(with_destination());
    workspace.apply();
    workspace
        .run(&["plan", "-refresh-only", "-detailed-exitcode", "-json"])
        .succeeds();
    let id = workspace.state().text(SIEM, "id");
    let edit = json!({ "name": "renamed" });
    workspace.konnect.edit_destination("global", &id, edit).unwrap();
    workspace.konnect.clear_requests();
    let plan = workspace.plan_with(&["-refresh-only"]);
    assert!(plan.pending);
    assert_eq!(plan.actions(), BTreeMap::new());
    assert_eq!(plan.drift[SIEM].after["name"], "renamed");

    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    assert_eq!(workspace.state().get(SIEM)["name"], "renamed");
    assert_eq!(workspace.konnect.destinations()[0]["name"], "renamed");
}

#[test]
fn outside_change_after_plan_is_overwritten_by_apply() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let id = workspace.state().text(SIEM, "id");
    workspace.configure(Block::destination("siem").with("name", "planned"));
    workspace.plan();
    let edit = json!({ "name": "in between" });
    workspace.konnect.edit_destination("global", &id, edit).unwrap();
    workspace.apply_plan();
    assert_eq!(workspace.konnect.destinations()[0]["name"], "planned");
    // Its credential may have changed too: the next apply sends it.
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
}
