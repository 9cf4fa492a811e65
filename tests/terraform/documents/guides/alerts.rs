//! The page "What to alert on": each condition matches one of the events that it shows, and the emulator makes these
//! events.

use clap::ValueEnum as _;
use konnect_audit_receiver::Filter;
use konnect_emulator::EventKind;
use serde_json::{Map, Value};

use crate::deliveries::siem::Stream;
use crate::workspace::{Block, Workspace};

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
    let stream = Stream::start(0.01);
    let destination = stream.siem.destination().with("log_format", "json");
    stream.apply(format!("{destination}{}", Block::webhook_to("eu", "siem")));
    for kind in EventKind::value_variants() {
        stream.trigger(*kind, 1);
    }
    stream.workspace.konnect.wait_for_deliveries();
    let arrived = stream.siem.take().into_iter().map(|arrived| {
        let mut event: Map<String, Value> = serde_json::from_str(&arrived.line).expect("JSON");
        event.retain(|name, _| !OMITTED.contains(&name.as_str()));
        Value::from(event)
    });
    let arrived: Vec<_> = arrived.collect();
    for line in shown() {
        let expected: Value = serde_json::from_str(&line).expect("JSON");
        assert!(arrived.contains(&expected), "{line}: {arrived:#?}");
    }
}
