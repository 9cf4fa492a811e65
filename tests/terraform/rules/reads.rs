//! What a read may conclude: data sources read for themselves, only a later time is an outside change, and an adoption is
//! reported.

use konnect_emulator::{Behavior, Fault, FaultRule};
use serde_json::json;

use super::{delivers_to, warned};
use crate::workspace::{AUTHORIZATION, Block, Workspace, says};

const SIEM: &str = "konnect_audit_log_destination.siem";

fn alias() -> Block {
    Block::new("provider \"konnect\"")
        .with("alias", "other")
        .with("max_retries", 0)
}

#[test]
fn data_source_behind_another_alias_sees_a_write_of_the_same_run() {
    let seen = |label: &str, depends: &str| {
        Block::new(format!("data \"konnect_audit_log_destination\" \"{label}\""))
            .expression("provider", "konnect.other")
            .expression("id", format!("{SIEM}.id"))
            .expression("depends_on", format!("[{depends}]"))
    };
    let configuration = |format: &str| {
        let early = Block::new("resource \"terraform_data\" \"early\"").with("input", format);
        let siem = Block::destination("siem").with("log_format", format);
        let siem = siem.expression("depends_on", "[data.konnect_audit_log_destination.first]");
        // The id without a reference, which would be a cycle.
        let first = Block::new("data \"konnect_audit_log_destinations\" \"first\"")
            .expression("provider", "konnect.other")
            .expression("depends_on", "[terraform_data.early]");
        let siem = siem
            .to_string()
            .replace("audit_log_destination.first", "audit_log_destinations.first");
        let value = "data.konnect_audit_log_destination.second.log_format";
        let output = Block::new("output \"seen\"").expression("value", value);
        format!("{}{early}{siem}{first}{}{output}", alias(), seen("second", SIEM))
    };
    let workspace = Workspace::of(configuration("cef"));
    workspace.apply();
    workspace.configure(configuration("json"));
    workspace.apply();
    assert_eq!(*workspace.state().output("seen"), json!("json"));
    workspace.assert_no_changes();
}

#[test]
fn earlier_time_than_that_of_the_state_is_no_outside_change() {
    let workspace = Workspace::of(Block::destination("siem") + Block::webhook_with_endpoint("eu"));
    workspace.apply();
    let id = workspace.state().text(SIEM, "id");
    let stale = json!({ "updated_at": "2020-01-01T00:00:00Z" });
    workspace
        .konnect
        .edit_destination("global", &id, stale.clone())
        .unwrap();
    workspace.konnect.edit_webhook("eu", stale).unwrap();
    let run = workspace.try_plan().succeeds();
    assert_eq!(warned(&run), [""; 0]);
}

#[test]
fn destination_of_another_alias_that_is_adopted_after_a_lost_response_is_reported() {
    let first = Block::destination("siem");
    let second = Block::destination("siem")
        .expression("provider", "konnect.other")
        .to_string()
        .replace("\"siem\" {", "\"second\" {");
    let workspace = Workspace::of(format!("{}{first}{second}", alias()));
    // The first creation is answered late, and the second is lost.
    let lost = FaultRule::new(Fault::DropBefore).method("POST").skip(1);
    workspace.konnect.inject(lost).unwrap();
    let run = workspace.apply();
    let warnings = run.warnings();
    let adopted = warnings
        .iter()
        .find(|w| w.summary == "Existing destination was adopted");
    let adopted = adopted.unwrap_or_else(|| panic!("no warning: {}", run.report()));
    let id = workspace.state().text(SIEM, "id");
    says(
        adopted,
        "Existing destination was adopted",
        &[&id, "terraform state show"],
    );
}

/// The answer of a write is the state: a replica of Konnect may lag behind.
#[test]
fn stale_read_after_a_write_that_followed_drift_is_no_error() {
    let workspace = Workspace::of(Block::destination("siem") + Block::webhook_with_endpoint("eu"));
    workspace.apply();
    let id = workspace.state().text(SIEM, "id");
    let path = format!("/global/v3/audit-log-destinations/{id}");
    let theirs = json!({ "log_format": "json" });
    workspace.konnect.patch(&path, &theirs);
    workspace.konnect.patch("/eu/v2/audit-log-webhook", &theirs);
    workspace.plan();
    let stale = FaultRule::new(Fault::Stale).method("GET").always();
    workspace.konnect.inject(stale).unwrap();
    workspace.apply_plan();
    workspace.konnect.clear_faults();
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.destinations()[0]["log_format"], "cef");
    assert_eq!(workspace.konnect.region("eu")["webhook"]["log_format"], "cef");
}

/// Whether v2 shows the settings of an attached destination as the webhook's own is not known.
#[test]
fn attached_destination_is_seen_whatever_v2_shows_and_no_endpoint_is_set_without_a_credential() {
    for v2_shows_destination in [false, true] {
        for ignored in ["log_format", "authorization"] {
            let workspace = Workspace::new();
            workspace.konnect.set_behavior(Behavior {
                v2_shows_destination,
                ..Behavior::default()
            });
            let ignoring = format!("{{\n ignore_changes = [{ignored}]\n}}");
            workspace.set_up(Block::webhook_with_endpoint("eu").expression("lifecycle", ignoring));
            workspace.apply();
            let destination = workspace.konnect.add_destinations("global", 1).unwrap().remove(0);
            delivers_to(&workspace, "eu", &destination);
            let plan = workspace.plan();
            let change = plan.change("konnect_audit_log_webhook.eu");
            assert_eq!(change.before["audit_log_destination_id"], destination);
            assert_eq!(change.after["audit_log_destination_id"], json!(null));
            workspace.konnect.clear_requests();
            if ignored == "authorization" {
                // Konnect has no credential for the endpoint, and the plan must not take the configured one.
                assert_eq!(
                    workspace.try_apply_plan().error().summary,
                    "Missing authorization"
                );
                assert_eq!(workspace.konnect.take_writes(), []);
                continue;
            }
            workspace.apply_plan();
            let writes = workspace.konnect.take_writes();
            assert_eq!(writes.len(), 1, "{writes:?}");
            assert_eq!(writes[0].body["endpoint"], "https://siem.example.com/eu");
            assert_eq!(writes[0].body["authorization"], AUTHORIZATION);
            workspace.assert_no_changes();
        }
    }
}
