//! `konnect_audit_log_webhook`: creation, deletion and change of the region, in both forms.

use std::collections::BTreeSet;

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Block, Kind, Workspace, write};

pub const EU: &str = "konnect_audit_log_webhook.eu";
pub const V2: &str = "PATCH /eu/v2/audit-log-webhook";
pub const V3: &str = "PATCH /eu/v3/audit-log-webhook";

/// A destination with a webhook.
pub fn with_destination(webhook: &Block) -> String {
    format!("{}{webhook}", Block::destination("siem"))
}

pub fn to_destination() -> Block {
    Block::webhook_to("eu", "siem")
}

pub fn with_endpoint() -> Block {
    Block::webhook_with_endpoint("eu")
}

#[test]
fn destination_webhook_create_sends_one_request() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    let plan = workspace.plan();
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::from(["audit_log_destination_id"]));
    assert_eq!(change.after["id"], "eu", "the id is the region, and so known");
    assert_eq!(change.after["enabled"], true);
    let null = [
        "endpoint",
        "authorization",
        "log_format",
        "skip_ssl_verification",
        "updated_at",
    ];
    assert!(
        null.iter().all(|name| change.after[*name].is_null()),
        "{:?}",
        change.after
    );

    workspace.apply_plan();
    let state = workspace.state();
    let id = state.text("konnect_audit_log_destination.siem", "id");
    let expected = [write(
        V3,
        json!({ "audit_log_destination_id": id, "enabled": true }),
    )];
    assert_eq!(workspace.konnect.take_writes()[1..], expected);
    let mut applied = change.after.clone();
    applied["audit_log_destination_id"] = json!(id);
    assert_eq!(*state.get(EU), applied);
    workspace.assert_no_changes();
}

#[test]
fn endpoint_webhook_create_sends_one_request() {
    let workspace = Workspace::of(with_endpoint());
    let plan = workspace.plan();
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
    assert_eq!(change.after["log_format"], "cef");
    assert_eq!(change.after["skip_ssl_verification"], false);

    workspace.apply_plan();
    let expected = [write(V2, Kind::Webhook.update_of(AUTHORIZATION))];
    assert_eq!(workspace.konnect.take_writes(), expected);
    let stored = workspace.konnect.region("eu")["webhook"].take();
    let mut applied = change.after.clone();
    applied["updated_at"] = stored["updated_at"].clone();
    assert_eq!(*workspace.state().get(EU), applied);
    assert_eq!(stored["authorization"], AUTHORIZATION);
    workspace.assert_no_changes();
}

#[test]
fn endpoint_webhook_destroy_disables_and_allows_recreate() {
    let workspace = Workspace::of(with_endpoint());
    workspace.apply();
    workspace.konnect.clear_requests();
    workspace.destroy();
    let expected = [write(V2, json!({ "enabled": false }))];
    assert_eq!(workspace.konnect.take_writes(), expected);
    assert_eq!(workspace.state().addresses(), [""; 0]);
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], false);

    let expected = [write(V2, Kind::Webhook.update_of(AUTHORIZATION))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);
}

/// Moves a webhook to another region, and asserts the actions and the calls.
fn moves(webhook: &Block, actions: [&str; 2], calls: [&str; 2]) {
    let in_region = |region: &str| with_destination(&(webhook.clone().with("region", region)));
    let workspace = Workspace::of(in_region("eu"));
    workspace.apply();
    workspace.configure(in_region("us"));
    let plan = workspace.plan();
    let change = plan.change(EU);
    assert_eq!(change.actions, actions);
    assert_eq!(change.replace_paths, json!([["region"]]));
    assert_eq!(change.after["id"], "us");
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let sent = workspace.konnect.take_writes().into_iter().map(|w| w.call);
    assert_eq!(sent.collect::<Vec<_>>(), calls);
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], false);
    assert_eq!(workspace.konnect.region("us")["webhook"]["enabled"], true);
}

#[test]
fn webhook_region_change_replaces_in_either_order() {
    let removed = "DELETE /eu/v3/audit-log-webhook";
    for (block, [removal, creation]) in [
        (to_destination(), [removed, "PATCH /us/v3/audit-log-webhook"]),
        (with_endpoint(), [V2, "PATCH /us/v2/audit-log-webhook"]),
    ] {
        moves(&block, ["delete", "create"], [removal, creation]);
        let block = block.create_before_destroy();
        moves(&block, ["create", "delete"], [creation, removal]);
    }
}
