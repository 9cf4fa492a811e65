//! The configuration that `-generate-config-out` writes for imported objects.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::import::{existing, existing_endpoint, existing_with_destination, import_block, sends_once};
use crate::workspace::{AUTHORIZATION, Feature, Kind, Workspace, cli};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";
const GENERATED: &str = "generated.tf";

/// Generates the configuration of one object, and returns the exit code.
fn generate(workspace: &Workspace, to: &str, id: &str) -> Option<i32> {
    let import = import_block(to, id);
    if cli().supports(Feature::NeedsImportProvider) {
        workspace.configure(import.clone().expression("provider", "konnect"));
    } else {
        workspace.configure(&import);
    }
    workspace.init();
    let out = format!("-generate-config-out={GENERATED}");
    let run = workspace.run(&["plan", "-no-color", &out]);
    workspace.configure(import);
    run.code
}

/// Asserts that a plan only imports: the credential is not managed.
fn is_only_imported(workspace: &Workspace) {
    assert_eq!(workspace.plan().actions(), BTreeMap::new());
}

/// Adds the secret to the generated configuration.
fn fill_in(workspace: &Workspace) {
    let generated = fs::read_to_string(workspace.path(GENERATED)).unwrap();
    let filled: String = generated
        .lines()
        .map(|line| {
            if line.trim_start().starts_with("authorization ") {
                assert!(line.contains("null"), "no secret is made up: {line}");
                format!("  authorization = {}\n", json!(AUTHORIZATION))
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    assert_ne!(filled, generated);
    workspace.write(GENERATED, &filled);
}

#[test]
fn generated_destination_plans_clean_and_accepts_a_credential() {
    let workspace = Workspace::new();
    let id = existing(&workspace);
    assert_eq!(generate(&workspace, SIEM, &id), Some(0));
    is_only_imported(&workspace);
    fill_in(&workspace);
    let call = format!("PATCH /global/v3/audit-log-destinations/{id}");
    let sent = Kind::Destination.update_of(AUTHORIZATION);
    sends_once(&workspace, SIEM, &call, sent);
}

#[test]
fn generated_webhook_with_an_endpoint_plans_clean_and_accepts_a_credential() {
    let workspace = Workspace::new();
    existing_endpoint(&workspace);
    assert_eq!(generate(&workspace, EU, "eu"), Some(0));
    is_only_imported(&workspace);
    fill_in(&workspace);
    sends_once(
        &workspace,
        EU,
        "PATCH /eu/v2/audit-log-webhook",
        Kind::Webhook.update_of(AUTHORIZATION),
    );
}

#[test]
fn generated_destination_webhook_config_is_complete() {
    let workspace = Workspace::new();
    existing_with_destination(&workspace);
    assert_eq!(generate(&workspace, EU, "eu"), Some(0));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::new(), "nothing but the import");
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.assert_no_changes();
}
