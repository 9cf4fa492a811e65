//! `konnect_audit_log_replay_job` at the protocol: starts, waits and state.

use jiff::Timestamp;
use konnect_emulator::{Fault, FaultRule};
use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::testing::terraform::{Plan, Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error, errors};
use terraform_plugin::testing::within;

use crate::konnect::{Konnect, attributes};

const PATH: &str = "/eu/v3/audit-log-replay-job";

/// The time this many minutes ago, in whole seconds.
pub fn minutes_ago(minutes: i64) -> String {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - minutes * 60).unwrap().to_string()
}

/// The bodies of the requested jobs.
pub fn started(konnect: &Konnect) -> Vec<serde_json::Value> {
    let all = konnect.emulator.requests();
    let jobs = all.iter().filter(|request| request.method == "PUT");
    jobs.map(|request| serde_json::from_str(&request.body).unwrap())
        .collect()
}

/// Sets the latest job of region eu, as it was started by another process or user.
pub fn set_job(konnect: &Konnect, start_at: &str, end_at: &str, status: &str) {
    let job = json!({ "start_at": start_at, "end_at": end_at, "status": status });
    konnect.emulator.edit_replay_job("eu", job).unwrap();
}

/// Sets the status of the latest job of region eu.
pub fn set_status(konnect: &Konnect, status: &str) {
    konnect
        .emulator
        .edit_replay_job("eu", json!({ "status": status }))
        .unwrap();
}

fn resource(konnect: &Konnect) -> Resource {
    konnect.resource("konnect_audit_log_replay_job")
}

fn config(job: &Resource, start_at: &str, end_at: &str, more: &[(&str, Value)]) -> Value {
    let mut all = vec![
        ("region", "eu".into()),
        ("start_at", start_at.into()),
        ("end_at", end_at.into()),
    ];
    all.extend_from_slice(more);
    job.shape.object(&all)
}

/// A job of the hour before the last one.
fn hour(job: &Resource, more: &[(&str, Value)]) -> Value {
    config(job, &minutes_ago(120), &minutes_ago(60), more)
}

async fn planned(job: &Resource, config: &Value) -> Plan {
    let plan = job.plan(&State::none(), config).await;
    assert_no_errors(&plan.diagnostics);
    plan
}

/// Applies a configuration until `meanwhile` has changed Konnect after a request of this method.
async fn apply_during(konnect: &Konnect, config: &Value, method: &str, meanwhile: impl FnOnce()) -> State {
    let job = resource(konnect);
    let plan = planned(&job, config).await;
    let apply = tokio::spawn(async move { job.apply(&plan).await });
    konnect.requested(method).await;
    meanwhile();
    within("the job", apply).await.unwrap()
}

/// A completed job in the state.
async fn completed(konnect: &Konnect, config: &Value) -> State {
    konnect.other_users_webhook("eu", true);
    let state = apply_during(konnect, config, "PUT", || set_status(konnect, "completed")).await;
    assert_no_errors(&state.diagnostics);
    konnect.emulator.clear_requests();
    state
}

#[tokio::test]
async fn plan_job_older_than_the_retention_changes_nothing() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    let (start, end) = (minutes_ago(9 * 24 * 60), minutes_ago(8 * 24 * 60));
    let config = config(&job, &start, &end, &[]);
    for (status, warnings) in [("completed", 0), ("superseded", 0), ("failed", 1)] {
        let mut state = State::none();
        state.value = config.clone();
        for (name, value) in [
            ("id", "eu"),
            ("timeout", "30m"),
            ("status", status),
            ("updated_at", &end),
        ] {
            state.value.set(name, value.into());
        }
        state.value.set("wait_for_completion", true.into());
        // A plan without a refresh has no warnings.
        let _ = job.read(&state).await;
        let plan = job.plan(&state, &config).await;
        assert_eq!(errors(&plan.diagnostics), Vec::<String>::new(), "{status}");
        assert_eq!(plan.diagnostics.len(), warnings, "{status}");
        assert_eq!(plan.planned, state.value, "{status}");
    }
    konnect.end().await;
}

#[tokio::test]
async fn update_of_the_range_starts_another_job_in_place() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    let (start, end) = (minutes_ago(120), minutes_ago(60));
    let state = completed(&konnect, &config(&job, &start, &end, &[])).await;
    let end = minutes_ago(30);
    let without_wait = [("wait_for_completion", false.into())];
    let plan = job.plan(&state, &config(&job, &start, &end, &without_wait)).await;
    assert_no_errors(&plan.diagnostics);
    assert!(plan.requires_replace.is_empty() && plan.planned.get("status").is_unknown());
    let updated = job.apply(&plan).await;
    assert_no_errors(&updated.diagnostics);
    assert_eq!(updated.value.get("status"), &"accepted".into());
    assert_eq!(started(&konnect), [json!({ "start_at": start, "end_at": end })]);

    // Its own job that is not running yet is replaced without a wait.
    let end = minutes_ago(20);
    let plan = job
        .plan(&updated, &config(&job, &start, &end, &without_wait))
        .await;
    let replaced = job.apply(&plan).await;
    assert_no_errors(&replaced.diagnostics);
    assert_eq!(started(&konnect).len(), 2);
    konnect.end().await;
}

