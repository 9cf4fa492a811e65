//! The pipelines of `examples/pipelines/`: the script that detects drift, and the jobs that report it.
//!
//! The script requires `sh` and `jq`. The tests run the commands of the jobs as pipelines do. `gh` and `curl`, which
//! call GitHub and GitLab, are replaced with scripts that record their arguments.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::process::Output;

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Workspace, cli};

mod jobs;
mod policies;

/// The endpoint, which a pipeline stores with the credential.
const ENDPOINT: &str = "https://siem.example.com/konnect-audit-logs";

/// A repository with the script, the pipelines and an applied configuration in the expected folder.
fn repository() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.copy("examples/pipelines", ".");
    workspace.copy("examples/complete", "audit-logging");
    workspace.copy("examples/modules", "modules");
    workspace.set("TERRAFORM_BIN", cli().program.to_string_lossy());
    // Secrets as in a pipeline.
    workspace.set("TF_VAR_siem_authorization", AUTHORIZATION);
    workspace.set("TF_VAR_siem_endpoint", ENDPOINT);
    workspace.run(&["-chdir=audit-logging", "init"]).succeeds();
    workspace
        .run(&["-chdir=audit-logging", "apply", "-auto-approve"])
        .succeeds();
    workspace.konnect.clear_requests();
    workspace
}

/// Runs the script, and returns its exit code and report.
fn run_drift_script(workspace: &Workspace) -> (Option<i32>, String) {
    let output = ran(workspace, "./drift.sh audit-logging drift.md", &BTreeMap::new());
    let report = fs::read_to_string(workspace.path("drift.md")).expect("a report");
    (output.status.code(), report)
}

/// Runs commands as a pipeline does.
fn ran(workspace: &Workspace, commands: &str, environment: &BTreeMap<String, String>) -> Output {
    let mut shell = workspace.command("sh");
    shell.args(["-e", "-c", commands]).envs(environment);
    shell.output().expect("a shell")
}

fn another_user_switches_off(workspace: &Workspace, region: &str) {
    let path = format!("/{region}/v3/audit-log-webhook");
    workspace.konnect.patch(&path, &json!({ "enabled": false }));
}

fn deliveries_fail(workspace: &Workspace, region: &str) {
    let recorded =
        workspace
            .konnect
            .record_delivery(region, 401, "Unauthenticated", Some("2026-01-02T03:04:05Z"));
    recorded.expect("a webhook that is switched on");
}

#[test]
fn drift_script_with_change_reports_changed_attribute() {
    let workspace = repository();
    another_user_switches_off(&workspace, "eu");
    workspace.konnect.clear_requests();
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(2), "{report}");
    let webhook = "`module.audit_logging.konnect_audit_log_webhook.stream[\"eu\"]`: update";
    assert!(report.contains(webhook), "{report}");
    assert!(report.contains("## Konnect was changed"), "{report}");
    assert!(report.contains(": enabled true -> false"), "{report}");
    assert!(!report.contains("was not applied"), "{report}");
    assert!(
        report.contains("The webhook of region eu is switched off"),
        "{report}"
    );
    assert!(!report.contains(AUTHORIZATION), "{report}");
    assert_eq!(workspace.konnect.take_writes(), [], "it changes nothing");
}

#[test]
fn drift_script_with_authorization_drift_reports_update() {
    let workspace = repository();
    let id = workspace.konnect.destinations()[0]["id"].clone();
    let path = format!(
        "/global/v3/audit-log-destinations/{}",
        id.as_str().expect("an id")
    );
    workspace
        .konnect
        .patch(&path, &json!({ "authorization": "Bearer another" }));
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(2), "{report}");
    assert!(
        report.contains("`module.audit_logging.konnect_audit_log_destination.siem[0]`: update"),
        "{report}"
    );
    assert!(report.contains(": updated_at "), "{report}");
    // Only the warning says what the change means.
    assert!(
        report.contains("Warning: Changed by another process or user"),
        "{report}"
    );
    assert!(
        report.contains("The API never returns the credential"),
        "{report}"
    );
    assert!(!report.contains("Saved the plan"), "{report}");
}

#[test]
fn drift_script_with_failing_delivery_reports_region() {
    let workspace = repository();
    deliveries_fail(&workspace, "us");
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(3), "{report}");
    assert!(report.contains("Deliveries from region us fail"), "{report}");
    assert!(report.contains("401 Unauthenticated"), "{report}");
    assert!(!report.contains("Konnect was changed"), "{report}");
    // Both are reported together.
    another_user_switches_off(&workspace, "eu");
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(2), "{report}");
    assert!(report.contains("Deliveries from region us fail"), "{report}");
    assert!(report.contains("stream[\"eu\"]`: update"), "{report}");
}

#[test]
fn drift_script_with_redirected_stream_names_host() {
    let workspace = repository();
    workspace.konnect.patch(
        "/eu/v2/audit-log-webhook",
        &json!({ "endpoint": "https://other.example.com/s3cret", "authorization": "Bearer b", "enabled": true }),
    );
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(2), "{report}");
    let id = workspace.konnect.destinations()[0]["id"].clone();
    for part in [
        "endpoint none -> other.example.com".to_owned(),
        format!("audit_log_destination_id {} -> none", id.as_str().expect("an id")),
    ] {
        assert!(report.contains(&part), "{part}: {report}");
    }
    assert!(!report.contains("s3cret"), "{report}");
}

#[test]
fn drift_script_with_configuration_that_is_not_applied_exits_4() {
    let workspace = repository();
    let file = "audit-logging/main.tf";
    let text = fs::read_to_string(workspace.path(file)).expect("the configuration");
    workspace.write(file, &text.replace("    au = {}\n", ""));
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(4), "{report}");
    assert!(
        report.contains("## The configuration was not applied"),
        "{report}"
    );
    assert!(
        report.contains("konnect_audit_log_webhook.stream[\"au\"]`: delete"),
        "{report}"
    );
    assert!(!report.contains("Konnect was changed"), "{report}");
    // With an outside change of another object, both are reported.
    another_user_switches_off(&workspace, "eu");
    let (code, report) = run_drift_script(&workspace);
    assert_eq!(code, Some(2), "{report}");
    assert!(report.contains("was not applied"), "{report}");
    assert!(report.contains("enabled true -> false"), "{report}");
}
