//! `data.konnect_audit_log_webhook_status`: each state of a region's deliveries, and its use in checks.

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::workspace::{Block, Workspace};

const STATUS: &str = "data.konnect_audit_log_webhook_status.eu";
const AT: &str = "2026-01-02T03:04:05.678Z";

fn status() -> Block {
    Block::new("data \"konnect_audit_log_webhook_status\" \"eu\"").with("region", "eu")
}

/// Reads the status, and returns it from the state.
fn read(workspace: &Workspace) -> Value {
    workspace.apply();
    workspace.state().get(STATUS).clone()
}

/// Checks the summary of a status, and that its explanation contains the region.
#[track_caller]
fn sums_up(status: &Value, state: &str, explained: &str) {
    assert_eq!(status["delivery_state"], state);
    assert_eq!(status["healthy"], matches!(state, "ready" | "delivering"));
    let explanation = status["explanation"].as_str().unwrap();
    assert!(explanation.contains(" eu"), "{explanation}");
    assert!(
        explanation.contains(explained) && explanation.ends_with('.'),
        "{explanation}"
    );
}

#[test]
fn status_without_webhook_reports_unconfigured() {
    let workspace = Workspace::of(status());
    let status = read(&workspace);
    assert_eq!(status["webhook_enabled"], false);
    assert_eq!(status["webhook_status"], "unconfigured");
    sums_up(&status, "unconfigured", "has no webhook");
}

#[test]
fn status_after_each_delivery_reports_its_result() {
    let workspace = Workspace::of(status());
    let edit = json!({ "endpoint": "https://siem.example.com/", "enabled": true });
    workspace.konnect.edit_webhook("eu", edit).unwrap();

    let status = read(&workspace);
    for nothing in ["last_attempt_at", "last_response_code", "last_response_message"] {
        assert_eq!(status[nothing], Value::Null, "{nothing}");
    }
    assert_eq!(status["region"], "eu");
    assert_eq!(status["webhook_enabled"], true);
    assert_eq!(status["webhook_status"], "active");
    sums_up(&status, "ready", "has not attempted a delivery");

    let deliver = |code, message: &str| {
        let recorded = workspace.konnect.record_delivery("eu", code, message, Some(AT));
        recorded.unwrap();
    };
    deliver(200, "OK");
    let status = read(&workspace);
    assert_eq!(status["last_attempt_at"], AT);
    assert_eq!(status["last_response_code"], 200);
    assert_eq!(status["last_response_message"], "OK");
    sums_up(&status, "delivering", AT);

    deliver(503, "Service Unavailable");
    let status = read(&workspace);
    assert_eq!(status["webhook_status"], "inactive");
    assert_eq!(status["last_response_code"], 503);
    sums_up(&status, "failing", &format!("{AT}: 503 Service Unavailable"));

    let switched_off = json!({ "enabled": false });
    workspace.konnect.edit_webhook("eu", switched_off).unwrap();
    sums_up(&read(&workspace), "switched_off_failing", "switched off");

    deliver(204, "");
    let status = read(&workspace);
    assert_eq!(status["webhook_enabled"], false);
    assert_eq!(status["webhook_status"], "active");
    sums_up(&status, "switched_off", "are not delivered");

    let paused = json!({ "webhook_enabled": true, "webhook_status": "paused" }).to_string();
    let paused = Fault::body("application/json", &paused);
    let rule = FaultRule::new(paused).path_end("/status").always();
    workspace.konnect.inject(rule).unwrap();
    sums_up(&read(&workspace), "unknown", "paused");
}

#[test]
fn status_without_region_uses_provider_region() {
    let mut workspace = Workspace::of(status().without("region"));
    let error = workspace.try_plan().error();
    let expected = ("No region", STATUS);
    assert_eq!((error.summary.as_str(), error.address.as_str()), expected);
    workspace.set("KONNECT_REGION", "sg");
    assert_eq!(read(&workspace)["region"], "sg");
    let requests = workspace.konnect.requests();
    assert_eq!(requests[0].path, "/sg/v3/audit-log-webhook/status");
}

#[test]
fn check_with_failing_deliveries_warns() {
    let check = format!(
        r#"check "audit_log_arrives" {{
  {}
  assert {{
    condition     = data.konnect_audit_log_webhook_status.eu.healthy
    error_message = data.konnect_audit_log_webhook_status.eu.explanation
  }}
}}
"#,
        status()
    );
    let workspace = Workspace::of(format!("{}{check}", Block::webhook_with_endpoint("eu")));
    workspace.apply();
    let quiet = workspace.apply();
    assert!(quiet.warnings().is_empty(), "{}", quiet.report());

    workspace
        .konnect
        .record_delivery("eu", 401, "Unauthorized", Some(AT))
        .unwrap();
    let run = workspace.apply();
    let warnings = run.warnings();
    let said = warnings
        .iter()
        .filter(|w| w.summary == "Check block assertion failed");
    let said: Vec<_> = said.map(|w| w.detail.as_str()).collect();
    assert!(!said.is_empty(), "{}", run.report());
    for detail in said {
        assert!(detail.contains("Deliveries from region eu fail"), "{detail}");
        assert!(detail.contains("401 Unauthorized"), "{detail}");
    }
}
