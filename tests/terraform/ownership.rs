//! Destroying a webhook never disables a stream that another process or user has configured.

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::workspace::{Block, Run, Workspace};

const A: &str = "konnect_audit_log_webhook.a";

/// Webhooks of `eu` with different targets, in both forms.
fn forms() -> [fn(&str) -> String; 2] {
    let endpoint = |label: &str| {
        Block::webhook_with_endpoint(label)
            .with("endpoint", format!("https://{label}.example.com/"))
            .with("replace_existing", true)
            .to_string()
    };
    let pointing = |label: &str| {
        let webhook = Block::webhook_to(label, label).with("replace_existing", true);
        format!("{}{webhook}", Block::destination(label))
    };
    [endpoint, pointing]
}

fn eu(workspace: &Workspace) -> Value {
    workspace.konnect.region("eu")["webhook"].take()
}

/// Asserts that a run did not change the webhook, and reports its target.
#[track_caller]
fn assert_left_in_place(run: &Run, target: &str) {
    let warnings = run.warnings();
    let left: Vec<_> = warnings
        .iter()
        .filter(|w| w.summary == "Webhook was left in place")
        .collect();
    assert_eq!(left.len(), 1, "{}", run.report());
    assert!(left[0].detail.contains(target), "{:?}", left[0]);
}

#[test]
fn remove_block_with_region_of_another_block_keeps_the_stream() {
    for (form, target) in forms().into_iter().zip(["b.example.com", "the destination"]) {
        let workspace = Workspace::of(form("a"));
        workspace.apply();
        workspace.configure(format!("{}{}", form("a"), form("b")));
        workspace
            .run(&[
                "apply",
                "-json",
                "-auto-approve",
                "-target=konnect_audit_log_webhook.b",
            ])
            .succeeds();
        let before = eu(&workspace);
        workspace.configure(form("b"));
        assert_left_in_place(&workspace.apply(), target);
        assert_eq!(eu(&workspace), before);
        assert_eq!(before["enabled"], true);
        workspace.assert_no_changes();
    }
}

#[test]
fn destroy_in_one_of_two_states_leaves_the_stream_of_the_other() {
    for (form, target) in forms().into_iter().zip(["b.example.com", "the destination"]) {
        for options in [
            &[][..],
            &["-refresh=false"],
            &["-target=konnect_audit_log_webhook.a"],
        ] {
            let first = Workspace::of(form("a"));
            first.apply();
            let mut second = Workspace::new();
            second.set(
                "KONNECT_SERVER_URL",
                format!("{}/{{region}}", first.konnect.url()),
            );
            second.configure(form("b"));
            second.init();
            second.apply();
            let before = eu(&first);
            let destroy = [&["destroy", "-json", "-auto-approve"], options].concat();
            assert_left_in_place(&first.run(&destroy).succeeds(), target);
            assert_eq!(eu(&first), before);
            assert_eq!(before["enabled"], true);
            second.assert_no_changes();
        }
    }
}

#[test]
fn destroy_of_a_webhook_that_was_only_switched_removes_it() {
    for form in forms() {
        for options in [&[][..], &["-refresh=false"]] {
            let workspace = Workspace::of(form("a"));
            workspace.apply();
            workspace
                .konnect
                .edit_webhook("eu", json!({ "enabled": false }))
                .unwrap();
            workspace
                .konnect
                .edit_webhook("eu", json!({ "enabled": true }))
                .unwrap();
            workspace
                .konnect
                .edit_webhook("eu", json!({ "enabled": false }))
                .unwrap();
            let run = workspace
                .run(&[&["destroy", "-json", "-auto-approve"], options].concat())
                .succeeds();
            assert!(run.warnings().is_empty(), "{}", run.report());
            assert_eq!(eu(&workspace)["enabled"], false);
        }
    }
}

#[test]
fn destroy_after_target_changed_and_was_restored_removes_it() {
    let workspace = Workspace::of(Block::webhook_with_endpoint("a"));
    workspace.apply();
    let theirs = json!({ "endpoint": "https://theirs.example.com/" });
    workspace.konnect.edit_webhook("eu", theirs).unwrap();
    // The next apply configures the region, and owns it again.
    workspace.apply_and_assert_no_changes();
    workspace.destroy();
    assert_eq!(eu(&workspace)["enabled"], false);
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn region_with_changed_target_is_left_by_destroy_target() {
    let workspace = Workspace::of(Block::webhook_with_endpoint("a"));
    workspace.apply();
    let theirs = json!({ "endpoint": "https://theirs.example.com/s3cret-path" });
    workspace.konnect.edit_webhook("eu", theirs).unwrap();
    let target = format!("-target={A}");
    let run = workspace
        .run(&["destroy", "-json", "-auto-approve", &target])
        .succeeds();
    assert_left_in_place(&run, "theirs.example.com");
    assert_eq!(eu(&workspace)["enabled"], true);
}

#[test]
fn deposed_webhook_with_changed_target_is_left_in_place() {
    let endpoint = Block::webhook_with_endpoint("a");
    let pointing = Block::webhook_to("a", "siem");
    let block = |form: &Block, region: &str| {
        let webhook = form.clone().with("region", region).create_before_destroy();
        format!("{}{webhook}", Block::destination("siem"))
    };
    for (form, removal) in [(endpoint, "PATCH"), (pointing, "DELETE")] {
        let workspace = Workspace::of(block(&form, "eu"));
        workspace.apply();
        // The new webhook is created, and the old one cannot be removed.
        let refused = FaultRule::new(Fault::status(403)).method(removal).region("eu");
        workspace.konnect.inject(refused.always()).unwrap();
        workspace.configure(block(&form, "us"));
        workspace.try_apply().error();
        workspace.konnect.clear_faults();
        assert_eq!(workspace.konnect.region("us")["webhook"]["enabled"], true);
        // Another user configures the region before the next run.
        workspace.konnect.remove_webhook("eu").unwrap();
        let theirs = json!({ "endpoint": "https://theirs.example.com/", "enabled": true });
        workspace.konnect.edit_webhook("eu", theirs).unwrap();
        assert_left_in_place(&workspace.apply(), "theirs.example.com");
        assert_eq!(eu(&workspace)["enabled"], true);
        workspace.assert_no_changes();
    }
}
