//! Import of existing objects with `terraform import` and `import` blocks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, Kind, Workspace, says, write};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";
const V2: &str = "PATCH /eu/v2/audit-log-webhook";

/// Creates a destination as another user, and returns its ID.
pub fn existing(workspace: &Workspace) -> String {
    let destination = json!({
        "name": "siem",
        "endpoint": "https://siem.example.com/audit",
        "authorization": "Bearer of-the-console",
        "log_format": "cef",
        "skip_ssl_verification": false,
    });
    let made = workspace
        .konnect
        .post("/global/v3/audit-log-destinations", &destination);
    made["id"].as_str().expect("an id").to_owned()
}

/// Configures a webhook of the v2 form as another user.
pub fn existing_endpoint(workspace: &Workspace) {
    let webhook = json!({
        "endpoint": "https://siem.example.com/eu",
        "authorization": "Bearer of-the-console",
        "enabled": true,
    });
    workspace.konnect.patch("/eu/v2/audit-log-webhook", &webhook);
}

/// Configures a webhook of the v3 form as another user.
pub fn existing_with_destination(workspace: &Workspace) -> String {
    let id = existing(workspace);
    let edit = json!({ "audit_log_destination_id": id, "enabled": true });
    workspace.konnect.edit_webhook("eu", edit).unwrap();
    id
}

pub fn import_block(to: &str, id: &str) -> Block {
    Block::new("import").expression("to", to).with("id", id)
}

/// Asserts that the plan sends the authorization of an imported object with a warning, and that the apply does only
/// that.
pub fn sends_once(workspace: &Workspace, address: &str, call: &str, body: Value) {
    workspace.konnect.clear_requests();
    let plan = workspace.plan();
    assert!(plan.pending);
    assert_eq!(plan.actions(), BTreeMap::from([(address, "update".to_owned())]));
    let change = plan.change(address);
    assert_eq!(change.changed(), BTreeSet::from(["authorization", "updated_at"]));
    let said: Vec<_> = plan
        .diagnostics
        .iter()
        .filter(|d| d.address == address)
        .map(|d| (d.summary.as_str(), d.attribute()))
        .collect();
    let expected = [("Credential is sent to an existing object", Some("authorization"))];
    assert_eq!(said, expected);
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), [write(call, body)]);
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_writes(), []);
}

fn call(id: &str) -> String {
    format!("PATCH /global/v3/audit-log-destinations/{id}")
}

#[test]
fn import_of_a_destination_sends_authorization_once() {
    for by_block in [false, true] {
        let workspace = Workspace::of(Block::destination("siem"));
        let id = existing(&workspace);
        if by_block {
            workspace.configure(Block::destination("siem") + import_block(SIEM, &id));
        } else {
            workspace.import(SIEM, &id);
        }
        let sent = Kind::Destination.update_of(AUTHORIZATION);
        sends_once(&workspace, SIEM, &call(&id), sent);
        assert_eq!(workspace.konnect.destinations().len(), 1);
    }
}

#[test]
fn import_destination_webhook_by_region_plans_nothing() {
    let webhook = Block::webhook("eu").with("region", "eu");
    let workspace = Workspace::of(&webhook);
    let id = existing_with_destination(&workspace);
    workspace.configure(webhook.with("audit_log_destination_id", id));
    workspace.import(EU, "eu");
    workspace.konnect.clear_requests();
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_writes(), []);
}

#[test]
fn import_endpoint_webhook_by_region_sends_authorization_once() {
    let workspace = Workspace::of(Block::webhook_with_endpoint("eu"));
    existing_endpoint(&workspace);
    workspace.import(EU, "eu");
    assert_eq!(workspace.state().get(EU)["authorization"], Value::Null);
    sends_once(&workspace, EU, V2, Kind::Webhook.update_of(AUTHORIZATION));
}

#[test]
fn import_block_of_webhook_bypasses_takeover_guard() {
    let workspace = Workspace::of(Block::webhook_with_endpoint("eu"));
    existing_endpoint(&workspace);
    let warning = workspace.plan().diagnostics.remove(0);
    assert_eq!(warning.summary, "Region already delivers audit events");
    let import = import_block(EU, "eu");
    workspace.configure(format!("{}{import}", Block::webhook_with_endpoint("eu")));
    sends_once(&workspace, EU, V2, Kind::Webhook.update_of(AUTHORIZATION));

    let workspace = Workspace::new();
    let id = existing_with_destination(&workspace);
    let webhook = Block::webhook("eu")
        .with("region", "eu")
        .with("audit_log_destination_id", id);
    workspace.set_up(format!("{webhook}{import}"));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::new());
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.assert_no_changes();
}

#[test]
fn import_with_write_only_authorization_sends_it_once() {
    let block = Block::destination("siem")
        .without("authorization")
        .with("authorization_wo", AUTHORIZATION);
    let workspace = Workspace::of(&block);
    let id = existing(&workspace);
    workspace.import(SIEM, &id);
    let plan = workspace.plan();
    assert_eq!(plan.change(SIEM).changed(), BTreeSet::from(["updated_at"]));
    assert_eq!(plan.diagnostics.len(), 1);
    assert_eq!(plan.diagnostics[0].attribute(), Some("authorization_wo"));
    let expected = [write(call(&id), Kind::Destination.update_of(AUTHORIZATION))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);
}

#[test]
fn import_invalid_or_missing_object_errors() {
    let in_region = "eu/5f1c0a52-6a3e-4d7e-9c2b-0123456789ab";
    let unknown = &in_region[3..];
    let destination = Block::destination("siem");
    let webhook = Block::webhook_with_endpoint("eu");
    let job = "konnect_audit_log_replay_job.outage";
    let outage = Block::new("resource \"konnect_audit_log_replay_job\" \"outage\"")
        .with("start_at", "2026-01-02T03:00:00Z")
        .with("end_at", "2026-01-02T04:00:00Z");
    for (block, to, id, summary, part) in [
        (&outage, job, "eu", "No replay job", "nothing to import"),
        (&destination, SIEM, "siem", "Invalid import id", "UUID"),
        (&destination, SIEM, in_region, "Invalid import id", "UUID"),
        (&destination, SIEM, unknown, "Destination not found", unknown),
        (&webhook, EU, "e u", "Invalid import id", "REGION/PORTAL_ID"),
        (&webhook, EU, unknown, "Invalid import id", "Put the region"),
        (&webhook, EU, "us", "Region has no webhook", "Remove the import"),
    ] {
        let workspace = Workspace::of(format!("{block}{}", import_block(to, id)));
        let error = workspace.try_plan().error();
        says(&error, summary, &[part]);
        let typed = workspace.run(&["import", "-no-color", to, id]).ends_with(1);
        assert!(typed.stderr.contains(summary), "{}", typed.report());
        assert_eq!(workspace.konnect.take_writes(), []);
    }
}
