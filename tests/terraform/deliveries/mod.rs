//! Audit events from Konnect to a SIEM that the CLI configures: their delivery and the status.
//!
//! The emulator's own tests check its reaction to each response. These tests use the provider's destination, webhook
//! and status.

pub mod siem;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use clap::ValueEnum as _;
use konnect_audit_receiver::StatusCode;
use konnect_emulator::{EventKind, RecordedDelivery};
use konnect_event::{Format, Kind};
use serde_json::Value;

use self::siem::{SIEM, Stream};
use crate::workspace::{AUTHORIZATION, Block};

const STATUS: &str = "data.konnect_audit_log_webhook_status.eu";

/// The waits between attempts (konnect-emulator follows Kong's documentation), in milliseconds.
const WAITS: [i64; 4] = [1_000, 2_000, 4_000, 8_000];

/// The status of region eu, read after its webhook.
fn status() -> Block {
    Block::new("data \"konnect_audit_log_webhook_status\" \"eu\"")
        .with("region", "eu")
        .expression("depends_on", "[konnect_audit_log_webhook.eu]")
}

/// A configuration that delivers to this destination and reads the status.
fn delivering_to(destination: &Block) -> String {
    format!("{destination}{}{}", Block::webhook_to("eu", "siem"), status())
}

/// The status of the next refresh after all deliveries.
fn read_status(stream: &Stream) -> Value {
    stream.workspace.apply();
    let status = stream.workspace.state().get(STATUS).clone();
    stream.workspace.konnect.wait_for_deliveries();
    status
}

/// Milliseconds since 1970.
fn instant(delivery: &RecordedDelivery) -> i64 {
    let at: jiff::Timestamp = delivery.at.parse().expect("a time");
    at.as_millisecond()
}

#[test]
fn deliveries_in_each_log_format_arrive_verified() {
    let stream = Stream::start(0.01);
    for (name, format) in [("json", Format::Json), ("cef", Format::Cef), ("cps", Format::Cps)] {
        stream.apply(delivering_to(&stream.siem.destination().with("log_format", name)));
        stream.siem.take();
        for kind in EventKind::value_variants() {
            stream.trigger(*kind, 1);
        }
        stream.workspace.konnect.wait_for_deliveries();
        // Ignores events of requests that read the status.
        let arrived = stream.siem.take();
        let triggered: Vec<_> = arrived.iter().filter(|event| event.triggered).collect();
        assert_eq!(
            triggered.len(),
            EventKind::value_variants().len(),
            "{name}: {arrived:?}"
        );
        let kinds: BTreeSet<_> = triggered.iter().map(|event| event.kind.as_str()).collect();
        let expected = [Kind::Authentication, Kind::Authorization, Kind::Access].map(Kind::as_str);
        assert_eq!(kinds, BTreeSet::from(expected), "{name}");
        assert!(arrived.iter().all(|event| event.format == format), "{arrived:?}");
    }
    let status = read_status(&stream);
    assert_eq!(status["delivery_state"], "delivering", "{status}");
    assert_eq!(status["last_response_code"], 202);
    assert_eq!(stream.siem.counts().refused, 0);
}

#[test]
fn credential_rotated_is_used_by_the_next_deliveries() {
    let stream = Stream::start(0.01);
    stream.apply(delivering_to(&stream.siem.destination()));
    stream.trigger_and_wait(EventKind::Access, 1);
    assert_eq!(stream.siem.take_triggered(), 1);

    // During a rotation, the SIEM accepts both credentials.
    stream.siem.set_authorization(None).unwrap();
    let rotated = "Splunk 4f1c-new";
    stream.apply(delivering_to(
        &stream.siem.destination().with("authorization", rotated),
    ));
    stream.siem.set_authorization(Some(rotated)).unwrap();
    stream.siem.take();
    stream.trigger_and_wait(EventKind::Access, 2);
    assert_eq!(stream.siem.take_triggered(), 2);
    assert_eq!(stream.siem.counts().refused, 0);
    assert_eq!(read_status(&stream)["delivery_state"], "delivering");
}

#[test]
fn certificate_untrusted_is_accepted_only_with_skip_ssl_verification() {
    let stream = Stream::start(0.01);
    let _other = stream.other_siem("other.pem");
    for (skip, is_trusted, arrives) in [
        (false, true, true),
        (false, false, false),
        (true, false, true),
        (true, true, true),
    ] {
        stream.trust(if is_trusted { &[SIEM] } else { &["other.pem"] });
        let destination = stream.siem.destination().with("skip_ssl_verification", skip);
        stream.apply(delivering_to(&destination));
        stream.siem.take();
        stream.trigger_and_wait(EventKind::Access, 1);
        let case = format!("skip {skip}, trusted {is_trusted}");
        assert_eq!(stream.siem.take_triggered(), usize::from(arrives), "{case}");
        let status = read_status(&stream);
        let state = if arrives { "delivering" } else { "failing" };
        assert_eq!(status["delivery_state"], state, "{case}");
        if !arrives {
            let message = status["last_response_message"].as_str().unwrap();
            assert!(message.contains("certificate"), "{case}: {message}");
        }
    }
}

