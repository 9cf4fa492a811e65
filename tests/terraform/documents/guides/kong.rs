//! The guide "Coming from kong/konnect", with a state of Kong's provider and the emulator's defaults.
//!
//! The mirror of these tests contains this provider under Kong's name; the CLI does not call it.

use std::fs;

use serde_json::json;

use crate::migration::store_state;
use crate::workspace::{AUTHORIZATION, KONG, Workspace};

use super::Reader;

const URL: &str = "https://siem.example.com/konnect-audit-logs";

/// Creates what the page moves, and Kong's state of it. Returns the id of the Dev Portal.
fn existing(workspace: &Workspace) -> String {
    let konnect = &workspace.konnect;
    let portal = konnect.add_portal("eu", "Developers").expect("a Dev Portal");
    let mut destination = konnect.post(
        "/global/v3/audit-log-destinations",
        &json!({ "name": "SIEM", "endpoint": URL, "authorization": AUTHORIZATION, "log_format": "json" }),
    );
    let mut webhook = konnect.patch(
        "/eu/v2/audit-log-webhook",
        &json!({ "endpoint": URL, "authorization": AUTHORIZATION, "log_format": "json", "enabled": true }),
    );
    let mut of_portal = konnect.patch(
        &format!("/eu/v3/portals/{portal}/audit-log-webhook"),
        &json!({ "audit_log_destination_id": destination["id"], "enabled": true }),
    );
    destination["authorization"] = AUTHORIZATION.into();
    webhook["authorization"] = AUTHORIZATION.into();
    of_portal["portal_id"] = portal.clone().into();
    // Only kong/konnect-beta has it.
    of_portal
        .as_object_mut()
        .expect("a webhook")
        .remove("include_principal_name");
    let resources = [
        ("konnect_audit_log", "eu", &webhook),
        ("konnect_audit_log_destination", "siem", &destination),
        ("konnect_portal_audit_log_webhook", "developers", &of_portal),
    ];
    store_state(workspace, KONG, &resources);
    portal
}

#[test]
fn kong_guide_moves_all_three_types_and_reverts() {
    let mut workspace = Workspace::new();
    workspace.set("TF_VAR_siem_authorization", AUTHORIZATION);
    let portal = existing(&workspace);
    let mut reader = Reader::of("docs/guides/coming-from-kong-konnect.md", workspace);
    reader
        .replacements
        .push(("c8a6f86d-5f44-45a4-9873-72761c63d822".to_owned(), portal));
    let workspace = &reader.workspace;

    let values = reader.runs("state pull");
    assert!(
        values.contains("konnect_portal_audit_log_webhook.developers"),
        "{values}"
    );
    assert!(!values.contains(AUTHORIZATION), "{values}");

    workspace.write("main.tf", &reader.block("terraform", "moved {"));
    workspace.konnect.clear_requests();
    let plan = reader.runs("plan -out=move.tfplan");
    reader.shows(&plan, "Plan: 0 to add, 2 to change");
    reader.runs("apply move.tfplan");
    assert_eq!(workspace.konnect.take_writes(), [], "the move only reads");

    // The old state, with the old provider in the lock file.
    fs::remove_file(workspace.path("main.tf")).expect("the configuration");
    workspace.write("main.tf", &reader.block("terraform", "moved {"));
    let reverted = reader.runs("state push -force");
    reader.shows(&reverted, "Plan: 0 to add, 2 to change");
    reader.runs("state replace-provider");
    workspace.init();
    workspace.apply();
    assert_eq!(workspace.konnect.take_writes(), [], "the move only reads");

    // To the destination, in place.
    let text = reader.block("terraform", "moved {");
    let (before, rest) = text
        .split_once("resource \"konnect_audit_log_webhook\" \"eu\"")
        .expect("the webhook");
    let (_, rest) = rest.split_once("\n}\n").expect("its end");
    let step = reader.block(
        "terraform",
        "audit_log_destination_id = konnect_audit_log_destination.siem.id\n}\n",
    );
    assert!(
        step.starts_with("resource \"konnect_audit_log_webhook\" \"eu\""),
        "{step}"
    );
    workspace.write("main.tf", &format!("{before}{step}{rest}"));
    let writes = workspace.apply_and_assert_no_changes();
    assert_eq!(writes.len(), 1, "{writes:?}");
}
