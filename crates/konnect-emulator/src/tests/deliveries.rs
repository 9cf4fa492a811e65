//! Deliveries to a real receiver.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::tests::has;
use crate::tests::receiver::Receiver;
use crate::{Certificate, DeliveryOptions, Emulator, EmulatorOptions, EventKind};

/// Sets a region's webhook to a URL and enables it, without a request and its events.
fn deliver_to(emulator: &Emulator, region: &str, url: &str, format: &str) {
    let webhook = json!({"endpoint": url, "authorization": "Bearer s3cret", "enabled": true});
    emulator.edit_webhook(region, webhook).unwrap();
    emulator
        .edit_webhook(region, json!({ "log_format": format }))
        .unwrap();
}

async fn status(emulator: &Emulator, region: &str) -> Value {
    emulator
        .read(&format!("/{region}/v3/audit-log-webhook/status"))
        .await
}

fn trigger(emulator: &Emulator, region: &str, count: usize) {
    emulator
        .trigger(region, EventKind::Authentication, count)
        .unwrap();
}

fn trigger_each(emulator: &Emulator, kinds: &[EventKind]) {
    for kind in kinds {
        emulator.trigger("eu", *kind, 1).unwrap();
    }
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
    let status = status(&emulator, "eu").await;
    has(
        &status,
        &json!({"webhook_status": "active", "last_response_code": 202, "last_response_message": "Accepted"}),
    );
    assert_eq!(status["last_attempt_at"], log[0].at);
}

/// Asserts that a line has these parts in this order.
fn has_in_order(line: &str, parts: impl Iterator<Item = String>) {
    let mut rest = line;
    for part in parts {
        let place = rest.find(&part);
        rest = &rest[place.unwrap_or_else(|| panic!("{part} is not in its place in {line}"))..];
    }
}

#[tokio::test]
async fn delivery_json_keys_are_sorted_and_sig_is_last() {
    let (receiver, emulator) = stream().await;
    trigger_each(
        &emulator,
        &[
            EventKind::Authentication,
            EventKind::AuthorizationDenied,
            EventKind::AccessFailed,
        ],
    );
    emulator.deliveries_drained().await;
    let expected = [
        "cef_version event_class_id event_product event_ts event_vendor event_version name org_id principal_id \
         request rt severity src success trace_id user_agent sig",
        "action cef_version event_class_id event_product event_ts event_vendor event_version granted name org_id \
         principal_id rt severity src trace_id user_agent sig",
        "act cef_version event_class_id event_product event_ts event_vendor event_version name org_id principal_id \
         query request rt severity src status trace_id user_agent sig",
    ];
    let lines = receiver.lines();
    for (line, keys) in lines.iter().zip(expected) {
        has_in_order(line, keys.split(' ').map(|key| format!("\"{key}\":")));
        let event: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event.as_object().unwrap().len(), keys.split(' ').count());
        assert!(!line.contains(": ") && !line.contains(", "), "{line}");
    }
    let events = receiver.events();
    let field = |name: &str| events.iter().map(|event| event[name].clone()).collect::<Vec<_>>();
    let names = [
        "AUTHENTICATION_OUTCOME_SUCCESS",
        "Authz.control-planes",
        "Ingress",
    ];
    assert_eq!(field("name"), names);
    assert_eq!(field("severity"), [0, 6, 10]);
    assert_eq!(events[0]["cef_version"], "0");
    assert_eq!(events[0]["trace_id"].as_str().unwrap().len(), 32);
    assert!(events[0]["rt"].is_i64() && events[0]["success"] == true);
    assert_eq!(
        events[0]["event_ts"].as_str().unwrap().len(),
        "2026-01-01T00:00:00Z".len()
    );
}

