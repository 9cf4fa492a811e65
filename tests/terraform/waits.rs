//! Temporary conflicts with changes of other objects are waited for.

use konnect_emulator::{Fault, FaultRule};

use crate::workspace::{Block, Workspace};

const V3: &str = "PATCH /eu/v3/audit-log-webhook";

fn eu(workspace: &Workspace) -> serde_json::Value {
    workspace.konnect.region("eu")["webhook"].take()
}

/// Both forms of a webhook that stops using the destination `a`. Without `create_before_destroy`, Terraform deletes the
/// destination before it changes the webhook.
#[test]
fn destination_released_by_its_webhook_in_the_same_apply_is_deleted() {
    let moved = format!("{}{}", Block::destination("b"), Block::webhook_to("eu", "b"));
    for after in [moved, Block::webhook_with_endpoint("eu").to_string()] {
        let a = Block::destination("a").create_before_destroy();
        let workspace = Workspace::of(format!("{a}{}", Block::webhook_to("eu", "a")));
        workspace.apply();
        workspace.configure(after);
        workspace.apply();
        workspace.assert_no_changes();
        assert_eq!(eu(&workspace)["enabled"], true);
    }
}

/// Konnect can respond with 409 for some time after the webhook no longer uses the destination.
#[test]
fn delete_of_a_destination_in_use_is_repeated() {
    let workspace = Workspace::of(Block::destination("a"));
    workspace.apply();
    workspace.konnect.clear_requests();
    let in_use = FaultRule::new(Fault::status(409)).method("DELETE").times(2);
    workspace.konnect.inject(in_use).unwrap();
    workspace.destroy();
    assert_eq!(workspace.konnect.take_writes().len(), 3);
}

#[test]
fn replace_of_a_destination_in_use_names_create_before_destroy() {
    let workspace = Workspace::of(format!(
        "{}{}",
        Block::destination("a"),
        Block::webhook_to("eu", "a")
    ));
    workspace.apply();
    let run = workspace.run(&[
        "apply",
        "-json",
        "-auto-approve",
        "-replace=konnect_audit_log_destination.a",
    ]);
    let error = run.error();
    assert_eq!(error.summary, "Destination is still in use");
    for part in ["create_before_destroy = true", "regions uses it: eu."] {
        assert!(error.detail.contains(part), "{part}: {error:?}");
    }
    assert_eq!(eu(&workspace)["enabled"], true);
}

#[test]
fn webhook_of_a_destination_that_its_region_does_not_know_yet_is_repeated() {
    let workspace = Workspace::of(format!(
        "{}{}",
        Block::destination("a"),
        Block::webhook_to("eu", "a")
    ));
    let unknown = FaultRule {
        times: Some(2),
        ..FaultRule::new(Fault::status(404)).method("PATCH")
    };
    workspace.konnect.inject(unknown).unwrap();
    workspace.apply();
    let writes = workspace.konnect.take_writes();
    assert_eq!(writes.iter().filter(|write| write.call == V3).count(), 3);
    workspace.assert_no_changes();
}

/// The old and the new block have the same destination: nothing is overwritten in any order.
#[test]
fn rename_without_moved_of_a_webhook_takes_one_run_at_parallelism_1() {
    let with = |label: &str| {
        format!(
            "{}{}",
            Block::destination("siem"),
            Block::webhook_to(label, "siem")
        )
    };
    for (from, to) in [("a", "b"), ("b", "a")] {
        let workspace = Workspace::of(with(from));
        workspace.apply();
        workspace.configure(with(to));
        workspace
            .run(&["apply", "-json", "-auto-approve", "-parallelism=1"])
            .succeeds();
        assert_eq!(eu(&workspace)["enabled"], true);
        workspace.assert_no_changes();
    }
}

#[test]
fn swap_of_two_regions_with_one_destination_takes_one_run_at_parallelism_1() {
    let with = |a: &str, b: &str| {
        format!(
            "{}{}{}",
            Block::destination("siem"),
            Block::webhook_to("a", "siem").with("region", a),
            Block::webhook_to("b", "siem").with("region", b)
        )
    };
    let workspace = Workspace::of(with("eu", "us"));
    workspace.apply();
    workspace.configure(with("us", "eu"));
    workspace
        .run(&["apply", "-json", "-auto-approve", "-parallelism=1"])
        .succeeds();
    for region in ["eu", "us"] {
        assert_eq!(workspace.konnect.region(region)["webhook"]["enabled"], true);
    }
    workspace.assert_no_changes();
}
