//! A stream that another process or user redirected is not redirected back without a word.

use super::{address, delivers_to, endpoint, is_on, to, warned, webhook, with_destinations};
use crate::workspace::{Block, Workspace, says};

/// A webhook of `eu` with `endpoint_wo`.
fn secret(path: &str) -> Block {
    let url = format!("https://siem.example.com/{path}-0123456789");
    endpoint("a").without("endpoint").with("endpoint_wo", url)
}

#[test]
fn redirect_after_the_plan_of_a_change_of_endpoint_wo_is_not_overwritten() {
    for saved in [true, false] {
        for next in 0..3 {
            let (workspace, ours, theirs) = with_destinations();
            workspace.set_up(secret("our-path"));
            workspace.apply();
            workspace.configure(match next {
                0 => to("a", "eu", &ours),
                1 => secret("new-path"),
                _ => endpoint("a"),
            });
            let run = if saved {
                workspace.plan();
                delivers_to(&workspace, "eu", &theirs);
                workspace.try_apply_plan()
            } else {
                delivers_to(&workspace, "eu", &theirs);
                workspace.run(&["apply", "-json", "-auto-approve", "-refresh=false"])
            };
            says(&run.error(), "Webhook was changed after the plan", &[&theirs]);
            is_on(&workspace, "eu");
            assert_eq!(webhook(&workspace, "eu")["audit_log_destination_id"], theirs);
        }
    }
}

#[test]
fn end_of_ignore_changes_after_a_redirect_was_accepted_warns() {
    let (workspace, ours, theirs) = with_destinations();
    let block = to("a", "eu", &ours);
    let ignoring = "{\n ignore_changes = [audit_log_destination_id]\n}";
    workspace.set_up(block.clone().expression("lifecycle", ignoring));
    workspace.apply();
    delivers_to(&workspace, "eu", &theirs);
    workspace.apply_and_assert_no_changes();
    workspace.configure(block);
    let plan = workspace.plan();
    assert_eq!(plan.actions()[address("a").as_str()], "update");
    let redirected = "Webhook was redirected by another process or user";
    says(&plan.diagnostics[0], redirected, &[&ours, &theirs]);
    workspace.apply_plan();
    workspace.assert_no_changes();
}

/// Terraform removes the old webhook first, so a creation that fails leaves no stream.
#[test]
fn replacement_that_will_fail_warns_that_the_old_stream_goes_first() {
    let (workspace, ours, _) = with_destinations();
    let portal = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";
    workspace.set_up(to("a", "eu", &ours));
    workspace.apply();
    for (replacement, fails) in [
        (to("a", "us", "7f9fd312"), "Invalid audit_log_destination_id"),
        (
            to("a", "eu", &ours).with("portal_id", "docs"),
            "Invalid portal_id",
        ),
        (
            to("a", "eu", &ours).with("portal_id", portal),
            "Dev Portal not found",
        ),
    ] {
        workspace.configure(replacement);
        let run = workspace.try_plan().ends_with(2);
        let warned = warned(&run);
        assert!(warned.contains(&fails), "{}", run.report());
        assert!(
            warned.contains(&"The old stream is removed first"),
            "{}",
            run.report()
        );
    }
}

#[test]
fn state_moved_from_kong_and_never_applied_is_destroyed_without_a_removal() {
    let workspace = Workspace::new();
    let mut kongs = crate::migration::Kongs::existing(&workspace);
    kongs.destination = serde_json::Value::Null;
    kongs.store(&workspace);
    let block = Block::webhook_with_endpoint("eu");
    workspace.set_up(format!("{block}{}", crate::migration::moved_webhook()));
    let before = webhook(&workspace, "eu");
    let run = workspace.destroy();
    assert_eq!(warned(&run), ["Webhook was left in place"]);
    assert_eq!(webhook(&workspace, "eu"), before);
    assert_eq!(workspace.state().addresses(), [""; 0]);
}
