//! Aborted runs: Ctrl-C twice, and a kill.

use nix::sys::signal::Signal;

use super::{
    ANSWERED, APPLY, AT_ONCE, DESTINATIONS, DESTROY, REGIONS, are_held, asked, configuration, hold, is_empty,
    is_whole, left_nothing, reconcile, workspace,
};
use crate::workspace::{Block, Running, Workspace, assert_no_secret, until};

/// Kills only the CLI while requests are held, and releases them after the plugin has detected the kill.
#[track_caller]
fn kill_cli(workspace: &Workspace, mut running: Running<'_>) {
    running.signal_cli(Signal::SIGKILL);
    running.ended();
    until("the end of the socket", || workspace.temporary_files().is_empty());
    workspace.konnect.clear_faults();
    left_nothing(workspace, &running);
}

/// Kills CLI and plugin, so the plugin's socket remains.
#[track_caller]
fn kill_all(workspace: &Workspace, mut running: Running<'_>) {
    running.signal(Signal::SIGKILL);
    running.ended();
    running.is_gone();
    workspace.konnect.clear_faults();
}

/// Kills only the plugin, so its socket remains. The CLI then ends.
#[track_caller]
fn kill_plugin(workspace: &Workspace, mut running: Running<'_>) {
    running.signal_plugins(Signal::SIGKILL);
    running.ended().ends_with(1);
    running.is_gone();
    workspace.konnect.clear_faults();
}

/// Ctrl-C twice: the CLI kills the plugin after two seconds.
#[track_caller]
fn interrupt_twice(workspace: &Workspace, mut running: Running<'_>) {
    running.interrupt();
    running.is_stopping();
    running.interrupt();
    running.ended().ends_with(1);
    left_nothing(workspace, &running);
    workspace.konnect.clear_faults();
}

