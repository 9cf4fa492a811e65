//! A creation of what is there already: refused, unless this run knows whose that is, or is told not to mind.

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use crate::workspace::{Block, Workspace};

const SIEM: &str = "konnect_audit_log_destination.siem";

fn siem() -> Block {
    Block::destination("siem")
}

/// What somebody makes who has the same in mind.
fn made_elsewhere(workspace: &Workspace) -> String {
    let body = json!({
        "name": "siem", "endpoint": "https://siem.example.com/audit", "authorization": "Bearer other", "log_format": "cef",
    });
    let made = workspace
        .konnect
        .posted_by_somebody_else("/global/v3/audit-log-destinations", &body);
    workspace.konnect.clear_requests();
    made["id"].as_str().unwrap().to_owned()
}

fn count(workspace: &Workspace) -> usize {
    workspace.konnect.destinations("global").len()
}

#[test]
fn the_plan_refuses_it_on_the_name_and_tells_the_import() {
    let workspace = Workspace::of(siem());
    let id = made_elsewhere(&workspace);
    for run in [workspace.try_plan(), workspace.try_apply()] {
        let error = run.error();
        assert_eq!(error.summary, "Destination already exists");
        assert_eq!(error.attribute(), Some("name"));
        let created = workspace.konnect.destinations("global")[0]["created_at"].clone();
        for told in [
            &id,
            created.as_str().unwrap(),
            "moved block",
            "allow_identical = true",
        ] {
            assert!(error.detail.contains(told), "{told}: {}", error.detail);
        }
        let import =
            format!("import {{\n    to = konnect_audit_log_destination.NAME\n    id = \"global/{id}\"\n  }}");
        assert!(error.detail.contains(&import), "{}", error.detail);
    }
    assert_eq!(workspace.konnect.take_writes(), []);

    let import = format!("import {{\n  to = {SIEM}\n  id = \"global/{id}\"\n}}\n");
    workspace.write("import.tf", &import);
    workspace.apply();
    workspace.is_settled();
    assert_eq!((workspace.state().text(SIEM, "id"), count(&workspace)), (id, 1));
}

#[test]
fn what_differs_in_anything_is_another_one() {
    for (attribute, value) in [
        ("name", json!("siem 2")),
        ("endpoint", json!("https://siem.example.com/audit/")),
        ("log_format", json!("json")),
        ("skip_ssl_verification", json!(true)),
        ("region", json!("eu")),
        ("allow_identical", json!(true)),
    ] {
        let workspace = Workspace::of(siem().with(attribute, value));
        let other = made_elsewhere(&workspace);
        workspace.apply();
        workspace.is_settled();
        assert_ne!(workspace.state().text(SIEM, "id"), other, "{attribute}");
    }
}

#[test]
fn one_look_a_process_and_region_is_enough_however_many_are_created() {
    let many = siem()
        .with("count", 6)
        .expression("name", "\"siem ${count.index}\"")
        .expression("region", "count.index < 4 ? \"global\" : \"eu\"");
    let workspace = Workspace::of(many);
    workspace.apply();
    let asked = workspace.konnect.take_requests();
    let looks = |region: &str| {
        let list = format!("/{region}/v3/audit-log-destinations?page");
        asked.iter().filter(|r| r.path.starts_with(&list)).count()
    };
    // A plan has a process of its own.
    assert_eq!((looks("global"), looks("eu")), (2, 2));
    assert_eq!(asked.iter().filter(|r| r.method == "POST").count(), 6);
    assert_eq!(asked.len(), 10);
}

#[test]
fn a_creation_does_not_depend_on_the_look() {
    let workspace = Workspace::of(siem());
    let refused = FaultRule::new(Fault::status(403)).method("GET").path("page");
    workspace.konnect.inject(refused.always()).unwrap();
    workspace.apply();
    assert_eq!(count(&workspace), 1);
}

#[test]
fn what_one_run_creates_may_be_identical() {
    let workspace = Workspace::of(siem().with("count", 3));
    workspace.apply();
    workspace.is_settled();
    assert_eq!(count(&workspace), 3);
}

/// An apply does not see the states that stay as they are.
#[test]
fn one_more_beside_an_identical_one_has_to_be_asked_for() {
    let workspace = Workspace::of(siem().with("count", 1));
    workspace.apply();
    workspace.configure(siem().with("count", 2));
    assert_eq!(workspace.apply_error().summary, "Destination already exists");
    assert_eq!(count(&workspace), 1);
    workspace.configure(siem().with("count", 2).with("allow_identical", true));
    workspace.apply();
    workspace.is_settled();
    assert_eq!(count(&workspace), 2);
}

/// The destination goes and comes back under another name; in which order is Terraform's to choose.
#[test]
fn what_the_same_run_removes_is_in_no_way() {
    let workspace = Workspace::of(siem());
    workspace.apply();
    let before = workspace.state().text(SIEM, "id");
    workspace.configure(Block::destination("renamed").with("name", "siem"));
    workspace.apply();
    workspace.is_settled();
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
fn a_replacement_that_comes_before_the_removal_has_to_be_asked_for() {
    let workspace = Workspace::of(siem().create_before_destroy());
    workspace.apply();
    let replace = format!("-replace={SIEM}");
    let replace = || workspace.run(&["apply", "-json", "-auto-approve", &replace]);
    assert_eq!(replace().error().summary, "Destination already exists");
    assert_eq!(count(&workspace), 1);
    workspace.configure(siem().with("allow_identical", true).create_before_destroy());
    workspace.apply();
    let before = workspace.state().text(SIEM, "id");
    replace().succeeds();
    workspace.is_settled();
    assert_ne!(workspace.state().text(SIEM, "id"), before);
    assert_eq!(count(&workspace), 1);
}