#[tokio::test]
async fn delivery_cef_fields_have_the_documented_order() {
    let (receiver, emulator) = stream().await;
    deliver_to(&emulator, "eu", &receiver.url, "cef");
    trigger_each(
        &emulator,
        &[
            EventKind::Authentication,
            EventKind::Authorization,
            EventKind::Access,
        ],
    );
    emulator.deliveries_drained().await;
    let expected = [
        (
            "|AUTHENTICATION_TYPE_BASIC|AUTHENTICATION_OUTCOME_SUCCESS|0|rt=",
            "rt src request success org_id principal_id trace_id user_agent sig",
        ),
        (
            "|konnect|Authz.control-planes|1|rt=",
            "rt src action granted org_id principal_id trace_id user_agent sig",
        ),
        (
            "|KongGateway|Ingress|1|rt=",
            "rt src request act status org_id principal_id user_agent trace_id query sig",
        ),
    ];
    for (line, (header, keys)) in receiver.lines().iter().zip(expected) {
        assert!(
            line[20..].starts_with(" konghq.com CEF:0|KongInc|Konnect|1.0|"),
            "{line}"
        );
        assert!(line.contains(header), "{line}");
        has_in_order(
            &line.replace("|rt=", "| rt="),
            keys.split(' ').map(|key| format!(" {key}=")),
        );
    }
}

#[tokio::test]
async fn request_change_makes_three_events_of_one_trace() {
    let (receiver, emulator) = stream().await;
    emulator
        .patch("/eu/v3/audit-log-webhook?x=1&y=a%20b", json!({"enabled": 1}))
        .await
        .is(400);
    emulator.deliveries_drained().await;
    let events = receiver.events();
    let field = |name: &str| events.iter().map(|event| event[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        field("name"),
        ["AUTHENTICATION_OUTCOME_SUCCESS", "Authz.webhook", "Ingress"]
    );
    assert_eq!(
        field("event_class_id"),
        ["AUTHENTICATION_TYPE_PAT", "auditlogs", "KongGateway"]
    );
    assert!(
        events
            .iter()
            .all(|event| event["trace_id"] == events[0]["trace_id"])
    );
    assert_eq!(events[1]["action"], "edit");
    let access = &events[2];
    has(
        access,
        &json!({"request": "/v3/audit-log-webhook", "act": "PATCH", "status": 400, "query": "{\"x\":\"1\",\"y\":\"a b\"}"}),
    );
}

#[tokio::test]
async fn request_read_or_unknown_token_makes_no_access_event() {
    let (receiver, emulator) = stream().await;
    emulator.get("/eu/v3/audit-log-webhook").await;
    let path = "/eu/v3/audit-log-destinations";
    emulator
        .raw("POST", path, &[("authorization", "Bearer other")], b"{}")
        .await;
    emulator.raw("POST", path, &[], b"{}").await;
    emulator.deliveries_drained().await;
    let events = receiver.events();
    let names: Vec<&Value> = events.iter().map(|event| &event["name"]).collect();
    assert_eq!(
        names,
        [
            "AUTHENTICATION_OUTCOME_SUCCESS",
            "Authz.webhook",
            "AUTHENTICATION_OUTCOME_INVALID"
        ]
    );
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
async fn trust_file_written_later_or_again_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let before = Receiver::start(Certificate::Valid).await;
    let options = EmulatorOptions {
        deliveries: Some(DeliveryOptions {
            trusted_authorities: Some(file.clone()),
            allowed_hosts: Vec::new(),
        }),
        ..before.options()
    };
    let emulator = Emulator::start(options).await.unwrap();
    deliver_to(&emulator, "eu", &before.url, "json");
    trigger(&emulator, "eu", 1);
    emulator.deliveries_drained().await;
    let log = emulator.deliveries();
    assert_eq!(log.len(), 5, "{log:?}");
    assert!(
        log[0].message.contains("ca.pem cannot be read"),
        "{}",
        log[0].message
    );

    // Another authority replaces the first, as when a receiver restarts.
    let after = Receiver::start(Certificate::Valid).await;
    for receiver in [before, after] {
        std::fs::copy(&receiver.authority, &file).unwrap();
        deliver_to(&emulator, "eu", &receiver.url, "json");
        trigger(&emulator, "eu", 1);
        emulator.deliveries_drained().await;
        assert_eq!(receiver.lines().len(), 1, "{:?}", emulator.deliveries());
    }
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
