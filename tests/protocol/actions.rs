//! `konnect_audit_log_replay` at the protocol. `tests/terraform/replay.rs` invokes it through the CLI.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::value::{assert_no_errors, error};
use terraform_plugin::testing::within;

use crate::konnect::Konnect;
use crate::replay_job::{minutes_ago, set_job, set_status, started};

/// Invokes the action. Returns the progress and the diagnostics.
async fn invoke(konnect: &Konnect, arguments: &[(&str, &str)]) -> (Vec<String>, Vec<tf::Diagnostic>) {
    let arguments = arguments.iter().map(|(name, value)| (*name, Value::from(*value)));
    let arguments: Vec<_> = arguments.collect();
    konnect.invoke("konnect_audit_log_replay", &arguments).await
}

/// Asserts that the invocation fails with this message. Returns the progress.
async fn fails(konnect: &Konnect, arguments: &[(&str, &str)], says: &str) -> Vec<String> {
    let (progress, diagnostics) = invoke(konnect, arguments).await;
    assert!(error(&diagnostics).contains(says), "{diagnostics:?}");
    progress
}

#[tokio::test]
async fn invoke_last_reports_each_status_until_completed() {
    let konnect = Konnect::configured().await;
    konnect.other_users_webhook("eu", true);
    let (progress, diagnostics) = invoke(&konnect, &[("region", "eu"), ("last", "6h")]).await;
    assert_no_errors(&diagnostics);
    assert!(progress[0].starts_with("Started the replay of"), "{progress:?}");
    assert!(progress.last().unwrap().ends_with("completed"), "{progress:?}");
    let job = &started(&konnect)[0];
    let time = |name: &str| job[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("end_at").duration_since(time("start_at")).as_hours(), 6);
    konnect.end().await;
}

#[tokio::test]
async fn invoke_without_waiting_only_starts_the_job() {
    let konnect = Konnect::configured().await;
    let (start, end) = (minutes_ago(120), minutes_ago(60));
    let arguments = [
        ("region", "eu".into()),
        ("start_at", start.as_str().into()),
        ("end_at", end.as_str().into()),
        ("wait_for_completion", false.into()),
    ];
    let (progress, diagnostics) = konnect.invoke("konnect_audit_log_replay", &arguments).await;
    assert_no_errors(&diagnostics);
    assert_eq!(progress.len(), 1, "{progress:?}");
    assert_eq!(started(&konnect), [json!({ "start_at": start, "end_at": end })]);
    konnect.end().await;
}

#[tokio::test]
async fn invoke_failed_job_is_an_error() {
    let konnect = Konnect::configured().await;
    // Without a webhook, the job fails.
    let arguments = [("region", "eu"), ("last", "1h")];
    fails(&konnect, &arguments, "invoke the action again").await;
    konnect.end().await;
}

#[tokio::test]
async fn invoke_other_job_in_progress_reports_the_wait() {
    let konnect = Konnect::configured().await;
    set_job(&konnect, &minutes_ago(50), &minutes_ago(40), "running");
    let arguments = [("region", "eu"), ("last", "1h"), ("timeout", "1s")];
    let progress = fails(&konnect, &arguments, "did not end within 1s").await;
    let waits = "Waiting for the replay job for";
    assert!(progress[0].starts_with(waits), "{progress:?}");
    assert_eq!(started(&konnect).len(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn plan_without_range_or_region_or_beyond_the_retention_is_an_error() {
    let konnect = Konnect::configured().await;
    fails(&konnect, &[], "Missing time range").await;
    fails(&konnect, &[("last", "6h")], "No region").await;
    let (old, end) = (minutes_ago(8 * 24 * 60), minutes_ago(60));
    let arguments = [("region", "eu"), ("start_at", &old), ("end_at", &end)];
    fails(&konnect, &arguments, "more than 7 days ago").await;
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn stop_while_invoked_completes_with_what_was_started() {
    let konnect = Konnect::configured().await;
    let invoke = invoke(&konnect, &[("region", "eu"), ("last", "1h")]);
    let stopping = async {
        konnect.requested("PUT").await;
        set_status(&konnect, "running");
        konnect.stop().await;
    };
    let ((_, diagnostics), ()) = within("the end", async { tokio::join!(invoke, stopping) }).await;
    let message = error(&diagnostics);
    assert!(
        message.contains("Interrupted") && message.contains("/audit-log-replay-job"),
        "{message}"
    );
    konnect.end().await;
}
