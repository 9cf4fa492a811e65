//! Replay jobs of regions and portals.

use std::time::Duration;

use serde_json::{Value, json};

use crate::organization::clock;
use crate::tests::receiver::Receiver;
use crate::tests::{Reply, has};
use crate::{Certificate, Emulator, EmulatorOptions, EventKind};

const JOB: &str = "/eu/v3/audit-log-replay-job";

/// A body whose window begins and ends this many seconds ago.
pub fn window(start_seconds: i64, end_seconds: i64) -> Value {
    let now = clock::Clock::default().now_ms();
    let ago = |seconds: i64| clock::rfc3339(now - seconds * 1000);
    json!({"start_at": ago(start_seconds), "end_at": ago(end_seconds)})
}

async fn put(emulator: &Emulator, body: Value) -> Reply {
    emulator.put(JOB, body).await
}

#[tokio::test]
async fn put_window_within_the_retention_is_accepted() {
    let two_weeks_ago = window(14 * 86_400, 13 * 86_400);
    let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
    let reply = put(&emulator, two_weeks_ago.clone()).await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        reply.json()["invalid_parameters"][0]["reason"],
        "must be within the last 7 days"
    );
    let options = EmulatorOptions {
        retention_days: 30,
        ..EmulatorOptions::default()
    };
    let emulator = Emulator::start(options).await.unwrap();
    assert_eq!(put(&emulator, two_weeks_ago).await.status, 202);
}

/// Polls until the job has the status, and advances the clock by `by` each time.
async fn until_by(emulator: &Emulator, path: &str, status: &str, by: Duration) {
    let mut seen = String::new();
    for _ in 0..10_000 {
        seen = emulator.read(path).await["status"].as_str().unwrap().to_owned();
        if seen == status {
            return;
        }
        emulator.advance_clock(by);
    }
    panic!("the job is {seen}, not {status}");
}

/// Advances the clock until the job has the status.
async fn until(emulator: &Emulator, path: &str, status: &str) {
    until_by(emulator, path, status, Duration::from_mins(10)).await;
}

/// An emulator whose jobs advance only with its clock.
async fn start_slow() -> Emulator {
    let options = EmulatorOptions {
        replay_step: Duration::from_hours(1),
        ..EmulatorOptions::default()
    };
    Emulator::start(options).await.unwrap()
}

fn enable(emulator: &Emulator, endpoint: &str) {
    let edit = json!({"endpoint": endpoint, "authorization": "x", "enabled": true});
    emulator.edit_webhook("eu", edit).unwrap();
}

#[tokio::test]
async fn put_job_passes_every_status() {
    let emulator = start_slow().await;
    enable(&emulator, "https://siem.example.com/");
    let body = window(60, 0);
    let reply = put(&emulator, body.clone()).await;
    assert_eq!(
        (reply.status, reply.json()["status"].clone()),
        (202, json!("accepted"))
    );
    assert_eq!(reply.json()["start_at"], body["start_at"]);
    for status in ["pending", "running", "completed"] {
        until(&emulator, JOB, status).await;
    }
    let ended = emulator.read(JOB).await;
    emulator.advance_clock(Duration::from_hours(10));
    assert_eq!(emulator.read(JOB).await, ended, "a job ends once");
    // Other regions have separate jobs.
    assert_eq!(
        emulator.read("/us/v3/audit-log-replay-job").await["status"],
        "unconfigured"
    );
}

#[tokio::test]
async fn put_job_running_conflicts_and_pending_is_replaced() {
    let emulator = start_slow().await;
    assert_eq!(put(&emulator, window(60, 0)).await.status, 202);
    let second = window(30, 10);
    let replaced = put(&emulator, second.clone()).await;
    assert_eq!(
        (replaced.status, &replaced.json()["start_at"]),
        (202, &second["start_at"])
    );
    until(&emulator, JOB, "pending").await;
    assert_eq!(put(&emulator, second.clone()).await.status, 202);
    emulator
        .edit_replay_job("eu", json!({"status": "running"}))
        .unwrap();
    emulator.advance_clock(Duration::from_hours(10));
    let refused = put(&emulator, second.clone()).await;
    refused.problem(409);
    has(
        &refused.json(),
        &json!({"title": "Resource Conflict", "detail": "A replay job is currently running"}),
    );
    assert_eq!(
        emulator.read(JOB).await["status"],
        "running",
        "an edited job stays"
    );
    emulator
        .edit_replay_job("eu", json!({"status": "failed"}))
        .unwrap();
    assert_eq!(put(&emulator, window(30, 10)).await.status, 202);
}

#[tokio::test]
async fn replay_window_is_sent_to_current_webhook() {
    let receiver = Receiver::start(Certificate::Valid).await;
    let emulator = receiver.emulator().await;
    emulator.trigger("eu", EventKind::Access, 700).unwrap();
    emulator.trigger("us", EventKind::Access, 1).unwrap();
    emulator.advance_clock(Duration::from_mins(10));
    emulator.trigger("eu", EventKind::Access, 1).unwrap();
    assert!(receiver.received().is_empty(), "no webhook was enabled");
    enable(&emulator, &receiver.url);
    // The first 700 events, by the emulator's clock, which is ten minutes ahead.
    assert_eq!(put(&emulator, window(60, -60)).await.status, 202);
    until_by(&emulator, JOB, "completed", Duration::ZERO).await;
    let replayed: Vec<_> = emulator
        .deliveries()
        .into_iter()
        .filter(|delivery| delivery.replay)
        .collect();
    assert_eq!(
        replayed.iter().map(|delivery| delivery.events).sum::<usize>(),
        700
    );
    assert!(
        replayed
            .iter()
            .all(|delivery| delivery.region == "eu" && delivery.code == Some(202))
    );
}

#[tokio::test]
async fn replay_receiver_fails_job_fails() {
    let receiver = Receiver::start(Certificate::Valid).await;
    let emulator = receiver.emulator().await;
    emulator.trigger("eu", EventKind::Access, 1).unwrap();
    enable(&emulator, &receiver.url);
    // The events of the requests below are delivered too.
    for _ in 0..100 {
        receiver.respond_next(401, "");
    }
    assert_eq!(put(&emulator, window(60, 0)).await.status, 202);
    until_by(&emulator, JOB, "failed", Duration::ZERO).await;
}

#[tokio::test]
async fn replay_portal_has_separate_job() {
    let emulator = start_slow().await;
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let path = format!("/eu/v3/portals/{portal}/audit-log-replay-job");
    assert_eq!(emulator.read(&path).await["status"], "unconfigured");
    let id = emulator.add_destinations("global", 1).unwrap().pop().unwrap();
    let edit = json!({"audit_log_destination_id": id, "enabled": true});
    emulator.edit_webhook(("eu", &portal), edit).unwrap();
    let reply = emulator.put(&path, window(60, 0)).await;
    assert_eq!(reply.status, 202);
    until(&emulator, &path, "completed").await;
    assert_eq!(emulator.read(JOB).await["status"], "unconfigured");
    for id in ["11111111-2222-4333-8444-555555555555", "nonsense"] {
        let path = format!("/eu/v3/portals/{id}/audit-log-replay-job");
        emulator.get(&path).await.problem(404);
        emulator.put(&path, window(60, 0)).await.is(404);
    }
}

#[tokio::test]
async fn reset_job_in_progress_is_removed() {
    let emulator = start_slow().await;
    assert_eq!(put(&emulator, window(60, 0)).await.status, 202);
    emulator.reset();
    emulator.advance_clock(Duration::from_hours(10));
    assert_eq!(emulator.read(JOB).await["status"], "unconfigured");
}