type Interruption = fn(&Workspace, Running<'_>);

#[test]
fn create_when_cli_is_killed_rolls_back() {
    let workspace = workspace();
    hold(&workspace, "POST", ANSWERED, true);
    let running = workspace.start(APPLY);
    are_held(&workspace, "POST", AT_ONCE);
    kill_cli(&workspace, running);
    assert_eq!(asked(&workspace, "DELETE"), AT_ONCE);
    assert_eq!(workspace.konnect.destinations().len(), ANSWERED);
    // The state may contain some of the received responses: the products write it at different times.
    let known = workspace.state().addresses().len();
    assert_eq!(reconcile(&workspace).len(), ANSWERED - known);
    is_whole(&workspace, "cef");
}

#[test]
fn create_not_handled_before_kill_leaves_nothing() {
    for interruption in [kill_all as Interruption, kill_plugin, interrupt_twice] {
        let workspace = workspace();
        hold(&workspace, "POST", ANSWERED, false);
        let running = workspace.start(APPLY);
        are_held(&workspace, "POST", AT_ONCE);
        interruption(&workspace, running);
        assert_eq!(workspace.konnect.destinations().len(), ANSWERED);
        let known = workspace.state().addresses().len();
        assert_eq!(reconcile(&workspace).len(), ANSWERED - known);
        is_whole(&workspace, "cef");
    }
}

#[test]
fn killed_apply_leaves_destination_that_next_plan_names() {
    for interruption in [kill_all as Interruption, kill_plugin, interrupt_twice] {
        let workspace = workspace();
        hold(&workspace, "POST", ANSWERED, true);
        let running = workspace.start(APPLY);
        are_held(&workspace, "POST", AT_ONCE);
        interruption(&workspace, running);
        let there = workspace.konnect.destinations().len();
        assert_eq!(there, ANSWERED + AT_ONCE);
        let known = workspace.state().addresses().len();
        assert!(known <= ANSWERED);
        assert_eq!(reconcile(&workspace).len(), there - known);
        is_whole(&workspace, "cef");
    }
}

#[test]
fn webhooks_are_rolled_back_or_taken_over() {
    for (interruption, taken_back) in [
        (kill_cli as Interruption, true),
        (kill_all, false),
        (kill_plugin, false),
    ] {
        let workspace = workspace();
        // All other destinations exist then, because the requests for webhooks are last.
        hold(&workspace, "PATCH", 0, true);
        let running = workspace.start(APPLY);
        are_held(&workspace, "PATCH", REGIONS.len());
        until("all destinations", || asked(&workspace, "POST") == DESTINATIONS);
        interruption(&workspace, running);
        let delivering = || {
            let on = |region: &&&str| workspace.konnect.region(region)["webhook"]["enabled"] == true;
            REGIONS.iter().filter(on).count()
        };
        assert_eq!(delivering(), if taken_back { 0 } else { REGIONS.len() });
        // A webhook with the same destination is not overwritten.
        reconcile(&workspace);
        is_whole(&workspace, "cef");
    }
}

#[test]
fn apply_after_kill_completes_updates() {
    for (interruption, handle) in [
        (kill_cli as Interruption, true),
        (kill_all, true),
        (kill_plugin, false),
        (interrupt_twice, true),
    ] {
        let workspace = workspace();
        workspace.apply();
        workspace.configure(configuration("json"));
        hold(&workspace, "PATCH", ANSWERED, handle);
        let running = workspace.start(APPLY);
        are_held(&workspace, "PATCH", AT_ONCE);
        interruption(&workspace, running);
        assert_eq!(reconcile(&workspace), [""; 0]);
        is_whole(&workspace, "json");
    }
}

/// The CLI saves an object without its private data if the provider does not respond to a change.
#[test]
fn webhook_whose_update_was_killed_keeps_its_owner() {
    let url = "https://siem.example.com/zX8qT3vBwKpL0m-secret-path";
    for interruption in [kill_plugin as Interruption, interrupt_twice] {
        let workspace = Workspace::new();
        let ids = workspace.konnect.add_destinations("global", 3).unwrap();
        let to = |id: &str| {
            let block = Block::webhook("eu").with("region", "eu");
            block.with("audit_log_destination_id", id)
        };
        let secret = Block::webhook_with_endpoint("us")
            .with("region", "us")
            .without("endpoint")
            .with("endpoint_wo", url);
        workspace.set_up(format!("{}{secret}", to(&ids[0])));
        workspace.apply();
        for redirected in [false, true] {
            let off = secret.clone().with("enabled", redirected);
            workspace.configure(format!("{}{off}", to(&ids[usize::from(!redirected)])));
            hold(&workspace, "PATCH", 0, false);
            let running = workspace.start(APPLY);
            are_held(&workspace, "PATCH", 2);
            interruption(&workspace, running);
            if redirected {
                break;
            }
            workspace
                .run(&["apply", "-json", "-auto-approve", "-refresh-only"])
                .succeeds();
            let state = std::fs::read_to_string(workspace.path("terraform.tfstate")).unwrap();
            assert_no_secret(&state, "the state", &["zX8qT3vBwKpL0m"]);
            workspace.apply_and_assert_no_changes();
            assert_eq!(
                workspace.konnect.region("eu")["webhook"]["audit_log_destination_id"],
                ids[1]
            );
        }
        let theirs = serde_json::json!({ "audit_log_destination_id": ids[2], "enabled": true });
        workspace.konnect.edit_webhook("eu", theirs).unwrap();
        let before = workspace.konnect.region("eu")["webhook"].take();
        let run = workspace.destroy();
        let left = run
            .warnings()
            .into_iter()
            .filter(|w| w.summary == "Webhook was left in place");
        assert!(left.count() > 0, "{}", run.report());
        assert_eq!(workspace.konnect.region("eu")["webhook"], before);
    }
}

#[test]
fn destroy_after_kill_completes_deletes() {
    for (interruption, handle) in [
        (kill_cli as Interruption, true),
        (kill_all, true),
        (kill_plugin, false),
        (interrupt_twice, true),
    ] {
        let workspace = workspace();
        workspace.apply();
        hold(&workspace, "DELETE", ANSWERED, handle);
        let running = workspace.start(DESTROY);
        are_held(&workspace, "DELETE", AT_ONCE);
        interruption(&workspace, running);
        workspace.destroy();
        is_empty(&workspace);
    }
}
