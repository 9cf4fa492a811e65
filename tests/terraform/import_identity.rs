//! Import by resource identity, on a CLI that has it (Terraform 1.12, OpenTofu 1.12).

use serde_json::{Value, json};

use crate::import::{existing, existing_endpoint, existing_with_destination, sends_once};
use crate::workspace::{AUTHORIZATION, Block, Feature, Kind, Workspace, cli};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";

/// A workspace that imports `to` by an identity, if the CLI supports that. Other CLIs must report an error.
fn by_identity(workspace: Workspace, block: &Block, to: &str, identity: &str) -> Option<Workspace> {
    let import = Block::new("import")
        .expression("to", to)
        .expression("identity", identity);
    if cli().supports(Feature::ImportByIdentity) {
        workspace.set_up(format!("{block}{import}"));
        return Some(workspace);
    }
    workspace.set_up(block);
    workspace.configure(format!("{block}{import}"));
    let run = workspace.run(&["validate", "-no-color"]).ends_with(1);
    assert!(
        run.stderr
            .contains("An argument named \"identity\" is not expected here"),
        "{}",
        run.report()
    );
    assert_eq!(workspace.konnect.take_writes(), []);
    None
}

#[test]
fn identity_import_block_of_destination_sends_authorization_once() {
    let workspace = Workspace::new();
    let id = existing(&workspace);
    workspace.konnect.clear_requests();
    let block = Block::destination("siem");
    let identity = format!("{{ id = \"{id}\" }}");
    if let Some(workspace) = by_identity(workspace, &block, SIEM, &identity) {
        let call = format!("PATCH /global/v3/audit-log-destinations/{id}");
        let sent = Kind::Destination.update_of(AUTHORIZATION);
        sends_once(&workspace, SIEM, &call, sent);
        assert_eq!(identity_of(&workspace, SIEM), json!({ "id": id }));
    }
}

#[test]
fn identity_import_block_of_webhook_supports_both_forms() {
    let workspace = Workspace::new();
    existing_endpoint(&workspace);
    workspace.konnect.clear_requests();
    let block = Block::webhook_with_endpoint("eu");
    if let Some(workspace) = by_identity(workspace, &block, EU, "{ region = \"eu\" }") {
        sends_once(
            &workspace,
            EU,
            "PATCH /eu/v2/audit-log-webhook",
            Kind::Webhook.update_of(AUTHORIZATION),
        );
        let expected = json!({ "region": "eu", "portal_id": null });
        assert_eq!(identity_of(&workspace, EU), expected);
    }
    let workspace = Workspace::new();
    let id = existing_with_destination(&workspace);
    workspace.konnect.clear_requests();
    let block = Block::webhook("eu")
        .with("region", "eu")
        .with("audit_log_destination_id", id);
    if let Some(workspace) = by_identity(workspace, &block, EU, "{ region = \"eu\" }") {
        workspace.apply_and_assert_no_changes();
        let expected = json!({ "region": "eu", "portal_id": null });
        assert_eq!(identity_of(&workspace, EU), expected);
    }
}

/// The identity in the state file.
fn identity_of(workspace: &Workspace, address: &str) -> Value {
    let text = std::fs::read_to_string(workspace.path("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    let (of_type, name) = address.split_once('.').unwrap();
    let mut resources = state["resources"].as_array().unwrap().iter();
    let found = resources.find(|r| r["type"] == of_type && r["name"] == name);
    found.expect("the resource")["instances"][0]["identity"].clone()
}
