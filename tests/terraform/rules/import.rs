//! An import, or a `moved` from another provider, never redirects a stream until an apply has succeeded.

use serde_json::{Value, json};

use super::{address, delivers_to, is_on, to, webhook, with_destinations};
use crate::import::import_block;
use crate::migration::{Kongs, moved_webhook};
use crate::workspace::{Block, Diagnostic, Workspace, only, says};

const NOT_REDIRECTED: &str = "Imported stream is not redirected";

/// Asserts that plan and apply refuse to redirect the stream, also when the apply is repeated.
#[track_caller]
fn is_refused(workspace: &Workspace, target: &str) -> Diagnostic {
    let before = webhook(workspace, "eu");
    workspace.konnect.clear_requests();
    let run = workspace.try_plan().ends_with(2);
    let warnings = run.warnings();
    let warning = warnings.iter().find(|warning| warning.summary == NOT_REDIRECTED);
    let warning = warning.unwrap_or_else(|| panic!("no warning: {}", run.report()));
    assert!(warning.detail.starts_with("The apply will fail."), "{warning:?}");
    workspace.apply_error();
    let error = workspace.apply_error();
    for refusal in [warning, &&error] {
        says(
            refusal,
            NOT_REDIRECTED,
            &[target, "region eu", "replace_existing = true"],
        );
    }
    assert_eq!(workspace.konnect.take_writes(), []);
    assert_eq!(webhook(workspace, "eu"), before);
    error
}

#[test]
fn import_as_the_refused_creation_proposes_redirects_nothing_when_the_apply_is_repeated() {
    let (workspace, ours, theirs) = with_destinations();
    let import = import_block(&address("eu"), "eu");
    workspace.set_up(format!("{}{import}", to("eu", "eu", &ours)));
    delivers_to(&workspace, "eu", &theirs);
    is_refused(&workspace, &theirs);
    // With the existing target, as the message says, nothing is left to apply.
    workspace.configure(format!("{}{import}", to("eu", "eu", &theirs)));
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    // An import that agreed has recorded no apply.
    workspace.configure(to("eu", "eu", &ours));
    is_refused(&workspace, &theirs);

    workspace.configure(to("eu", "eu", &ours).with("replace_existing", true));
    for refresh in ["-refresh=true", "-refresh=false"] {
        let plan = workspace.plan_with(&[refresh]);
        let warning = only(&plan.diagnostics);
        says(warning, "A live stream is redirected", &[&theirs, &ours]);
    }
    workspace.apply_plan();
    assert_eq!(webhook(&workspace, "eu")["audit_log_destination_id"], ours);
    // From then on, the stream is that of this resource.
    workspace.configure(to("eu", "eu", &theirs));
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
}

#[test]
fn imported_endpoint_is_redirected_neither_to_an_endpoint_nor_to_a_destination() {
    for with_endpoint in [true, false] {
        let (workspace, ours, _) = with_destinations();
        let block = if with_endpoint {
            Block::webhook_with_endpoint("eu")
        } else {
            to("eu", "eu", &ours)
        };
        workspace.set_up(format!("{block}{}", import_block(&address("eu"), "eu")));
        let theirs = json!({ "endpoint": "https://theirs.example.com/s3cret", "authorization": "Bearer x", "enabled": true });
        workspace.konnect.edit_webhook("eu", theirs).unwrap();
        is_refused(&workspace, "an endpoint on theirs.example.com");
        assert!(!workspace.printed().contains("theirs.example.com/s3cret\n"));
    }
}

#[test]
fn moved_webhook_of_kong_with_a_wrong_region_overwrites_nothing() {
    let (mut workspace, _, theirs) = with_destinations();
    let mut kongs = Kongs::existing(&workspace);
    kongs.destination = Value::Null;
    kongs.store(&workspace);
    delivers_to(&workspace, "us", &theirs);
    let before = webhook(&workspace, "us");
    workspace.set("KONNECT_REGION", "us");
    workspace.set_up(Block::webhook_with_endpoint("eu").without("region") + moved_webhook());
    let run = workspace.try_plan().ends_with(2);
    assert!(
        run.warnings().iter().any(|w| w.summary == NOT_REDIRECTED),
        "{}",
        run.report()
    );
    for _ in 0..2 {
        says(
            &workspace.apply_error(),
            NOT_REDIRECTED,
            &[&theirs, "region us", "correct region"],
        );
    }
    assert_eq!(webhook(&workspace, "us"), before);
    // With the right region, the move writes nothing.
    workspace.set("KONNECT_REGION", "eu");
    workspace.konnect.clear_requests();
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    is_on(&workspace, "eu");
}

#[test]
fn moved_webhook_of_kong_that_was_redirected_since_overwrites_nothing() {
    let (workspace, _, theirs) = with_destinations();
    let mut kongs = Kongs::existing(&workspace);
    kongs.destination = Value::Null;
    kongs.store(&workspace);
    delivers_to(&workspace, "eu", &theirs);
    let block = Block::webhook_with_endpoint("eu");
    workspace.set_up(format!("{block}{}", moved_webhook()));
    is_refused(&workspace, &theirs);
    // On request, it is redirected to the target of the state, or set up again.
    workspace.configure(block.with("replace_existing", true) + moved_webhook());
    for gone in [false, true] {
        if gone {
            kongs.store(&workspace);
            workspace.konnect.remove_webhook("eu").unwrap();
        }
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
        is_on(&workspace, "eu");
    }
}
