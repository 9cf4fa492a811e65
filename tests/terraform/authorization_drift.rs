//! Drift of the credential, which cannot be read: after a change by another user, it is sent again.

use std::collections::{BTreeMap, BTreeSet};

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use crate::workspace::{AUTHORIZATION, Kind, Plan, Severity, Workspace, only, write};

const THEIRS: &str = "Bearer another-user";

/// A workspace with an applied object.
fn applied(kind: Kind) -> Workspace {
    let workspace = Workspace::of(kind.block());
    workspace.apply();
    workspace
}

/// Another user changes the credential.
fn rotate(kind: Kind, workspace: &Workspace) {
    kind.patch(workspace, &json!({ "authorization": THEIRS }));
    assert_eq!(kind.credential(workspace), THEIRS);
}

/// A workspace with an applied destination whose credential another user has changed.
fn rotated() -> Workspace {
    let workspace = applied(Kind::Destination);
    rotate(Kind::Destination, &workspace);
    workspace
}

/// Asserts that a plan updates one object in place, and warns once on the argument about the other user.
fn assert_reported_once(workspace: &Workspace, kind: Kind, attribute: &str) -> Plan {
    workspace.try_plan().ends_with(2);
    let plan = workspace.plan();
    let address = kind.address();
    assert_eq!(plan.actions(), BTreeMap::from([(address, "update".to_owned())]));
    let warning = only(&plan.diagnostics);
    assert_eq!(warning.severity, Severity::Warning);
    assert_eq!(warning.summary, "Changed by another process or user");
    assert_eq!(warning.address, address);
    assert_eq!(warning.attribute(), Some(attribute));
    assert!(warning.detail.contains("detect_authorization_drift = false"));
    plan
}

#[test]
fn authorization_outside_change_is_overwritten() {
    for kind in Kind::BOTH {
        for attribute in ["authorization", "authorization_wo"] {
            let workspace = Workspace::of(kind.bare().with(attribute, AUTHORIZATION));
            workspace.apply();
            rotate(kind, &workspace);
            let plan = assert_reported_once(&workspace, kind, attribute);
            let mut changed = plan.change(kind.address()).changed();
            // A write-only value is not in a plan.
            assert_eq!(changed.remove("authorization"), attribute == "authorization");
            assert_eq!(changed, BTreeSet::from(["updated_at"]));

            workspace.konnect.clear_requests();
            workspace.apply_plan();
            let call = format!("PATCH {}", kind.path(&workspace.konnect));
            let expected = [write(call, kind.update_of(AUTHORIZATION))];
            assert_eq!(workspace.konnect.take_writes(), expected);
            assert_eq!(kind.credential(&workspace), AUTHORIZATION);
            workspace.assert_no_changes();
        }
    }
}

#[test]
fn detection_is_switched_off_and_on_in_the_provider_block() {
    let kind = Kind::Destination;
    let off = "max_retries = 0\n  detect_authorization_drift = false";
    let workspace = Workspace::new();
    workspace.configure_provider(off, kind.block());
    workspace.init();
    workspace.apply();
    rotate(kind, &workspace);
    workspace.assert_no_changes();
    assert_eq!(kind.credential(&workspace), THEIRS);
    workspace.configure(kind.block());
    rotate(kind, &workspace);
    let call = format!("PATCH {}", kind.path(&workspace.konnect));
    let expected = [write(call, kind.update_of(AUTHORIZATION))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);
}

#[test]
fn plan_without_refresh_detects_no_drift() {
    let workspace = rotated();
    let plan = ["plan", "-refresh=false", "-detailed-exitcode"];
    workspace.run(&plan).succeeds();
    assert_reported_once(&workspace, Kind::Destination, "authorization");
    // A change that a plan detects and does not apply is not recorded, because the next plan detects it again.
    workspace.run(&plan).succeeds();
}

#[test]
fn refresh_only_drift_is_sent_by_plan_without_refresh() {
    let workspace = rotated();
    workspace
        .run(&["apply", "-refresh-only", "-auto-approve"])
        .succeeds();
    workspace
        .run(&["plan", "-refresh=false", "-detailed-exitcode"])
        .ends_with(2);
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
}

#[test]
fn authorization_update_failed_is_planned_again() {
    let workspace = rotated();
    for _ in 0..2 {
        let refused = FaultRule::new(Fault::status(403)).method("PATCH");
        workspace.konnect.inject(refused).unwrap();
        workspace.apply_error();
        assert_reported_once(&workspace, Kind::Destination, "authorization");
    }
    assert_eq!(Kind::Destination.credential(&workspace), THEIRS);
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
    assert_eq!(Kind::Destination.credential(&workspace), AUTHORIZATION);
}

/// If the response to an update is lost, the change may come from this configuration: no other user is reported.
#[test]
fn own_uncertain_write_is_not_reported_as_outside_change() {
    for kind in Kind::BOTH {
        let workspace = applied(kind);
        workspace.configure(kind.block().with("log_format", "json"));
        let lost = FaultRule::new(Fault::DropAfter).method("PATCH");
        workspace.konnect.inject(lost).unwrap();
        workspace.apply_error();
        let plan = workspace.plan();
        let warning = only(&plan.diagnostics);
        let expected = "Changed by a lost request, or by another process or user";
        assert_eq!(warning.summary, expected, "{}", kind.address());
        assert!(warning.detail.contains("response was lost"));
        workspace.apply_plan();
        workspace.assert_no_changes();

        // After the next successful write, changes by others are reported again.
        rotate(kind, &workspace);
        assert_reported_once(&workspace, kind, "authorization");
    }
}