#[test]
fn deliveries_failing_follow_the_retry_schedule_and_recover() {
    let stream = Stream::start(0.02);
    let up = stream.siem.destination();
    // A port without a listener.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down = up.clone().with("endpoint", format!("https://{closed}/in"));
    stream.apply(delivering_to(&up));
    for (response, attempts) in [
        (Some(500), 5),
        (Some(503), 5),
        (Some(429), 5),
        (Some(401), 1),
        (None, 5),
    ] {
        match response {
            Some(401) => stream
                .siem
                .set_authorization(Some("Bearer rotated-by-the-siem"))
                .unwrap(),
            Some(code) => stream.siem.set_status(StatusCode::from_u16(code).unwrap()),
            None => stream.apply(delivering_to(&down)),
        }
        let before = stream.workspace.konnect.deliveries().len();
        stream.trigger_and_wait(EventKind::Access, 3);
        let deliveries = &stream.workspace.konnect.deliveries()[before..];
        let seen: Vec<_> = deliveries.iter().map(|d| (d.attempt, d.events, d.code)).collect();
        let expected: Vec<_> = (1..=attempts).map(|attempt| (attempt, 3, response)).collect();
        assert_eq!(seen, expected, "{response:?}");
        for (pair, wait) in deliveries.windows(2).zip(WAITS) {
            let waited = instant(&pair[1]) - instant(&pair[0]);
            // Times have milliseconds.
            assert!(
                waited >= wait / 50 - 1,
                "{response:?}: {waited} ms after a wait of {wait} ms / 50"
            );
        }
        let status = read_status(&stream);
        assert_eq!(status["delivery_state"], "failing", "{response:?}");
        assert_eq!(status["webhook_status"], "inactive", "{response:?}");
        assert_eq!(status["last_response_code"], Value::from(response));
        assert_eq!(stream.siem.take_triggered(), 0, "{response:?}");

        stream.siem.set_status(StatusCode::ACCEPTED);
        stream.siem.set_authorization(Some(AUTHORIZATION)).unwrap();
        if response.is_none() {
            stream.apply(delivering_to(&up));
        }
        stream.trigger_and_wait(EventKind::Access, 1);
        assert_eq!(stream.siem.take_triggered(), 1, "{response:?}");
        let status = read_status(&stream);
        assert_eq!(status["delivery_state"], "delivering", "{response:?}");
        assert_eq!(status["webhook_status"], "active", "{response:?}");
        stream.siem.take();
    }
}

#[test]
fn portal_events_go_to_the_destination_of_the_portal_only() {
    let stream = Stream::start(0.01);
    let portals = stream.other_siem("portals.pem");
    stream.trust(&[SIEM, "portals.pem"]);
    let konnect = &stream.workspace.konnect;
    let portal = konnect.add_portal("eu", "Developers").unwrap();
    let destination = Block::destination("portals").with("endpoint", format!("{}/in", portals.url()));
    let webhook = Block::webhook_to("developers", "portals").with("portal_id", portal.as_str());
    let of_region = delivering_to(&stream.siem.destination());
    stream.apply(format!("{of_region}{destination}{webhook}"));
    stream.siem.take();
    portals.take();

    konnect
        .trigger(("eu", &portal), EventKind::AccountLocked, 2)
        .unwrap();
    stream.trigger_and_wait(EventKind::AuthorizationDenied, 3);
    let of_portal = portals.take();
    assert_eq!(of_portal.len(), 2, "{of_portal:?}");
    for event in &of_portal {
        assert_eq!(event.product, "Dev-Portal");
        assert_eq!(event.name, "AUTHENTICATION_OUTCOME_LOCKED");
    }
    let of_region = stream.siem.take();
    let triggered: Vec<_> = of_region.iter().filter(|event| event.triggered).collect();
    assert_eq!(triggered.len(), 3, "{of_region:?}");
    assert!(triggered.iter().all(|event| event.kind == Kind::Authorization));
}

#[test]
fn replay_delivers_events_that_the_siem_missed() {
    let stream = Stream::start(0.01);
    let delivering = delivering_to(&stream.siem.destination());
    stream.apply(&delivering);
    stream.siem.set_status(StatusCode::SERVICE_UNAVAILABLE);
    stream.trigger_and_wait(EventKind::AccessFailed, 4);
    assert_eq!(read_status(&stream)["delivery_state"], "failing");
    stream.siem.set_status(StatusCode::ACCEPTED);
    assert_eq!(stream.siem.take_triggered(), 0);

    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap();
    let hour = Duration::from_hours(1);
    let replay = Block::new("resource \"konnect_audit_log_replay_job\" \"eu\"")
        .with("region", "eu")
        .with("start_at", (now - hour).to_string())
        .with("end_at", now.to_string())
        .expression("depends_on", "[konnect_audit_log_webhook.eu]");
    stream.apply(format!("{delivering}{replay}"));
    let job = stream
        .workspace
        .state()
        .get("konnect_audit_log_replay_job.eu")
        .clone();
    assert_eq!(job["status"], "completed", "{job}");
    assert_eq!(stream.siem.take_triggered(), 4);
    let replayed = stream.workspace.konnect.deliveries();
    assert!(replayed.iter().any(|delivery| delivery.replay), "{replayed:?}");
    assert_eq!(read_status(&stream)["delivery_state"], "delivering");
    stream.workspace.assert_no_changes();
}
