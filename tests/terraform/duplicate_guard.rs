//! A destination that equals an existing one: the plan warns, and the apply succeeds.

use serde_json::json;

use crate::workspace::{Block, Workspace, is_at, only};

const SIEM: &str = "konnect_audit_log_destination.siem";

fn siem() -> Block {
    Block::destination("siem")
}

/// Creates an equal destination as another user.
fn made_elsewhere(workspace: &Workspace) -> String {
    let body = json!({
        "name": "siem", "endpoint": "https://siem.example.com/audit", "authorization": "Bearer other", "log_format": "cef",
    });
    let made = workspace.konnect.post("/global/v3/audit-log-destinations", &body);
    workspace.konnect.clear_requests();
    made["id"].as_str().unwrap().to_owned()
}

fn count(workspace: &Workspace) -> usize {
    workspace.konnect.destinations().len()
}

#[test]
fn create_duplicate_warns_at_plan_and_names_the_import() {
    let workspace = Workspace::of(siem());
    let id = made_elsewhere(&workspace);
    let run = workspace.try_plan().ends_with(2);
    let warning = only(&run.diagnostics);
    is_at(warning, "name", "An identical destination already exists");
    let created = workspace.konnect.destinations()[0]["created_at"].clone();
    for part in [&id, created.as_str().unwrap(), " ago)"] {
        assert!(warning.detail.contains(part), "{part}: {}", warning.detail);
    }
    let import = format!("import {{\n    to = konnect_audit_log_destination.NAME\n    id = \"{id}\"\n  }}");
    assert!(warning.detail.contains(&import), "{}", warning.detail);
    assert_eq!(workspace.konnect.take_writes(), []);

    let import = format!("import {{\n  to = {SIEM}\n  id = \"{id}\"\n}}\n");
    workspace.write("import.tf", &import);
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!((workspace.state().text(SIEM, "id"), count(&workspace)), (id, 1));
}

#[test]
fn create_duplicate_is_not_refused_by_apply() {
    let workspace = Workspace::of(siem());
    made_elsewhere(&workspace);
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(count(&workspace), 2);
}

#[test]
fn create_with_any_difference_does_not_warn() {
    for (attribute, value) in [
        ("name", json!("siem 2")),
        ("endpoint", json!("https://siem.example.com/audit-2")),
        ("log_format", json!("json")),
        ("skip_ssl_verification", json!(true)),
    ] {
        let workspace = Workspace::of(siem().with(attribute, value));
        let other = made_elsewhere(&workspace);
        let run = workspace.apply();
        assert!(!run.stdout.contains("An identical destination"), "{attribute}");
        workspace.assert_no_changes();
        assert_ne!(workspace.state().text(SIEM, "id"), other, "{attribute}");
    }
}

#[test]
fn duplicates_in_one_run_create_without_warning() {
    let workspace = Workspace::of(siem().with("count", 3));
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(count(&workspace), 3);
}

#[test]
fn rename_without_moved_of_a_destination_in_use_takes_one_run() {
    let with = |label: &str| {
        Block::destination(label)
            .with("name", "siem")
            .create_before_destroy()
            + Block::webhook_to("eu", label)
    };
    let workspace = Workspace::of(with("siem"));
    workspace.apply();
    workspace.configure(with("renamed"));
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(count(&workspace), 1);
}
