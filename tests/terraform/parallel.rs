//! Many objects at once.

use std::collections::BTreeSet;

use crate::workspace::{Block, Workspace};

#[test]
fn fifty_destinations_are_created_once_each_in_parallel() {
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
        .destinations("global")
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
    workspace.is_settled();

    workspace.configure(many("json"));
    workspace.konnect.clear_requests();
    let patched: BTreeSet<_> = apply().into_iter().map(|write| write.call).collect();
    assert_eq!(patched.len(), 50);
    workspace
        .run(&["destroy", "-auto-approve", "-parallelism=50"])
        .succeeds();
    assert!(workspace.konnect.destinations("global").is_empty());
}
