//! Migration from Kong's provider: its states are moved without changes at Konnect.
//!
//! The CLI requires Kong's provider as long as a state refers to it. The mirror of these tests contains the plugin of
//! this provider under that name; the CLI does not call it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::import::{existing, existing_endpoint};
use crate::workspace::{AUTHORIZATION, Block, KONG, Workspace, cli, says, write};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";
/// The attributes that only this provider stores.
const LEARNED: [&str; 4] = ["endpoint_host", "id", "region", "updated_at"];

fn moved(from: &str, to: &str) -> Block {
    Block::new("moved").expression("from", from).expression("to", to)
}

pub fn moved_webhook() -> Block {
    moved("konnect_audit_log.eu", EU)
}

/// The states of Kong's provider for existing objects.
pub struct Kongs {
    webhook: Value,
    pub destination: Value,
}

impl Kongs {
    pub fn existing(workspace: &Workspace) -> Self {
        existing_endpoint(workspace);
        let region = workspace.konnect.region("eu");
        let webhook = json!({
            "authorization": AUTHORIZATION,
            "enabled": true,
            "endpoint": "https://siem.example.com/eu",
            "log_format": "cef",
            "skip_ssl_verification": false,
            "updated_at": region["webhook"]["updated_at"],
        });
        let id = existing(workspace);
        // The form of Go's `time.Time`, for instance without trailing zeros.
        let time = "2026-01-02T03:04:05.6Z";
        let destination = json!({
            "authorization": AUTHORIZATION,
            "created_at": time,
            "endpoint": "https://siem.example.com/audit",
            "id": id,
            "log_format": "cef",
            "name": "siem",
            "skip_ssl_verification": false,
            "updated_at": time,
        });
        Self { webhook, destination }
    }

    /// Writes the state file of Kong's provider.
    pub fn store(&self, workspace: &Workspace) {
        let resources = [
            ("konnect_audit_log", "eu", &self.webhook),
            ("konnect_audit_log_destination", "siem", &self.destination),
        ];
        store_state(workspace, KONG, &resources);
    }
}

/// Writes a state file with resources of another provider: the type, the name, and the attributes unless they are null.
pub fn store_state(workspace: &Workspace, provider: &str, resources: &[(&str, &str, &Value)]) {
    let provider = format!("provider[\"{}/{provider}\"]", cli().registry);
    let resources = resources
        .iter()
        .filter(|(_, _, attributes)| !attributes.is_null());
    let resources = resources.map(|(of_type, name, attributes)| {
        json!({
            "mode": "managed", "type": of_type, "name": name, "provider": provider,
            "instances": [{ "schema_version": 0, "attributes": attributes }],
        })
    });
    let state = json!({
        "version": 4, "terraform_version": "1.8.0", "serial": 7,
        "lineage": "0d6f3a4e-7c1b-4b56-9a57-2f0e5c8d1b3a", "outputs": {},
        "resources": resources.collect::<Vec<_>>(),
    });
    workspace.write("terraform.tfstate", &state.to_string());
}

/// A workspace in which both objects exist, with their Kong states.
fn existing_objects() -> (Workspace, Kongs) {
    let workspace = Workspace::new();
    let kongs = Kongs::existing(&workspace);
    (workspace, kongs)
}

fn both() -> Block {
    Block::destination("siem") + Block::webhook_with_endpoint("eu")
}

/// Asserts that the migration only plans attributes that Kong's provider does not store, and only sends reads.
fn only_learns(workspace: &Workspace, expected: &[&str]) {
    let before = workspace.konnect.region("eu");
    workspace.konnect.clear_requests();
    let plan = workspace.plan();
    assert_eq!(plan.diagnostics, []);
    // The region of a webhook is not in the state of Kong's provider.
    let webhooks = expected.iter().filter(|address| **address == EU);
    let actions: BTreeMap<_, _> = webhooks.map(|a| (*a, "update".to_owned())).collect();
    assert_eq!(plan.actions(), actions);
    for address in expected {
        let changed = plan.change(address).changed();
        assert!(
            changed.is_subset(&BTreeSet::from(LEARNED)),
            "{address}: {changed:?}"
        );
    }
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.take_writes(), []);
    assert_eq!(workspace.konnect.region("eu"), before);
    let state = workspace.state();
    assert_eq!(state.addresses(), expected);
    for address in expected {
        assert_eq!(state.get(address)["authorization"], AUTHORIZATION);
    }
}

#[test]
fn moved_block_migrates_kong_webhook_and_destination() {
    let (workspace, kongs) = existing_objects();
    kongs.store(&workspace);
    workspace.set_up(format!("{}{}", both(), moved_webhook()));
    only_learns(&workspace, &[SIEM, EU]);
    assert_eq!(workspace.state().get(EU)["region"], "eu");
    // The `moved` block is no longer needed.
    workspace.configure(both());
    workspace.assert_no_changes();
}

#[test]
fn moved_block_migrates_kong_destination_to_new_name() {
    let (workspace, mut kongs) = existing_objects();
    kongs.webhook = Value::Null;
    kongs.store(&workspace);
    let renamed = "konnect_audit_log_destination.renamed";
    let block = Block::destination("renamed").with("name", "siem");
    workspace.set_up(format!("{block}{}", moved(SIEM, renamed)));
    only_learns(&workspace, &[renamed]);
}

#[test]
fn migration_without_stored_authorization_sends_it() {
    let (workspace, mut kongs) = existing_objects();
    kongs.destination["authorization"] = Value::Null;
    kongs.webhook = Value::Null;
    kongs.store(&workspace);
    workspace.set_up(Block::destination("siem"));
    let id = kongs.destination["id"].as_str().unwrap();
    let expected = [write(
        format!("PATCH /global/v3/audit-log-destinations/{id}"),
        json!({ "endpoint": "https://siem.example.com/audit", "authorization": AUTHORIZATION }),
    )];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);
}

#[test]
fn migration_with_outside_change_warns_then_plans_update() {
    let (workspace, kongs) = existing_objects();
    kongs.store(&workspace);
    let edit = json!({ "log_format": "json" });
    workspace.konnect.edit_webhook("eu", edit).unwrap();
    workspace.set_up(format!("{}{}", both(), moved_webhook()));
    workspace.konnect.clear_requests();
    // The first plan does not know the region yet. Its apply only reads.
    let applied = workspace.apply();
    let summary = "The service returned a different value than the one applied";
    let mut warnings = applied.warnings().into_iter();
    assert!(warnings.any(|warning| warning.address == EU && warning.summary == summary));
    assert_eq!(workspace.konnect.take_writes(), []);
    let plan = workspace.plan();
    let expected = BTreeSet::from(["log_format", "updated_at"]);
    assert_eq!(plan.change(EU).changed(), expected);
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
    assert_eq!(workspace.konnect.region("eu")["webhook"]["log_format"], "cef");
}

#[test]
fn migration_of_unconfigured_webhook_errors() {
    for endpoint in [Value::Null, json!("unconfigured"), json!("")] {
        let (workspace, mut kongs) = existing_objects();
        kongs.webhook["endpoint"] = endpoint;
        kongs.destination = Value::Null;
        kongs.store(&workspace);
        workspace.set_up(Block::webhook_with_endpoint("eu") + moved_webhook());
        let error = workspace.try_plan().error();
        says(
            &error,
            "State can't be moved",
            &["no endpoint", "destroy = false"],
        );
    }
}
