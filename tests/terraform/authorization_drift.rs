//! Drift of the credential, which cannot be read: after a change by another user, it is sent again.

use std::collections::{BTreeMap, BTreeSet};

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, Plan, Severity, Workspace, write};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";
const THEIRS: &str = "Bearer another-user";

/// The path of the only destination.
fn path(workspace: &Workspace) -> String {
    let id = workspace.state().text(SIEM, "id");
    format!("/global/v3/audit-log-destinations/{id}")
}

fn at_konnect(workspace: &Workspace) -> Value {
    workspace.konnect.destinations("global").remove(0)["authorization"].take()
}

fn applied(block: impl std::fmt::Display) -> Workspace {
    let workspace = Workspace::of(block);
    workspace.apply();
    workspace
}

/// Asserts that a plan updates one object in place, and warns once on the argument about the other user.
fn assert_reported_once(workspace: &Workspace, address: &str, attribute: &str) -> Plan {
    workspace.try_plan().ends_with(2);
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(address, "update".to_owned())]));
    let [warning] = plan.diagnostics.as_slice() else {
        panic!("one warning: {:?}", plan.diagnostics);
    };
    assert_eq!(warning.severity, Severity::Warning);
    assert_eq!(warning.summary, "Changed by another process or user");
    assert_eq!(warning.address, address);
    assert_eq!(warning.attribute(), Some(attribute));
    assert!(warning.detail.contains("detect_authorization_drift = false"));
    plan
}

#[test]
fn destination_authorization_outside_change_is_overwritten() {
    for attribute in ["authorization", "authorization_wo"] {
        let block = Block::destination("siem").without("authorization");
        let workspace = applied(block.with(attribute, AUTHORIZATION));
        workspace
            .konnect
            .patched_by_another_user(&path(&workspace), &json!({ "authorization": THEIRS }));
        assert_eq!(at_konnect(&workspace), THEIRS);
        let plan = assert_reported_once(&workspace, SIEM, attribute);
        assert_eq!(
            plan.change(SIEM).changed(),
            if attribute == "authorization" {
                BTreeSet::from(["authorization", "updated_at"])
            } else {
                BTreeSet::from(["updated_at"])
            }
        );

        workspace.konnect.clear_requests();
        workspace.apply_plan();
        let call = format!("PATCH {}", path(&workspace));
        assert_eq!(
            workspace.konnect.take_writes(),
            [write(
                call,
                json!({ "endpoint": "https://siem.example.com/audit", "authorization": AUTHORIZATION })
            )]
        );
        assert_eq!(at_konnect(&workspace), AUTHORIZATION);
        workspace.assert_no_changes();
    }
}

#[test]
fn webhook_authorization_outside_change_is_overwritten() {
    for attribute in ["authorization", "authorization_wo"] {
        let block = Block::webhook_with_endpoint("eu").without("authorization");
        let workspace = applied(block.with(attribute, AUTHORIZATION));
        let theirs = json!({ "endpoint": "https://siem.example.com/eu", "authorization": THEIRS });
        workspace
            .konnect
            .patched_by_another_user("/eu/v2/audit-log-webhook", &theirs);
        assert_reported_once(&workspace, EU, attribute);
        workspace.konnect.clear_requests();
        workspace.apply_plan();
        let writes = workspace.konnect.take_writes();
        assert_eq!(writes.len(), 1);
        assert_eq!(writes[0].body["authorization"], AUTHORIZATION);
        assert_eq!(
            workspace.konnect.region("eu")["webhook"]["authorization"],
            AUTHORIZATION
        );
        workspace.assert_no_changes();
    }
}

#[test]
fn authorization_drift_with_other_drift_sends_one_update() {
    let workspace = applied(Block::destination("siem"));
    let theirs = json!({ "authorization": THEIRS, "name": "theirs", "log_format": "json" });
    workspace
        .konnect
        .patched_by_another_user(&path(&workspace), &theirs);
    let plan = assert_reported_once(&workspace, SIEM, "authorization");
    assert_eq!(
        plan.change(SIEM).changed(),
        BTreeSet::from(["authorization", "log_format", "name", "updated_at"])
    );
    let ours = json!({ "endpoint": "https://siem.example.com/audit", "authorization": AUTHORIZATION, "name": "siem", "log_format": "cef" });
    let call = format!("PATCH {}", path(&workspace));
    assert_eq!(workspace.apply_and_assert_no_changes(), [write(call, ours)]);
}

