//! Replay jobs of regions and portals.

use std::time::Duration;

use serde_json::{Value, json};

use crate::organization::clock;
use crate::tests::JOB;
use crate::tests::receiver::Receiver;
use crate::{Certificate, Emulator, EmulatorOptions, EventKind};

/// A body whose window begins and ends this many seconds ago.
pub fn window(start_seconds: i64, end_seconds: i64) -> Value {
    let now = clock::Clock::default().now_ms();
    let ago = |seconds: i64| clock::rfc3339(now - seconds * 1000);
    json!({"start_at": ago(start_seconds), "end_at": ago(end_seconds)})
}

/// An emulator whose jobs advance only with its clock.
async fn start_slow(retention_days: u32) -> Emulator {
    let options = EmulatorOptions {
        retention_days,
        replay_step: Duration::from_hours(1),
        ..EmulatorOptions::default()
    };
    Emulator::start(options).await.unwrap()
}

fn enable(emulator: &Emulator, endpoint: &str) {
    let edit = json!({"endpoint": endpoint, "authorization": "x", "enabled": true});
    emulator.edit_webhook("eu", edit).unwrap();
}

/// Polls until the job has the status, and advances the clock by `by` each time.
async fn until(emulator: &Emulator, path: &str, status: &str, by: Duration) {
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

const TEN_MINUTES: Duration = Duration::from_mins(10);

#[tokio::test]
async fn put_window_within_the_retention_is_accepted() {
    let two_weeks_ago = window(14 * 86_400, 13 * 86_400);
    let reply = start_slow(7).await.put(JOB, two_weeks_ago.clone()).await;
    assert_eq!(reply.problem(400)[0].1, "must be within the last 7 days");
    start_slow(30).await.put(JOB, two_weeks_ago).await.is(202);
}

#[tokio::test]
async fn put_job_passes_every_status() {
    let emulator = start_slow(7).await;
    enable(&emulator, "https://siem.example.com/");
    let body = window(60, 0);
    let accepted = json!({"status": "accepted", "start_at": body["start_at"]});
    emulator.run(json!([["PUT", JOB, body, 202, accepted]])).await;
    for status in ["pending", "running", "completed"] {
        until(&emulator, JOB, status, TEN_MINUTES).await;
    }
    let ended = emulator.read(JOB).await;
    emulator.advance_clock(Duration::from_hours(10));
    let calls = json!([
        // A job ends once, and other regions have separate jobs.
        ["GET", JOB, null, 200, ended],
        ["GET", "/us/v3/audit-log-replay-job", null, 200, {"status": "unconfigured"}],
    ]);
    emulator.run(calls).await;
}

#[tokio::test]
async fn put_job_running_conflicts_and_pending_is_replaced() {
    let emulator = start_slow(7).await;
    let second = window(30, 10);
    let calls = json!([
        ["PUT", JOB, window(60, 0), 202],
        ["PUT", JOB, second, 202, {"start_at": second["start_at"]}],
    ]);
    emulator.run(calls).await;
    until(&emulator, JOB, "pending", TEN_MINUTES).await;
    emulator.put(JOB, second.clone()).await.is(202);
    emulator
        .edit_replay_job("eu", json!({"status": "running"}))
        .unwrap();
    emulator.advance_clock(Duration::from_hours(10));
    let refused = emulator.put(JOB, second.clone()).await.is(409).json();
    assert_eq!(refused["title"], "Resource Conflict");
    assert_eq!(refused["detail"], "A replay job is currently running");
    assert_eq!(
        emulator.read(JOB).await["status"],
        "running",
        "an edited job stays"
    );
    emulator
        .edit_replay_job("eu", json!({"status": "failed"}))
        .unwrap();
    emulator.put(JOB, second).await.is(202);
    emulator.reset();
    emulator.advance_clock(Duration::from_hours(10));
    assert_eq!(emulator.read(JOB).await["status"], "unconfigured");
}

#[tokio::test]
async fn replay_window_is_sent_to_current_webhook() {
    let receiver = Receiver::start(Certificate::Valid).await;
    let emulator = receiver.emulator().await;
    emulator.trigger("eu", EventKind::Access, 700).unwrap();
    emulator.trigger("us", EventKind::Access, 1).unwrap();
    emulator.advance_clock(TEN_MINUTES);
    emulator.trigger("eu", EventKind::Access, 1).unwrap();
    assert!(receiver.received().is_empty(), "no webhook was enabled");
    enable(&emulator, &receiver.url);
    // The first 700 events, by the emulator's clock, which is ten minutes ahead.
    emulator.put(JOB, window(60, -60)).await.is(202);
    until(&emulator, JOB, "completed", Duration::ZERO).await;
    let mut replayed = emulator.deliveries();
    replayed.retain(|delivery| delivery.replay);
    let events = replayed.iter().map(|delivery| delivery.events);
    assert_eq!(events.sum::<usize>(), 700);
    let mut replayed = replayed.iter();
    assert!(replayed.all(|delivery| delivery.region == "eu" && delivery.code == Some(202)));
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
    emulator.put(JOB, window(60, 0)).await.is(202);
    until(&emulator, JOB, "failed", Duration::ZERO).await;
}

#[tokio::test]
async fn replay_portal_has_separate_job() {
    let emulator = start_slow(7).await;
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let path = |portal: &str| format!("/eu/v3/portals/{portal}/audit-log-replay-job");
    let edit = json!({"audit_log_destination_id": emulator.create("eu", "a").await, "enabled": true});
    emulator.edit_webhook(("eu", &portal), edit).unwrap();
    let calls = json!([
        ["GET", path(&portal), null, 200, {"status": "unconfigured"}],
        ["PUT", path(&portal), window(60, 0), 202],
        ["GET", path("11111111-2222-4333-8444-555555555555"), null, 404],
        ["PUT", path("nonsense"), window(60, 0), 404],
    ]);
    emulator.run(calls).await;
    until(&emulator, &path(&portal), "completed", TEN_MINUTES).await;
    assert_eq!(emulator.read(JOB).await["status"], "unconfigured");
}
