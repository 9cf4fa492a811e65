//! A destination is never deleted while a webhook uses it. If the webhook moves in the same apply, the plan says what to
//! set. A destination belongs to the organization.

use std::time::{Duration, Instant};

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use super::{address, is_on, to, webhook};
use crate::workspace::{Block, Workspace, only, says};

const A: &str = "konnect_audit_log_destination.a";

#[test]
fn removal_of_a_destination_whose_webhook_moves_warns_at_plan() {
    let moved = format!("{}{}", Block::destination("b"), Block::webhook_to("eu", "b"));
    for after in [moved, Block::webhook_with_endpoint("eu").to_string()] {
        for create_first in [false, true] {
            let a = Block::destination("a");
            let a = if create_first {
                a.create_before_destroy()
            } else {
                a
            };
            let workspace = Workspace::of(format!("{a}{}", Block::webhook_to("eu", "a")));
            workspace.apply();
            workspace.configure(&after);
            let plan = workspace.plan();
            let warning = only(&plan.diagnostics);
            let parts = ["region eu", "create_before_destroy = true", "an apply of its own"];
            says(
                warning,
                "Destination is removed before its webhook leaves it",
                &parts,
            );
            if create_first {
                workspace.apply_plan();
            } else {
                let error = workspace.try_apply_plan().error();
                says(
                    &error,
                    "Destination is still in use",
                    &["the webhook of region eu", "create_before_destroy"],
                );
                // The same as two applies: the webhook first.
                is_on(&workspace, "eu");
                workspace.apply_with(&[&format!("-target={}", address("eu"))]);
                workspace.apply();
            }
            workspace.assert_no_changes();
            is_on(&workspace, "eu");
        }
    }
}

/// Asserts that a destroy fails within the wait for a move, and names the user.
#[track_caller]
fn names(workspace: &Workspace, user: &str) {
    let began = Instant::now();
    let target = format!("-target={A}");
    let error = workspace
        .run(&["destroy", "-json", "-auto-approve", &target])
        .error();
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    says(&error, "Destination is still in use", &[user]);
}

#[test]
fn deletion_of_a_destination_in_use_names_the_webhook_that_uses_it() {
    let workspace = Workspace::of(Block::destination("a"));
    workspace.apply();
    let id = workspace.state().text(A, "id");
    let edit = json!({ "audit_log_destination_id": id, "enabled": true });
    let portal = workspace.konnect.add_portal("us", "developers").unwrap();
    workspace
        .konnect
        .edit_webhook(("us", &portal), edit.clone())
        .unwrap();
    names(
        &workspace,
        &format!("the webhook of Dev Portal {portal} in region us"),
    );
    workspace.konnect.remove_webhook(("us", &portal)).unwrap();
    workspace.konnect.edit_webhook("au", edit).unwrap();
    names(&workspace, "the webhook of region au");
    assert_eq!(webhook(&workspace, "au")["enabled"], true);
}

/// Konnect can respond with 409 for some time after the webhook no longer uses the destination.
#[test]
fn deletion_of_a_destination_without_a_user_is_repeated() {
    let workspace = Workspace::of(Block::destination("a"));
    workspace.apply();
    workspace.konnect.clear_requests();
    let in_use = FaultRule::new(Fault::status(409)).method("DELETE").times(2);
    workspace.konnect.inject(in_use).unwrap();
    workspace.destroy();
    assert_eq!(workspace.konnect.take_writes().len(), 3);
}

#[test]
fn new_destination_that_its_region_does_not_know_yet_is_waited_for() {
    let workspace = Workspace::of(Block::destination("a") + Block::webhook_to("eu", "a"));
    let unknown = FaultRule::new(Fault::status(404)).method("PATCH").times(2);
    workspace.konnect.inject(unknown).unwrap();
    workspace.apply();
    let writes = workspace.konnect.take_writes();
    assert_eq!(
        writes
            .iter()
            .filter(|write| write.call == "PATCH /eu/v3/audit-log-webhook")
            .count(),
        3
    );
    workspace.assert_no_changes();
}

#[test]
fn destination_has_no_region() {
    let workspace = Workspace::of(Block::destination("a").with("region", "eu"));
    let error = workspace.validate().error();
    assert_eq!(error.summary, "Unsupported argument");

    let (eu, us) = (to("eu", "eu", "").to_string(), to("us", "us", "").to_string());
    let own = |block: String| block.replace("\"\"", &format!("{A}.id"));
    workspace.configure(format!("{}{}{}", Block::destination("a"), own(eu), own(us)));
    workspace.konnect.clear_requests();
    workspace.apply_and_assert_no_changes();
    let id = workspace.state().text(A, "id");
    for region in ["eu", "us"] {
        assert_eq!(webhook(&workspace, region)["audit_log_destination_id"], id);
    }
    // The import id is the id alone.
    workspace.run(&["state", "rm", A]).succeeds();
    workspace.run(&["import", A, &format!("eu/{id}")]).ends_with(1);
    workspace.import(A, &id);
}
