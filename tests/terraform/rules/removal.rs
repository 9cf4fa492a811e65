//! A destroy removes the webhook only if it delivers to the target that this resource last applied or imported. Only a
//! request, or an adoption, counts as applied.

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use super::{
    address, beside, delivers_to, endpoint, forms, is_off, is_on, to, warned, webhook, with_destinations,
};
use crate::import::{existing_endpoint, import_block};
use crate::workspace::{AUTHORIZATION, Block, Run, Workspace, says};

const DESTROY: [&str; 3] = ["destroy", "-json", "-auto-approve"];
const LEFT: &str = "Webhook was left in place";

/// Asserts that a run left the webhook of `eu` as it was, and names its target.
#[track_caller]
fn is_left(workspace: &Workspace, before: &Value, run: &Run, target: &str) {
    let warnings = run.warnings();
    let left = warnings.iter().filter(|warning| warning.summary == LEFT);
    let left: Vec<_> = left.collect();
    assert_eq!(left.len(), 1, "{}", run.report());
    says(left[0], LEFT, &[target, "region eu"]);
    assert_eq!(webhook(workspace, "eu"), *before);
}

/// Asserts that a destroy removes the webhook of `eu` without a warning.
#[track_caller]
fn is_removed(workspace: &Workspace, options: &[&str]) {
    let run = workspace.run(&[&DESTROY[..], options].concat()).succeeds();
    assert_eq!(warned(&run), [""; 0]);
    is_off(workspace, "eu");
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

/// What another user does to a webhook without a change of its target.
type Change = fn(&Workspace);

#[test]
fn destroy_removes_a_webhook_that_was_changed_but_not_redirected() {
    let later: Change = |workspace| {
        let edit = json!({ "updated_at": "2037-01-01T00:00:00Z" });
        workspace.konnect.edit_webhook("eu", edit).unwrap();
    };
    let off_and_on: Change = |workspace| {
        for enabled in [false, true] {
            let edit = json!({ "enabled": enabled });
            workspace.konnect.patch("/eu/v2/audit-log-webhook", &edit);
        }
    };
    let off: Change = |workspace| {
        let edit = json!({ "enabled": false });
        workspace.konnect.edit_webhook("eu", edit).unwrap();
    };
    let rotated: Change = |workspace| {
        let edit = json!({ "endpoint": "https://a.example.com/", "authorization": "Bearer rotated" });
        workspace.konnect.patch("/eu/v2/audit-log-webhook", &edit);
    };
    for change in [later, off_and_on, off, rotated] {
        for options in [&[][..], &["-refresh=false"]] {
            let ignoring = "{\n ignore_changes = [authorization]\n}";
            let workspace = Workspace::of(endpoint("a").expression("lifecycle", ignoring));
            workspace.apply();
            change(&workspace);
            is_removed(&workspace, options);
        }
    }
}

#[test]
fn destroy_removes_a_webhook_with_destination_that_was_switched() {
    for enabled in [&[false][..], &[false, true]] {
        let (workspace, destination, _) = with_destinations();
        workspace.set_up(to("a", "eu", &destination));
        workspace.apply();
        for enabled in enabled {
            let edit = json!({ "enabled": enabled });
            workspace.konnect.edit_webhook("eu", edit).unwrap();
        }
        is_removed(&workspace, &[]);
    }
}

#[test]
fn destroy_removes_an_imported_webhook() {
    let workspace = Workspace::of(Block::webhook_with_endpoint("eu"));
    existing_endpoint(&workspace);
    workspace.import(&address("eu"), "eu");
    is_removed(&workspace, &[]);

    let (workspace, destination, _) = with_destinations();
    delivers_to(&workspace, "eu", &destination);
    let import = import_block(&address("eu"), "eu");
    workspace.set_up(format!("{}{import}", to("eu", "eu", &destination)));
    workspace.apply();
    is_removed(&workspace, &[]);
}

/// Two destinations of the configuration, and a webhook that delivers to one of them.
fn following(target: &str) -> String {
    let destinations = ["a", "b"].map(|label| Block::destination(label).to_string());
    format!("{}{}", destinations.concat(), Block::webhook_to("eu", target))
}

#[test]
fn redirect_that_the_configuration_follows_is_adopted_by_an_apply_and_destroyed() {
    let workspace = Workspace::of(following("a"));
    workspace.apply();
    let b = workspace.state().text("konnect_audit_log_destination.b", "id");
    delivers_to(&workspace, "eu", &b);
    workspace.configure(following("b"));
    let plan = workspace.plan();
    assert_eq!(plan.actions()[address("eu").as_str()], "update");
    assert!(plan.change(&address("eu")).unknown().contains("updated_at"));
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.assert_no_changes();
    is_removed(&workspace, &[]);
    assert_eq!(workspace.konnect.destinations().len(), 0);
}

#[test]
fn redirect_that_is_reverted_is_destroyed() {
    let workspace = Workspace::of(endpoint("a"));
    workspace.apply();
    let theirs = json!({ "endpoint": "https://theirs.example.com/" });
    workspace.konnect.edit_webhook("eu", theirs).unwrap();
    workspace.apply_and_assert_no_changes();
    is_removed(&workspace, &[]);
}

#[test]
fn redirect_under_ignore_changes_is_left_by_a_destroy() {
    let (workspace, ours, theirs) = with_destinations();
    let block = |replace: bool| {
        let block = to("eu", "eu", &ours).with("replace_existing", replace);
        let ignoring = "{\n ignore_changes = [audit_log_destination_id]\n}";
        block.expression("lifecycle", ignoring)
    };
    workspace.set_up(block(false));
    workspace.apply();
    delivers_to(&workspace, "eu", &theirs);
    // An update without a request, which must not count as applied.
    workspace.configure(block(true));
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    let before = webhook(&workspace, "eu");
    is_left(&workspace, &before, &workspace.destroy(), &theirs);
}

#[test]
fn redirected_webhook_is_left_by_each_form_of_a_destroy() {
    let target = format!("-target={}", address("a"));
    for options in [&[][..], &["-refresh=false"], &[&target]] {
        let workspace = Workspace::of(endpoint("a"));
        workspace.apply();
        let theirs = json!({ "endpoint": "https://theirs.example.com/s3cret-path" });
        workspace.konnect.edit_webhook("eu", theirs).unwrap();
        let before = webhook(&workspace, "eu");
        let run = workspace.run(&[&DESTROY[..], options].concat()).succeeds();
        is_left(&workspace, &before, &run, "theirs.example.com");
    }
}

#[test]
fn stream_that_another_state_redirected_is_left_by_the_first() {
    for with_endpoint in [true, false] {
        let (first, a, b) = with_destinations();
        let block = |label: &str, id: &str| {
            if with_endpoint {
                endpoint(label)
            } else {
                to(label, "eu", id)
            }
        };
        first.set_up(block("a", &a));
        first.apply();
        let second = beside(&first, block("b", &b).with("replace_existing", true));
        second.apply();
        let before = webhook(&first, "eu");
        let target = if with_endpoint { "b.example.com" } else { &b };
        is_left(&first, &before, &first.destroy(), target);
        second.assert_no_changes();
    }
}

#[test]
fn deposed_webhook_with_changed_target_is_left() {
    for ((workspace, form, _), removal) in forms().into_iter().zip(["DELETE", "PATCH"]) {
        let block = |region: &str| form.clone().with("region", region).create_before_destroy();
        workspace.set_up(block("eu"));
        workspace.apply();
        // The new webhook is created, and the old one cannot be removed.
        let refused = FaultRule::new(Fault::status(403)).method(removal).region("eu");
        workspace.konnect.inject(refused.always()).unwrap();
        workspace.configure(block("us"));
        workspace.try_apply().error();
        workspace.konnect.clear_faults();
        is_on(&workspace, "us");
        // Another user configures the region before the next run.
        workspace.konnect.remove_webhook("eu").unwrap();
        let theirs = json!({ "endpoint": "https://theirs.example.com/", "authorization": AUTHORIZATION, "enabled": true });
        workspace.konnect.edit_webhook("eu", theirs).unwrap();
        let before = webhook(&workspace, "eu");
        is_left(&workspace, &before, &workspace.apply(), "theirs.example.com");
        workspace.assert_no_changes();
    }
}
