//! `konnect_audit_log_webhook`: every change in place, and from one form to the other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::webhook::{EU, V2, V3, to_destination, whole_endpoint, with_destination, with_endpoint};
use crate::workspace::{AUTHORIZATION, Block, Workspace, Write, write};

/// Changes one attribute of a webhook with an endpoint. Returns the request.
fn changes_alone(attribute: &str, before: impl Into<Value>, after: impl Into<Value>) -> Write {
    let (before, after) = (before.into(), after.into());
    let workspace = Workspace::of(with_endpoint().with(attribute, before));
    workspace.apply();
    workspace.configure(with_endpoint().with(attribute, after.clone()));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    let change = plan.change(EU);
    let mut changed = change.changed();
    // The host follows the URL.
    assert_eq!(changed.remove("endpoint_host"), attribute == "endpoint");
    assert_eq!(changed, BTreeSet::from([attribute, "updated_at"]));
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));

    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let mut writes = workspace.konnect.take_writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(workspace.state().get(EU)[attribute], after);
    assert_eq!(workspace.konnect.region("eu")["webhook"][attribute], after);
    workspace.assert_no_changes();
    writes.remove(0)
}

/// The body if Konnect already has the authorization.
fn known_endpoint() -> Value {
    let mut whole = whole_endpoint();
    whole.as_object_mut().unwrap().remove("authorization");
    whole
}

#[test]
fn webhook_endpoint_change_updates_in_place() {
    let mut whole = known_endpoint();
    whole["endpoint"] = json!("https://other.example.com/");
    let sent = changes_alone(
        "endpoint",
        "https://siem.example.com/eu",
        "https://other.example.com/",
    );
    assert_eq!(sent, write(V2, whole));
}

#[test]
fn webhook_authorization_change_updates_in_place() {
    let mut whole = whole_endpoint();
    whole["authorization"] = json!("Splunk two");
    assert_eq!(
        changes_alone("authorization", AUTHORIZATION, "Splunk two"),
        write(V2, whole)
    );
}

#[test]
fn webhook_log_format_change_updates_in_place() {
    let mut whole = known_endpoint();
    whole["log_format"] = json!("json");
    assert_eq!(changes_alone("log_format", "cps", "json"), write(V2, whole));
}

#[test]
fn webhook_skip_ssl_verification_change_updates_in_place() {
    let mut whole = known_endpoint();
    whole["skip_ssl_verification"] = json!(true);
    assert_eq!(
        changes_alone("skip_ssl_verification", false, true),
        write(V2, whole)
    );
}

#[test]
fn endpoint_webhook_toggle_sends_enabled_only() {
    assert_eq!(
        changes_alone("enabled", true, false),
        write(V2, json!({ "enabled": false }))
    );
    assert_eq!(
        changes_alone("enabled", false, true),
        write(V2, json!({ "enabled": true }))
    );
}

#[test]
fn destination_webhook_disable_sends_enabled_only() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    workspace.apply();
    workspace.configure(with_destination(&to_destination().with("enabled", false)));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    assert_eq!(plan.change(EU).changed(), BTreeSet::from(["enabled"]));
    assert_eq!(plan.change(EU).unknown(), BTreeSet::new());
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(V3, json!({ "enabled": false }))]
    );
    assert_eq!(workspace.state().get(EU)["enabled"], false);
}

#[test]
fn webhook_destination_change_updates_in_place() {
    let destinations = format!("{}{}", Block::destination("siem"), Block::destination("other"));
    let workspace = Workspace::of(format!("{destinations}{}", to_destination()));
    workspace.apply();
    workspace.configure(format!("{destinations}{}", Block::webhook_to("eu", "other")));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    assert_eq!(
        plan.change(EU).changed(),
        BTreeSet::from(["audit_log_destination_id"])
    );
    let other = workspace
        .state()
        .text("konnect_audit_log_destination.other", "id");
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(V3, json!({ "audit_log_destination_id": other }))]
    );
}

#[test]
fn webhook_endpoint_to_destination_updates_in_place() {
    let workspace = Workspace::of(with_destination(&with_endpoint()));
    workspace.apply();
    let id = workspace.state().text("konnect_audit_log_destination.siem", "id");
    workspace.configure(with_destination(&to_destination()));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::new());
    for gone in [
        "endpoint",
        "authorization",
        "log_format",
        "skip_ssl_verification",
        "updated_at",
    ] {
        assert_eq!(change.after[gone], Value::Null, "{gone}");
    }
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(
            V3,
            json!({ "audit_log_destination_id": id, "enabled": true })
        )]
    );
    assert_eq!(workspace.konnect.region("eu")["webhook"]["form"], "destination");
}

#[test]
fn webhook_destination_to_endpoint_updates_in_place() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    workspace.apply();
    workspace.configure(with_destination(&with_endpoint()));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
    assert_eq!(change.after["log_format"], "cef");
    assert_eq!(change.after["id"], "eu");
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(V2, whole_endpoint())]
    );
    assert_eq!(workspace.konnect.region("eu")["webhook"]["form"], "endpoint");
}

#[test]
fn destination_id_in_upper_case_is_kept() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let id = workspace.state().text("konnect_audit_log_destination.siem", "id");
    let loud = id.to_uppercase();
    workspace.configure(with_destination(
        &Block::webhook("eu")
            .with("region", "eu")
            .with("audit_log_destination_id", loud.clone()),
    ));
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.state().get(EU)["audit_log_destination_id"], loud);
    // The same destination ID in another letter case is not a change: the state keeps its form.
    workspace.configure(with_destination(&to_destination()));
    workspace.konnect.clear_requests();
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_writes(), []);
}
