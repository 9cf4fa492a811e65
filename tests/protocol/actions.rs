//! `konnect_audit_log_replay` at the protocol. `tests/terraform/replay.rs` invokes it through the CLI.

use serde_json::json;
use terraform_plugin::testing::value::{assert_no_errors, error};
use terraform_plugin::testing::within;

use crate::konnect::Konnect;
use crate::replay_job::{minutes_ago, set_job, set_status, started};

const REPLAY: &str = "konnect_audit_log_replay";

#[tokio::test]
async fn invoke_last_reports_each_status_until_completed() {
    let konnect = Konnect::configured().await;
    konnect.other_users_webhook("eu", true);
    let arguments = [("region", "eu".into()), ("last", "6h".into())];
    let (progress, diagnostics) = konnect.invoke(REPLAY, &arguments).await;
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
    let (progress, diagnostics) = konnect.invoke(REPLAY, &arguments).await;
    assert_no_errors(&diagnostics);
    assert_eq!(progress.len(), 1, "{progress:?}");
    assert_eq!(started(&konnect), [json!({ "start_at": start, "end_at": end })]);
    konnect.end().await;
}

#[tokio::test]
async fn invoke_failed_job_is_an_error() {
    let konnect = Konnect::configured().await;
    // Without a webhook, the job fails.
    let (_, diagnostics) = konnect
        .invoke(REPLAY, &[("region", "eu".into()), ("last", "1h".into())])
        .await;
    assert!(
        error(&diagnostics).contains("invoke the action again"),
        "{diagnostics:?}"
    );
    konnect.end().await;
}

#[tokio::test]
async fn invoke_other_job_in_progress_reports_the_wait() {
    let konnect = Konnect::configured().await;
    set_job(&konnect, &minutes_ago(50), &minutes_ago(40), "running");
    let arguments = [
        ("region", "eu".into()),
        ("last", "1h".into()),
        ("timeout", "1s".into()),
    ];
    let (progress, diagnostics) = konnect.invoke(REPLAY, &arguments).await;
    assert!(
        progress[0].starts_with("Waiting for the replay job for"),
        "{progress:?}"
    );
    assert!(
        error(&diagnostics).contains("did not end within 1s"),
        "{diagnostics:?}"
    );
    assert_eq!(started(&konnect).len(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn plan_without_range_or_region_or_beyond_the_retention_is_an_error() {
    let konnect = Konnect::configured().await;
    let (_, diagnostics) = konnect.invoke(REPLAY, &[]).await;
    assert!(
        error(&diagnostics).contains("Missing time range"),
        "{diagnostics:?}"
    );
    let (_, diagnostics) = konnect.invoke(REPLAY, &[("last", "6h".into())]).await;
    assert!(error(&diagnostics).contains("No region"), "{diagnostics:?}");
    let (old, end) = (minutes_ago(8 * 24 * 60), minutes_ago(60));
    let arguments = [
        ("region", "eu".into()),
        ("start_at", old.as_str().into()),
        ("end_at", end.as_str().into()),
    ];
    let (_, diagnostics) = konnect.invoke(REPLAY, &arguments).await;
    assert!(
        error(&diagnostics).contains("more than 7 days ago"),
        "{diagnostics:?}"
    );
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn stop_while_invoked_completes_with_what_was_started() {
    let konnect = Konnect::configured().await;
    let invoke = async {
        konnect
            .invoke(REPLAY, &[("region", "eu".into()), ("last", "1h".into())])
            .await
    };
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
