//! The configuration that `-generate-config-out` writes for imported objects. `documents/guides/commands.rs` generates that
//! of a destination.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::import::{existing_endpoint, import_block, sends_once};
use crate::workspace::{AUTHORIZATION, Feature, Kind, Workspace, cli};

const EU: &str = "konnect_audit_log_webhook.eu";
const GENERATED: &str = "generated.tf";

#[test]
fn generated_webhook_with_an_endpoint_plans_clean_and_accepts_a_credential() {
    let workspace = Workspace::new();
    existing_endpoint(&workspace);
    let import = import_block(EU, "eu");
    if cli().supports(Feature::NeedsImportProvider) {
        workspace.set_up(import.clone().expression("provider", "konnect"));
    } else {
        workspace.set_up(&import);
    }
    let out = format!("-generate-config-out={GENERATED}");
    workspace.run(&["plan", "-no-color", &out]).succeeds();
    workspace.configure(import);
    // The credential is not managed.
    assert_eq!(workspace.plan().actions(), BTreeMap::new());

    let generated = fs::read_to_string(workspace.path(GENERATED)).unwrap();
    let open = generated
        .lines()
        .find(|line| line.trim_start().starts_with("authorization "));
    let open = open.expect("an argument for the credential");
    assert!(open.contains("null"), "no secret is made up: {open}");
    let filled = format!("  authorization = {}", json!(AUTHORIZATION));
    workspace.write(GENERATED, &generated.replace(open, &filled));
    let sent = Kind::Webhook.update_of(AUTHORIZATION);
    sends_once(&workspace, EU, "PATCH /eu/v2/audit-log-webhook", sent);
}
