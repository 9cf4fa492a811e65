//! Runs that receive Ctrl-C once, or SIGTERM.

use konnect_emulator::{Fault, FaultRule};
use nix::sys::signal::Signal;
use serde_json::json;

use super::{
    ANSWERED, APPLY, AT_ONCE, DESTINATIONS, DESTROY, REGIONS, are_held, asked, configuration, hold, is_empty,
    is_whole, left_nothing, reconcile, workspace,
};
use crate::workspace::{Diagnostic, Running, Workspace, until};

/// How a run is interrupted.
type Interruption = fn(&Running<'_>);

/// As by a terminal, by `kill`, and by a supervisor that signals the whole group.
const INTERRUPTIONS: [Interruption; 3] = [
    |running| running.interrupt(),
    |running| running.signal_cli(Signal::SIGTERM),
    |running| running.signal(Signal::SIGTERM),
];

/// Interrupts a run while requests are held, releases them, and asserts that no further request begins.
#[track_caller]
fn stop(workspace: &Workspace, mut running: Running<'_>, method: &str, interruption: Interruption) {
    are_held(workspace, method, AT_ONCE);
    interruption(&running);
    running.is_stopping();
    let begun = workspace.konnect.requests().len();
    workspace.konnect.clear_faults();
    running.ended().ends_with(1);
    let found = workspace.konnect.requests().len();
    assert_eq!(found, begun, "a request begins after the interruption");
    left_nothing(workspace, &running);
}

#[test]
fn interrupt_during_create_saves_state() {
    for (interruption, handle) in [
        (INTERRUPTIONS[0], false),
        (INTERRUPTIONS[0], true),
        (INTERRUPTIONS[1], true),
        (INTERRUPTIONS[2], false),
    ] {
        let workspace = workspace();
        hold(&workspace, "POST", ANSWERED, handle);
        stop(&workspace, workspace.start(APPLY), "POST", interruption);
        assert_eq!(workspace.konnect.destinations().len(), ANSWERED + AT_ONCE);
        assert_eq!(workspace.state().addresses().len(), ANSWERED + AT_ONCE);
        assert_eq!(reconcile(&workspace), [""; 0], "a plain apply goes on from there");
        is_whole(&workspace, "cef");
    }
}

#[test]
fn interrupt_during_update_saves_state() {
    for handle in [false, true] {
        let workspace = workspace();
        workspace.apply();
        workspace.configure(configuration("json"));
        hold(&workspace, "PATCH", ANSWERED, handle);
        stop(&workspace, workspace.start(APPLY), "PATCH", INTERRUPTIONS[0]);
        let there = workspace.konnect.destinations();
        let changed = there.iter().filter(|found| found["log_format"] == "json").count();
        assert_eq!(changed, ANSWERED + AT_ONCE);
        let state = workspace.state();
        let formats = (0..DESTINATIONS).map(|index| {
            state.text(
                &format!("konnect_audit_log_destination.many[{index}]"),
                "log_format",
            )
        });
        assert_eq!(formats.filter(|format| format == "json").count(), changed);
        assert_eq!(reconcile(&workspace), [""; 0]);
        is_whole(&workspace, "json");
    }
}

#[test]
fn interrupt_during_destroy_saves_state() {
    for handle in [false, true] {
        let workspace = workspace();
        workspace.apply();
        hold(&workspace, "DELETE", ANSWERED, handle);
        stop(&workspace, workspace.start(DESTROY), "DELETE", INTERRUPTIONS[0]);
        let state = workspace.state();
        let known = state.addresses();
        assert_eq!(known.len(), DESTINATIONS + REGIONS.len() - ANSWERED - AT_ONCE);
        let destinations = known.iter().filter(|address| address.contains("destination"));
        let there = workspace.konnect.destinations().len();
        assert_eq!(destinations.count(), there);
        workspace.destroy();
        is_empty(&workspace);
    }
}

/// The list request before the first creation is in flight, and no further request begins.
#[test]
fn interrupt_during_list_request_creates_nothing() {
    let workspace = workspace();
    // Skips the request of the plan, and holds that of the apply.
    let look = FaultRule::new(Fault::Hold { handle: false }).path("/audit-log-destinations?page");
    workspace.konnect.inject(look.skip(1)).unwrap();
    let mut running = workspace.start(APPLY);
    are_held(&workspace, "GET", 1);
    running.interrupt();
    running.is_stopping();
    workspace.konnect.clear_faults();
    running.ended().ends_with(1);
    assert_eq!(asked(&workspace, "POST"), 0);
    left_nothing(&workspace, &running);
    assert_eq!(reconcile(&workspace), [""; 0]);
    is_whole(&workspace, "cef");
}

/// With ten retries of a minute, the run would take ten minutes.
#[test]
fn interrupt_during_retry_wait_errors_immediately() {
    let create: fn(&Workspace) =
        |workspace| workspace.configure_provider("max_retries = 10", configuration("cef"));
    let update: fn(&Workspace) = |workspace| {
        workspace.apply();
        workspace.configure_provider("max_retries = 10", configuration("json"));
    };
    // A 429 also holds back the requests to the host that were not sent yet.
    for (status, method, least, prepare) in [(429, "POST", 1, create), (503, "PATCH", AT_ONCE, update)] {
        let workspace = workspace();
        prepare(&workspace);
        workspace.konnect.clear_requests();
        let busy = FaultRule::new(Fault::retry_after(status, 60)).method(method);
        workspace.konnect.inject(busy.always()).unwrap();
        let mut running = workspace.start(APPLY);
        until("responses", || {
            let asked = workspace.konnect.requests();
            asked.iter().filter(|r| r.status == Some(status)).count() >= least
        });
        running.interrupt();
        let errors = running.ended().errors();
        let sent = asked(&workspace, method);
        assert!((least..=AT_ONCE).contains(&sent), "{sent} requests");
        // Terraform reports the resources that it did not start.
        let texts: Vec<_> = errors
            .iter()
            .map(Diagnostic::text)
            .filter(|text| !text.contains("execution halted"))
            .collect();
        assert!(
            texts.iter().all(|text| text.contains("interrupted")),
            "{texts:#?}"
        );
        let rejected = texts
            .iter()
            .filter(|text| text.contains(&format!("Status: {status}")));
        assert_eq!(rejected.count(), sent, "{texts:#?}");
        left_nothing(&workspace, &running);
        assert_eq!(reconcile(&workspace), [""; 0]);
        is_whole(&workspace, if method == "POST" { "cef" } else { "json" });
    }
}

/// The run is interrupted after the response to a creation was lost, before the search for the destination.
#[test]
fn create_lost_without_search_is_named_by_next_plan() {
    let workspace = workspace();
    workspace.configure_provider("max_retries = 10", configuration("cef"));
    let lost = FaultRule::new(Fault::DropAfter).method("POST");
    workspace.konnect.inject(lost).unwrap();
    // The search receives a `Retry-After`, and the interruption happens during the wait.
    let busy = FaultRule::new(Fault::retry_after(429, 60))
        .method("GET")
        .path("filter");
    workspace.konnect.inject(busy.always()).unwrap();
    let mut running = workspace.start(APPLY);
    until("a look for it", || {
        let asked = workspace.konnect.requests();
        asked.iter().any(|r| r.status == Some(429))
    });
    running.interrupt();
    let errors = running.ended().errors();
    let unsure: Vec<_> = errors
        .iter()
        .filter(|error| error.summary == "Destination may have been created")
        .collect();
    assert_eq!(unsure.len(), 1, "{errors:#?}");
    left_nothing(&workspace, &running);
    let named = reconcile(&workspace);
    assert_eq!(named, [unsure[0].address.clone()]);
    is_whole(&workspace, "cef");
    assert_eq!(json!(workspace.konnect.faults()), json!([]));
}
