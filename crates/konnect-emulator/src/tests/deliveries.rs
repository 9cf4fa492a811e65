//! Deliveries to a real receiver.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::tests::has;
use crate::tests::receiver::Receiver;
use crate::{Certificate, Emulator, EmulatorOptions, EventKind};

/// Sets a region's webhook to a URL and enables it, without a request and its events.
fn deliver_to(emulator: &Emulator, region: &str, url: &str, format: &str) {
    let webhook = json!({"endpoint": url, "authorization": "Bearer s3cret", "enabled": true});
    emulator.edit_webhook(region, webhook).unwrap();
    emulator
        .edit_webhook(region, json!({ "log_format": format }))
        .unwrap();
}

fn trigger(emulator: &Emulator, region: &str, count: usize) {
    emulator
        .trigger(region, EventKind::Authentication, count)
        .unwrap();
}

/// Starts a receiver with a trusted certificate and an emulator whose region eu delivers JSON to it.
async fn stream() -> (Receiver, Emulator) {
    let receiver = Receiver::start(Certificate::Valid).await;
    let emulator = receiver.emulator().await;
    deliver_to(&emulator, "eu", &receiver.url, "json");
    (receiver, emulator)
}

#[tokio::test]
async fn delivery_batch_is_gzip_text_with_the_credential() {
    let (receiver, emulator) = stream().await;
    // A name that no name server resolves, and that is not in the certificate.
    let url = receiver.url.replace("127.0.0.1", "SIEM.localhost.");
    let edit = json!({"endpoint": url, "skip_ssl_verification": true});
    emulator.edit_webhook("eu", edit).unwrap();
    trigger(&emulator, "eu", 3);
    emulator.deliveries_drained().await;
    let batches = receiver.received();
    assert_eq!(batches.len(), 1, "{batches:?}");
    let batch = &batches[0];
    assert_eq!(batch.lines.len(), 3);
    assert_eq!(batch.head.uri.path(), "/in");
    for (name, value) in [
        ("authorization", "Bearer s3cret"),
        ("content-type", "text/plain"),
        ("content-encoding", "gzip"),
    ] {
        assert_eq!(batch.head.headers[name], value);
    }
    let log = emulator.deliveries();
    assert_eq!(
        (log.len(), log[0].events, log[0].code, log[0].replay),
        (1, 3, Some(202), false)
    );
    let status = emulator.read("/eu/v3/audit-log-webhook/status").await;
    has(
        &status,
        &json!({"webhook_status": "active", "last_response_code": 202, "last_response_message": "Accepted"}),
    );
    assert_eq!(status["last_attempt_at"], log[0].at);
}

#[tokio::test]
async fn request_makes_events_of_one_trace() {
    let (receiver, emulator) = stream().await;
    let path = "/eu/v3/audit-log-webhook";
    emulator.get(path).await.is(200);
    for headers in [&[("authorization", "Bearer other")][..], &[]] {
        emulator.send("PATCH", path, headers, b"{}").await.is(401);
    }
    let change = format!("{path}?x=1&y=a%20b");
    emulator.patch(&change, json!({"enabled": 1})).await.is(400);
    emulator.deliveries_drained().await;
    let events = receiver.events();
    let names: Vec<&str> = events
        .iter()
        .map(|event| event["name"].as_str().unwrap())
        .collect();
    let expected = [
        "AUTHENTICATION_OUTCOME_SUCCESS",
        "Authz.webhook",
        "AUTHENTICATION_OUTCOME_INVALID",
        "AUTHENTICATION_OUTCOME_SUCCESS",
        "Authz.webhook",
        "Ingress",
    ];
    assert_eq!(names, expected);
    let of_change = &events[3..];
    let trace = &of_change[0]["trace_id"];
    assert!(of_change.iter().all(|event| event["trace_id"] == *trace));
    assert_ne!(events[0]["trace_id"], *trace);
    let query = "{\"x\":\"1\",\"y\":\"a b\"}";
    let access = json!({"request": "/v3/audit-log-webhook", "act": "PATCH", "status": 400, "query": query});
    let expected = [
        json!({"event_class_id": "AUTHENTICATION_TYPE_PAT"}),
        json!({"event_class_id": "auditlogs", "action": "edit"}),
        access,
    ];
    for (event, fields) in of_change.iter().zip(&expected) {
        has(event, fields);
    }
}

#[tokio::test]
async fn retry_client_error_or_redirect_is_not_repeated() {
    let (receiver, emulator) = stream().await;
    let other = Receiver::start(Certificate::Valid).await;
    for code in [401, 307] {
        receiver.respond_next(code, &other.url);
        trigger(&emulator, "eu", 1);
        emulator.deliveries_drained().await;
        let last = emulator.deliveries().pop().unwrap();
        assert_eq!((last.code, last.attempt), (Some(code), 1));
    }
    assert_eq!(receiver.received().len(), 2);
    assert!(other.received().is_empty(), "the redirect was followed");
}

#[tokio::test]
async fn receiver_slow_delays_neither_api_nor_other_streams() {
    let fast = Receiver::start(Certificate::UnknownAuthority).await;
    let emulator = fast.emulator().await;
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/in", slow.local_addr().unwrap());
    deliver_to(&emulator, "eu", &url, "json");
    deliver_to(&emulator, "us", &fast.url, "json");
    emulator
        .edit_webhook("us", json!({"skip_ssl_verification": true}))
        .unwrap();
    trigger(&emulator, "eu", 1);
    let _connection = slow.accept().await.unwrap();
    trigger(&emulator, "us", 1);
    fast.arrived().await;
    assert_eq!(emulator.get("/eu/v3/audit-log-destinations").await.status, 200);
    assert!(
        emulator
            .deliveries()
            .iter()
            .all(|delivery| delivery.region == "us")
    );
}

#[tokio::test]
async fn queue_thousands_of_events_arrive_in_order() {
    let (receiver, emulator) = stream().await;
    trigger(&emulator, "eu", 3_000);
    emulator.deliveries_drained().await;
    let batches = receiver.received();
    assert!(batches.len() >= 6 && batches.iter().all(|batch| batch.lines.len() <= 500));
    let times: Vec<_> = receiver
        .events()
        .iter()
        .map(|event| event["rt"].as_i64())
        .collect();
    assert!(times.len() == 3_000 && times.is_sorted());
}

#[tokio::test]
async fn stop_during_retry_ends_immediately() {
    let receiver = Receiver::start(Certificate::Valid).await;
    let emulator = Emulator::start(EmulatorOptions {
        time_scale: 1.0,
        ..receiver.options()
    })
    .await
    .unwrap();
    deliver_to(&emulator, "eu", &receiver.url, "json");
    receiver.respond_next(503, "");
    trigger(&emulator, "eu", 1);
    receiver.arrived().await;
    tokio::time::timeout(Duration::from_secs(5), emulator.stop())
        .await
        .unwrap();
}