#[test]
fn detection_is_switched_off_and_on_in_the_provider_block() {
    let off = "max_retries = 0\n  detect_authorization_drift = false";
    let block = Block::destination("siem");
    let workspace = Workspace::new();
    workspace.configure_provider(off, &block);
    workspace.init();
    workspace.apply();
    let theirs = json!({ "authorization": THEIRS });
    workspace
        .konnect
        .patched_by_another_user(&path(&workspace), &theirs);
    workspace.assert_no_changes();
    assert_eq!(at_konnect(&workspace), THEIRS);
    workspace.configure_provider("max_retries = 0", block);
    let again = json!({ "authorization": THEIRS });
    workspace
        .konnect
        .patched_by_another_user(&path(&workspace), &again);
    let call = format!("PATCH {}", path(&workspace));
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(
            call,
            json!({ "endpoint": "https://siem.example.com/audit", "authorization": AUTHORIZATION })
        )]
    );
}

/// If only the time of an object changes after each re-send, it is not reliable.
#[test]
fn time_changed_after_two_resends_stops_detection_and_warns() {
    let workspace = applied(Block::destination("siem"));
    let id = workspace.state().text(SIEM, "id");
    let touch = |second: u8| {
        let moved = json!({ "updated_at": format!("2031-05-06T07:08:0{second}Z") });
        workspace.konnect.edit_destination("global", &id, moved).unwrap();
    };
    for second in 0..2 {
        touch(second);
        workspace.konnect.clear_requests();
        workspace.apply();
        assert_eq!(workspace.konnect.take_writes().len(), 1);
    }
    touch(2);
    workspace.konnect.clear_requests();
    let run = workspace.apply();
    assert_eq!(workspace.konnect.take_writes(), []);
    let summary = "Outside changes of the credential are not detected";
    assert!(run.warnings().iter().any(|warning| warning.summary == summary));
    workspace.assert_no_changes();
}

#[test]
fn updated_at_changed_without_edit_sends_one_update() {
    let workspace = applied(Block::destination("siem"));
    let id = workspace.state().text(SIEM, "id");
    for _ in 0..2 {
        let moved = json!({ "updated_at": "2031-05-06T07:08:09Z" });
        workspace.konnect.edit_destination("global", &id, moved).unwrap();
        assert_reported_once(&workspace, SIEM, "authorization");
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
    }
}

#[test]
fn plan_without_refresh_detects_no_drift() {
    let workspace = applied(Block::destination("siem"));
    let theirs = json!({ "authorization": THEIRS });
    workspace
        .konnect
        .patched_by_another_user(&path(&workspace), &theirs);
    workspace
        .run(&["plan", "-refresh=false", "-detailed-exitcode"])
        .succeeds();
    assert_reported_once(&workspace, SIEM, "authorization");
    // A change that a plan detects and does not apply is not recorded, because the next plan detects it again.
    workspace
        .run(&["plan", "-refresh=false", "-detailed-exitcode"])
        .succeeds();
}

#[test]
fn refresh_only_drift_is_sent_by_plan_without_refresh() {
    let workspace = applied(Block::destination("siem"));
    let theirs = json!({ "authorization": THEIRS });
    workspace
        .konnect
        .patched_by_another_user(&path(&workspace), &theirs);
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
    let workspace = applied(Block::destination("siem"));
    let theirs = json!({ "authorization": THEIRS });
    workspace
        .konnect
        .patched_by_another_user(&path(&workspace), &theirs);
    for _ in 0..2 {
        let refused = FaultRule::new(Fault::status(403)).method("PATCH");
        workspace.konnect.inject(refused).unwrap();
        workspace.apply_error();
        assert_reported_once(&workspace, SIEM, "authorization");
    }
    assert_eq!(at_konnect(&workspace), THEIRS);
    assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
    assert_eq!(at_konnect(&workspace), AUTHORIZATION);
}

/// If the response to an update is lost, the change may come from this configuration: no other user is reported.
#[test]
fn own_uncertain_write_is_not_reported_as_outside_change() {
    let destination = Block::destination("siem");
    let webhook = Block::webhook_with_endpoint("eu");
    for (block, address) in [(destination, SIEM), (webhook, EU)] {
        let workspace = applied(&block);
        let changed = block.clone().with("log_format", "json");
        workspace.configure(&changed);
        let lost = FaultRule::new(Fault::DropAfter).method("PATCH");
        workspace.konnect.inject(lost).unwrap();
        workspace.apply_error();
        let plan = workspace.plan();
        let warnings = plan.diagnostics.iter().map(|warning| warning.summary.as_str());
        let expected = "Changed by a lost request, or by another process or user";
        assert_eq!(warnings.collect::<Vec<_>>(), [expected], "{address}");
        assert!(plan.diagnostics[0].detail.contains("response was lost"));
        workspace.apply_plan();
        workspace.assert_no_changes();

        // After the next successful write, changes by others are reported again.
        let path = match address {
            SIEM => path(&workspace),
            _ => "/eu/v2/audit-log-webhook".to_owned(),
        };
        workspace
            .konnect
            .patched_by_another_user(&path, &json!({ "authorization": THEIRS }));
        assert_reported_once(&workspace, address, "authorization");
    }
}
