//! A destination that equals an existing one: the plan warns, and the apply succeeds.

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use crate::workspace::{Block, Workspace};

const SIEM: &str = "konnect_audit_log_destination.siem";

fn siem() -> Block {
    Block::destination("siem")
}

/// Creates an equal destination as another user.
fn made_elsewhere(workspace: &Workspace) -> String {
    let body = json!({
        "name": "siem", "endpoint": "https://siem.example.com/audit", "authorization": "Bearer other", "log_format": "cef",
    });
    let made = workspace
        .konnect
        .posted_by_another_user("/global/v3/audit-log-destinations", &body);
    workspace.konnect.clear_requests();
    made["id"].as_str().unwrap().to_owned()
}

fn count(workspace: &Workspace) -> usize {
    workspace.konnect.destinations("global").len()
}

#[test]
fn create_duplicate_warns_at_plan_and_names_the_import() {
    let workspace = Workspace::of(siem());
    let id = made_elsewhere(&workspace);
    let run = workspace.try_plan().ends_with(2);
    let [warning] = run.warnings()[..] else {
        panic!("one warning: {}", run.report());
    };
    assert_eq!(warning.summary, "An identical destination already exists");
    assert_eq!(warning.attribute(), Some("name"));
    let created = workspace.konnect.destinations("global")[0]["created_at"].clone();
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
fn duplicate_check_lists_once_for_each_process() {
    let workspace = Workspace::of(
        siem()
            .with("count", 6)
            .expression("name", "\"siem ${count.index}\""),
    );
    workspace.apply();
    let asked = workspace.konnect.take_requests();
    let looks = asked
        .iter()
        .filter(|r| r.path.contains("/audit-log-destinations?page"));
    // Each plan has a separate process.
    assert_eq!(looks.count(), 2);
    assert_eq!(asked.iter().filter(|r| r.method == "POST").count(), 6);
    assert_eq!(asked.len(), 8);
}

#[test]
fn duplicate_check_failed_still_creates() {
    let workspace = Workspace::of(siem());
    let refused = FaultRule::new(Fault::status(403)).method("GET").path("page");
    workspace.konnect.inject(refused.always()).unwrap();
    workspace.apply();
    assert_eq!(count(&workspace), 1);
}

#[test]
fn duplicates_in_one_run_create_without_warning() {
    let workspace = Workspace::of(siem().with("count", 3));
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(count(&workspace), 3);
}

#[test]
fn second_equal_destination_of_one_block_is_created() {
    let workspace = Workspace::of(siem().with("count", 1));
    workspace.apply();
    workspace.configure(siem().with("count", 2));
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(count(&workspace), 2);
}

/// The destination is destroyed and created under another name, in an order that Terraform chooses.
#[test]
fn renamed_label_without_moved_block_recreates_destination() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    let before = workspace.state().text(SIEM, "id");
    workspace.configure(Block::destination("renamed").with("name", "siem"));
    workspace.apply();
    workspace.assert_no_changes();
    let after = workspace
        .state()
        .text("konnect_audit_log_destination.renamed", "id");
    assert_ne!(before, after);
    let replace = "-replace=konnect_audit_log_destination.renamed";
    workspace
        .run(&["apply", "-json", "-auto-approve", replace])
        .succeeds();
    assert_eq!(count(&workspace), 1);
}

#[test]
fn rename_without_moved_of_a_destination_in_use_takes_one_run() {
    let with = |label: &str| {
        format!(
            "{}{}",
            Block::destination(label)
                .with("name", "siem")
                .create_before_destroy(),
            Block::webhook_to("eu", label)
        )
    };
    let workspace = Workspace::of(with("siem"));
    workspace.apply();
    workspace.configure(with("renamed"));
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(count(&workspace), 1);
}
