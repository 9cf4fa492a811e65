//! Many objects immediately.

use std::collections::BTreeSet;
use std::fs;

use konnect_emulator::Conditions;
use serde_json::{Value, json};

use crate::workspace::konnect::likeness;
use crate::workspace::{Block, Workspace};

#[test]
fn fifty_destinations_in_parallel_create_once_each() {
    let many = |format: &str| {
        Block::destination("many")
            .with("count", 50)
            .expression("name", "\"siem ${count.index}\"")
            .with("log_format", format)
    };
    let workspace = Workspace::of(many("cef"));
    let apply = || {
        let run = workspace.run(&["apply", "-json", "-auto-approve", "-parallelism=50"]);
        run.succeeds();
        workspace.konnect.take_writes()
    };
    let writes = apply();
    assert_eq!(writes.len(), 50);
    let names: BTreeSet<_> = workspace
        .konnect
        .destinations()
        .into_iter()
        .map(|destination| destination["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, (0..50).map(|i| format!("siem {i}")).collect());
    let state = workspace.state();
    let ids: BTreeSet<_> = state
        .addresses()
        .into_iter()
        .map(|a| state.text(a, "id"))
        .collect();
    assert_eq!(ids.len(), 50);
    workspace.assert_no_changes();

    workspace.configure(many("json"));
    workspace.konnect.clear_requests();
    let patched: BTreeSet<_> = apply().into_iter().map(|write| write.call).collect();
    assert_eq!(patched.len(), 50);
    workspace
        .run(&["destroy", "-auto-approve", "-parallelism=50"])
        .succeeds();
    assert!(workspace.konnect.destinations().is_empty());
}

/// A workspace of `count` destinations, as the emulator adds them, with all of them in the state. A CLI takes half a
/// minute to write a state of a thousand, so they are copies of one that it has written.
fn unchanged(count: usize) -> Workspace {
    let many = |count: usize| {
        Block::destination("many")
            .with("count", count)
            .expression("name", "\"destination ${count.index + 1}\"")
            .expression(
                "endpoint",
                "\"https://siem-${count.index + 1}.example.com/audit\"",
            )
    };
    let workspace = Workspace::of(many(1));
    workspace.apply();
    let ids = workspace.konnect.add_destinations("global", count - 1).unwrap();
    let file = workspace.path("terraform.tfstate");
    let mut state: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let stored = workspace.konnect.region("global")["destinations"].take();
    let instances = state["resources"][0]["instances"].as_array_mut().unwrap();
    let first = instances[0].clone();
    instances.extend(
        (1..)
            .zip(&ids)
            .map(|(index, id)| likeness(&first, index, &stored[id])),
    );
    state["serial"] = json!(state["serial"].as_u64().unwrap() + 1);
    fs::write(&file, state.to_string()).unwrap();
    workspace.configure(many(count));
    workspace
}

/// The number of requests of a plan without changes, with 20 ms latency.
fn requests_of_a_plan(workspace: &Workspace, options: &[&str]) -> usize {
    let slow = Conditions {
        latency_ms: 20,
        ..Conditions::default()
    };
    workspace.konnect.set_conditions(slow).unwrap();
    workspace.konnect.clear_requests();
    let plan = [&["plan", "-json", "-detailed-exitcode"], options].concat();
    workspace.run(&plan).succeeds();
    let requests = workspace.konnect.take_requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
    requests.len()
}

/// Usually 12, 2 and 12. Reads and searches share a request only while it is in flight, so a busy machine takes more.
#[test]
fn ten_destinations_share_reads_and_searches() {
    let many = Block::destination("many")
        .with("count", 10)
        .expression("name", "\"siem ${count.index}\"");
    let workspace = Workspace::of(many);
    let requests_of = |command: &[&str]| {
        workspace.konnect.clear_requests();
        workspace.run(command).succeeds();
        workspace.konnect.take_requests().len()
    };
    let created = requests_of(&["apply", "-json", "-auto-approve"]);
    println!("{created} requests of the apply");
    assert!(created < 20, "{created} requests");
    let planned = requests_of(&["plan", "-json", "-detailed-exitcode"]);
    println!("{planned} requests of the plan");
    assert!((2..10).contains(&planned), "{planned} requests");
    let removed = requests_of(&["destroy", "-json", "-auto-approve"]);
    println!("{removed} requests of the destroy");
    assert!(removed < 20, "{removed} requests");
}

#[test]
fn plan_of_1000_unchanged_destinations_limits_requests_to_25() {
    let workspace = unchanged(1_000);
    let many = requests_of_a_plan(&workspace, &[]);
    assert!(many <= 25, "{many} requests");
    let many = requests_of_a_plan(&workspace, &["-parallelism=100"]);
    assert!(many <= 25, "{many} requests");
}
