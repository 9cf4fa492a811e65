//! The page "What to alert on": each condition matches one of the events that it shows, and the emulator makes these
//! events.

use std::sync::{Arc, Mutex, PoisonError};

use konnect_audit_receiver::{Filter, Options, Receiver, Tls};
use konnect_emulator::{DeliveryOptions, EmulatorOptions, EventKind};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::workspace::{Workspace, until};

use super::{Reader, read};

const PAGE: &str = "docs/guides/alerts.md";

/// The fields that differ between two events of the same kind, or that the page leaves out.
const OMITTED: [&str; 9] = [
    "cef_version",
    "event_ts",
    "event_version",
    "org_id",
    "principal_id",
    "rt",
    "sig",
    "trace_id",
    "user_agent",
];

fn shown() -> Vec<String> {
    let reader = Reader::of(PAGE, Workspace::new());
    let blocks = reader.blocks.iter().filter(|block| block.language == "json");
    blocks
        .flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn alert_conditions_match_the_events_of_the_page() {
    let events: Vec<_> = shown()
        .iter()
        .map(|line| konnect_event::parse(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let page = read(PAGE);
    let (_, table) = page.split_once("| Alert | Condition |").expect("a table");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let conditions: Vec<_> = table.lines().filter_map(|row| row.rsplit('`').nth(1)).collect();
    assert!(conditions.len() > 6, "{conditions:?}");
    for condition in conditions {
        let filter: Filter = condition
            .parse()
            .unwrap_or_else(|error| panic!("{condition}: {error}"));
        assert!(
            events.iter().any(|event| filter.matches(event)),
            "no event matches {condition}"
        );
        assert!(
            !events.iter().all(|event| filter.matches(event)) || condition.contains("!="),
            "{condition}"
        );
    }
}

#[test]
fn emulator_makes_the_events_of_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    let workspace = Workspace::with(EmulatorOptions {
        deliveries: Some(DeliveryOptions {
            trusted_authorities: Some(ca.clone()),
            allowed_hosts: Vec::new(),
        }),
        ..EmulatorOptions::default()
    });
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&arrived);
    let mut options = Options::new("127.0.0.1:0");
    options.tls = Tls::SelfMade { ca: Some(ca) };
    options.on_event = Some(Arc::new(move |received| {
        let mut event: Map<String, Value> = serde_json::from_str(received.line).expect("JSON");
        event.retain(|name, _| !OMITTED.contains(&name.as_str()));
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Value::from(event));
    }));
    let runtime = Runtime::new().expect("a runtime");
    let receiver = runtime.block_on(Receiver::start(options)).expect("a receiver");
    let konnect = &workspace.konnect;
    let destination = konnect.posted_by_another_user(
        "/global/v3/audit-log-destinations",
        &json!({ "name": "SIEM", "endpoint": receiver.url(), "authorization": "Bearer a", "log_format": "json" }),
    );
    let edit = json!({ "audit_log_destination_id": destination["id"], "enabled": true });
    konnect.patched_by_another_user("/eu/v3/audit-log-webhook", &edit);
    for kind in EventKind::ALL {
        konnect.trigger("eu", None, kind, 1).expect("an event");
    }
    for line in shown() {
        let expected: Value = serde_json::from_str(&line).expect("JSON");
        until(&line, || {
            arrived
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(&expected)
        });
    }
}
