//! Existing objects, listed by `terraform query` and imported with the configuration that it generates.
//! `tests/protocol/lists.rs` makes the same calls for other CLIs.

use std::fs;

use serde_json::json;

use crate::workspace::{Feature, Workspace, cli, project};

const DESTINATION: &str = "konnect_audit_log_destination";
const WEBHOOK: &str = "konnect_audit_log_webhook";

/// Creates the existing objects, with credentials that no response contains: three destinations, a webhook with one of
/// them, a webhook with an endpoint and other settings, and one with a disabled endpoint.
fn console(workspace: &Workspace) {
    let konnect = &workspace.konnect;
    let ids = konnect.add_destinations("global", 3).unwrap();
    for (id, mut edit) in ids.iter().zip([
        json!({ "name": "beta" }),
        json!({ "name": "alpha", "log_format": "json", "skip_ssl_verification": true }),
        json!({ "name": "beta", "log_format": "cps" }),
    ]) {
        edit["authorization"] = json!("Bearer of-the-console");
        konnect.edit_destination("global", id, edit).unwrap();
    }
    let by_destination = json!({ "audit_log_destination_id": ids[0], "enabled": true });
    konnect.edit_webhook("eu", by_destination).unwrap();
    for (region, mut edit) in [
        (
            "us",
            json!({ "enabled": true, "log_format": "json", "skip_ssl_verification": true }),
        ),
        ("au", json!({ "enabled": false })),
    ] {
        edit["endpoint"] = json!("https://siem.example.com/own");
        edit["authorization"] = json!("Bearer of-the-console");
        konnect.edit_webhook(region, edit).unwrap();
    }
}

#[test]
fn existing_objects_import_with_generated_configuration_unchanged() {
    if !cli().supports_or_reports(Feature::Query) {
        return;
    }
    let workspace = Workspace::new();
    console(&workspace);
    workspace.set_up("");
    workspace.konnect.clear_requests();
    let blocks = [DESTINATION, WEBHOOK]
        .map(|type_name| format!("list \"{type_name}\" \"all\" {{\n  provider = konnect\n}}\n"));
    workspace.write("find.tfquery.hcl", &blocks.concat());
    workspace.run(&["validate", "-query", "-json"]).succeeds();
    let query = ["query", "-no-color", "-generate-config-out=generated.tf"];
    let shown = workspace.run(&query).succeeds();
    // The target and the state of a stream.
    let us = "us: an endpoint on siem.example.com (on)";
    assert!(shown.stdout.contains(us), "{}", shown.report());
    let generated = fs::read_to_string(workspace.path("generated.tf")).unwrap();
    for superfluous in ["\"cef\"", "created_at", "updated_at"] {
        assert!(!generated.contains(superfluous), "{superfluous} in {generated}");
    }
    let planned = workspace.run(&["plan", "-no-color"]).succeeds();
    assert!(
        planned
            .stdout
            .contains("Plan: 6 to import, 0 to add, 0 to change, 0 to destroy."),
        "{}\n{generated}",
        planned.report()
    );
    let run = workspace.apply();
    // For two existing objects.
    let expected = "Deliveries can be intercepted";
    assert!(
        run.warnings().iter().all(|warning| warning.summary == expected),
        "{}",
        run.report()
    );
    workspace.assert_no_changes();
    let found = workspace.konnect.take_writes();
    assert_eq!(found, [], "the credentials are not managed");
    assert_eq!(workspace.state().addresses().len(), 6);
}

#[test]
fn examples_of_list_resources_are_valid() {
    if !cli().supports_or_reports(Feature::Query) {
        return;
    }
    for type_name in [DESTINATION, WEBHOOK] {
        let file = format!("examples/list-resources/{type_name}/list-resource.tfquery.hcl");
        let workspace = Workspace::new();
        console(&workspace);
        workspace.copy("examples/provider", ".");
        workspace.copy(&file, "list-resource.tfquery.hcl");
        workspace.init();
        let text = fs::read_to_string(project(&file)).unwrap();
        assert_eq!(text.matches("\nlist ").count(), 2, "{file}");
        workspace.run(&["validate", "-query", "-json"]).succeeds();
        assert_ne!(workspace.query(), []);
    }
}