#[tokio::test]
async fn create_waits_for_another_job_to_end() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    set_job(&konnect, &minutes_ago(50), &minutes_ago(40), "running");
    let config = hour(&job, &[("wait_for_completion", false.into())]);
    let state = apply_during(&konnect, &config, "GET", || {
        assert_eq!(started(&konnect).len(), 0);
        set_status(&konnect, "completed");
    })
    .await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(started(&konnect).len(), 1);
    konnect.end().await;
}

#[tokio::test]
async fn create_conflict_after_the_read_is_waited_for() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    konnect
        .emulator
        .inject(FaultRule::new(Fault::status(409)).method("PUT"))
        .unwrap();
    let config = hour(&job, &[("wait_for_completion", false.into())]);
    let state = job.apply(&planned(&job, &config).await).await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(started(&konnect).len(), 2);
    konnect.end().await;
}

#[tokio::test]
async fn create_another_job_beyond_the_timeout_is_an_error_and_starts_nothing() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    set_job(&konnect, &minutes_ago(50), &minutes_ago(40), "running");
    let config = hour(&job, &[("timeout", "1s".into())]);
    let state = job.apply(&planned(&job, &config).await).await;
    assert_eq!(attributes(&state.diagnostics), ["timeout"]);
    let said = error(&state.diagnostics);
    assert!(said.contains(PATH), "{said}");
    assert_eq!(state.value, Value::Null);
    assert_eq!(started(&konnect).len(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn create_job_beyond_the_timeout_is_an_error_and_keeps_the_job() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    let config = hour(&job, &[("timeout", "1s".into())]);
    let state = apply_during(&konnect, &config, "PUT", || set_status(&konnect, "running")).await;
    assert_eq!(attributes(&state.diagnostics), ["timeout"]);
    assert_eq!(state.value.get("status"), &"running".into());
    konnect.end().await;
}

#[tokio::test]
async fn create_same_range_in_progress_is_followed_and_not_started_again() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    let (start, end) = (minutes_ago(120), minutes_ago(60));
    set_job(&konnect, &start, &end, "running");
    let state = apply_during(&konnect, &config(&job, &start, &end, &[]), "GET", || {
        set_status(&konnect, "completed");
    })
    .await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(started(&konnect).len(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn create_lost_response_is_found_by_the_started_job() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    konnect
        .emulator
        .inject(FaultRule::new(Fault::DropAfter).method("PUT"))
        .unwrap();
    let config = hour(&job, &[("wait_for_completion", false.into())]);
    let state = job.apply(&planned(&job, &config).await).await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(state.value.get("status"), &"accepted".into());
    assert_eq!(started(&konnect).len(), 1);
    konnect.end().await;
}

#[tokio::test]
async fn create_job_replaced_before_completion_is_an_error() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    let config = hour(&job, &[]);
    let state = apply_during(&konnect, &config, "PUT", || {
        set_job(&konnect, &minutes_ago(50), &minutes_ago(40), "running");
    })
    .await;
    let said = error(&state.diagnostics);
    assert!(said.contains("was replaced"), "{said}");
    assert_eq!(state.value.get("status"), &"superseded".into());
    konnect.end().await;
}

#[tokio::test]
async fn portal_job_has_separate_id_and_is_superseded_without_its_portal() {
    let konnect = Konnect::configured().await;
    let job = resource(&konnect);
    let portal = konnect.emulator.add_portal("eu", "developers").unwrap();
    let more = [
        ("portal_id", portal.as_str().into()),
        ("wait_for_completion", false.into()),
    ];
    let config = hour(&job, &more);
    let state = job.apply(&planned(&job, &config).await).await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(state.value.get("id"), &format!("eu/{portal}").as_str().into());
    konnect.emulator.remove_portal("eu", &portal).unwrap();
    let read = job.read(&state).await;
    assert_no_errors(&read.diagnostics);
    assert_eq!(read.value.get("status"), &"superseded".into());

    let mut global = config.clone();
    global.set("region", "global".into());
    let plan = job.plan(&State::none(), &global).await;
    assert_eq!(attributes(&plan.diagnostics), ["region"]);
    konnect.end().await;
}
