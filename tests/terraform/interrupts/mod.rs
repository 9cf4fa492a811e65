//! Interrupted runs: by Ctrl-C once and twice, by SIGTERM, and by a kill of the CLI, the plugin or both. Afterwards no
//! process or file of the provider remains, and a plain apply restores consistency or reports what to import.
//!
//! The number of requests determines the time of the interruption: the emulator handles some requests, and holds all
//! others of the kind before or after handling them.

mod killed;
mod stopped;

use std::collections::BTreeMap;

use konnect_emulator::{Fault, FaultRule};
use serde_json::Value;

use crate::workspace::{Block, Run, Running, Workspace, until};

/// The number of destinations.
const DESTINATIONS: usize = 16;
/// The regions whose webhooks deliver to the first of them.
const REGIONS: [&str; 3] = ["eu", "us", "au"];
/// The number of concurrent changes of the CLI.
const AT_ONCE: usize = 4;
/// The number of requests before the others are held.
const ANSWERED: usize = 5;

const APPLY: &[&str] = &["apply", "-json", "-auto-approve", "-parallelism=4"];
const DESTROY: &[&str] = &["destroy", "-json", "-auto-approve", "-parallelism=4"];

/// Destinations, and webhooks that deliver to the first.
fn configuration(format: &str) -> String {
    let destinations = Block::destination("many")
        .with("count", DESTINATIONS)
        .expression("name", "\"siem ${count.index}\"")
        .with("log_format", format);
    let webhooks = Block::webhook("of")
        .expression("for_each", format!("toset({REGIONS:?})"))
        .expression("region", "each.key")
        .expression(
            "audit_log_destination_id",
            "konnect_audit_log_destination.many[0].id",
        );
    format!("{destinations}\n{webhooks}")
}

fn workspace() -> Workspace {
    Workspace::of(configuration("cef"))
}

/// Lets some requests pass, and holds all others of this method.
fn hold(workspace: &Workspace, method: &str, pass: usize, handle: bool) {
    let rule = FaultRule::new(Fault::Hold { handle }).method(method);
    let rule = rule.path("/audit-log-").skip(pass as u64).always();
    workspace.konnect.clear_requests();
    workspace.konnect.inject(rule).unwrap();
}

/// Waits until this many requests are held.
#[track_caller]
fn are_held(workspace: &Workspace, method: &str, many: usize) {
    until("requests that are held", || {
        let asked = workspace.konnect.requests();
        let held = asked
            .iter()
            .filter(|r| r.method == method && r.held && r.status.is_none());
        held.count() == many
    });
}

/// The number of requests of a method since the log was cleared.
fn asked(workspace: &Workspace, method: &str) -> usize {
    let asked = workspace.konnect.requests();
    asked.iter().filter(|r| r.method == method).count()
}

/// Asserts that no process or file of the provider remains.
#[track_caller]
fn left_nothing(workspace: &Workspace, running: &Running<'_>) {
    running.is_gone();
    let left = workspace.temporary_files();
    assert!(left.is_empty(), "{left:?}");
}

/// Applies until success, with the imports that errors request. Returns the imported addresses.
#[track_caller]
fn reconcile(workspace: &Workspace) -> Vec<String> {
    workspace.konnect.clear_faults();
    let mut imported: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let before = imported.len();
        imported.extend(proposals(&workspace.try_plan()));
        if imported.len() == before {
            break;
        }
        let blocks = imported.iter().map(|(to, id)| {
            let id = Value::from(id.as_str());
            format!("import {{\n  to = {to}\n  id = {id}\n}}\n")
        });
        workspace.write("imports.tf", &blocks.collect::<String>());
    }
    workspace.run(APPLY).succeeds();
    imported.into_keys().collect()
}

/// The imports that the warnings of a plan propose, by address. Asserts that there is no error.
#[track_caller]
fn proposals(run: &Run) -> Vec<(String, String)> {
    assert!(matches!(run.code, Some(0 | 2)), "{}", run.report());
    let proposing = run.warnings().into_iter().filter(|warning| {
        let known = [
            "An identical destination already exists",
            "Region already delivers audit events",
        ];
        known.contains(&warning.summary.as_str())
    });
    proposing
        .map(|warning| {
            let (_, id) = warning.detail.split_once("id = \"").expect("an import block");
            let (id, _) = id.split_once('"').expect("the end of an id");
            (warning.address.clone(), id.to_owned())
        })
        .collect()
}

/// Asserts that state and Konnect match the configuration and each other.
#[track_caller]
fn is_whole(workspace: &Workspace, format: &str) {
    workspace.assert_no_changes();
    let mut there: Vec<_> = workspace
        .konnect
        .destinations()
        .into_iter()
        .map(|found| {
            assert_eq!(found["log_format"], format);
            (found["name"].to_string(), found["id"].to_string())
        })
        .collect();
    there.sort();
    let state = workspace.state();
    let mut expected: Vec<_> = (0..DESTINATIONS)
        .map(|index| {
            let address = format!("konnect_audit_log_destination.many[{index}]");
            let known = state.get(&address);
            assert_eq!(known["name"], format!("siem {index}"));
            (known["name"].to_string(), known["id"].to_string())
        })
        .collect();
    expected.sort();
    assert_eq!(there, expected, "each destination exists once");
    assert_eq!(state.addresses().len(), DESTINATIONS + REGIONS.len());
    let first = state.text("konnect_audit_log_destination.many[0]", "id");
    for region in REGIONS {
        let webhook = &workspace.konnect.region(region)["webhook"];
        assert_eq!(webhook["enabled"], true, "{region}");
        assert_eq!(webhook["audit_log_destination_id"], first.as_str(), "{region}");
    }
}

/// Asserts that no object exists, and that the state is empty.
#[track_caller]
fn is_empty(workspace: &Workspace) {
    assert_eq!(workspace.state().addresses(), [""; 0]);
    assert!(workspace.konnect.destinations().is_empty());
    for region in REGIONS {
        assert_ne!(workspace.konnect.region(region)["webhook"]["enabled"], true);
    }
}
