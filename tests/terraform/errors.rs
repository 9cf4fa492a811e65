//! Each failure of a request, for each of the four kinds: the error, and a state that matches Konnect.

use std::collections::BTreeMap;

use konnect_emulator::{Fault, FaultRule};

use crate::workspace::{Block, Diagnostic, Workspace};

/// A failure, with parts of its error.
type Case = (Fault, Vec<&'static str>);

fn response(code: u16, content_type: Option<&str>, body: &str) -> Fault {
    Fault::Status {
        code,
        headers: BTreeMap::default(),
        body: Some(body.to_owned()),
        content_type: content_type.map(str::to_owned),
    }
}

/// Failures of any request: Konnect refuses it, Konnect fails, a gateway answers, nobody answers. `tests/faults` has the
/// others.
fn faults() -> [Case; 4] {
    let with_trace =
        r#"{"status": 500, "title": "Internal", "instance": "konnect:trace:77", "detail": "broken"}"#;
    [
        (Fault::status(403), vec!["403", "Org Admin"]),
        (
            response(500, None, with_trace),
            vec!["500", "broken", "konnect:trace:77"],
        ),
        // A 404 that is not from Konnect does not mean that the object does not exist.
        (
            response(404, Some("text/html"), "<html>no such page</html>"),
            vec!["404", "an HTML page"],
        ),
        (Fault::DropBefore, vec!["connection was lost", "Try again"]),
    ]
}

/// The failure of a change of an object that does not exist.
fn not_found() -> Case {
    let says = vec!["404", "check the id, the region and the server URL"];
    (Fault::status(404), says)
}

const SIEM: &str = "konnect_audit_log_destination.siem";

fn siem(name: &str) -> Block {
    Block::destination("siem").with("name", name)
}

/// The name of the only destination at Konnect.
fn stored(workspace: &Workspace) -> String {
    let [stored] = workspace.konnect.destinations().try_into().unwrap();
    stored["name"].as_str().unwrap().to_owned()
}

/// Injects a fault for the next request of a method.
fn inject(workspace: &Workspace, fault: &Fault, method: &str) {
    let rule = FaultRule::new(fault.clone())
        .method(method)
        .path("/audit-log-destinations");
    workspace.konnect.inject(rule).unwrap();
    workspace.konnect.clear_requests();
}

/// Asserts that a run reports a fault on the destination, after one request.
#[track_caller]
fn assert_reported(workspace: &Workspace, (fault, says): &Case, method: &str, error: &Diagnostic) {
    assert_eq!(workspace.konnect.faults(), [], "{fault:?} has struck");
    let path = "/global/v3/audit-log-destinations";
    for part in says.iter().chain([&method, &path]) {
        assert!(error.text().contains(part), "{fault:?} has no {part}: {error:?}");
    }
    // For a destroy, the CLI reports an address only if the configuration contains it.
    let address = if method == "DELETE" { "" } else { SIEM };
    assert_eq!(error.address, address, "{error:?}");
    let requests = workspace.konnect.take_requests();
    let asked = requests
        .iter()
        .filter(|r| r.method == method && r.path.starts_with(path));
    assert_eq!(asked.count(), 1, "{fault:?} is not repeated");
}

/// Whether a failure proves that nothing was changed.
fn refuses(fault: &Fault) -> bool {
    matches!(fault, Fault::Status { code: 400..=499, .. })
}

#[test]
fn create_response_lost_creates_exactly_once() {
    let lost = [Fault::DropAfter, Fault::Malformed];
    let made_again = faults()
        .into_iter()
        .map(|(fault, _)| fault)
        .filter(|fault| !refuses(fault));
    let workspace = Workspace::of(siem("siem"));
    for (fault, posts) in made_again
        .map(|fault| (fault, 2))
        .chain(lost.map(|fault| (fault, 1)))
    {
        inject(&workspace, &fault, "POST");
        workspace.apply();
        assert_eq!(workspace.konnect.faults(), [], "{fault:?} has struck");
        let requests = workspace.konnect.take_requests();
        let asked = requests.iter().filter(|request| request.method == "POST");
        assert_eq!(asked.count(), posts, "{fault:?}");
        let [made] = workspace.konnect.destinations().try_into().unwrap();
        assert_eq!(made["id"], workspace.state().text(SIEM, "id"), "{fault:?}");
        workspace.assert_no_changes();
        workspace.destroy();
    }
}

#[test]
fn create_retries_exhausted_errors_with_import_hint() {
    let workspace = Workspace::of(siem("siem"));
    let rule = FaultRule::new(Fault::status(500)).method("POST").always();
    workspace.konnect.inject(rule).unwrap();
    let error = workspace.apply_error();
    for part in [
        "may have been created",
        "(3 attempts)",
        "import it by its id",
        "500",
    ] {
        assert!(error.text().contains(part), "{part}: {error:?}");
    }
    assert_eq!(workspace.state().addresses(), [""; 0]);
    workspace.konnect.clear_faults();
    workspace.apply_and_assert_no_changes();
    assert_eq!(stored(&workspace), "siem");
}

#[test]
fn update_error_keeps_state_and_next_apply_succeeds() {
    let workspace = Workspace::of(siem("siem"));
    workspace.apply();
    workspace.configure(siem("renamed"));
    for case in faults().into_iter().chain([not_found()]) {
        inject(&workspace, &case.0, "PATCH");
        assert_reported(&workspace, &case, "PATCH", &workspace.apply_error());
        assert_eq!(workspace.state().text(SIEM, "name"), "siem");
        assert_eq!(stored(&workspace), "siem");
    }
    workspace.apply_and_assert_no_changes();
    assert_eq!(stored(&workspace), "renamed");
}

#[test]
fn refresh_error_fails_plan_and_keeps_state() {
    let workspace = Workspace::of(siem("siem"));
    workspace.apply();
    for case in faults() {
        inject(&workspace, &case.0, "GET");
        assert_reported(&workspace, &case, "GET", &workspace.try_plan().error());
        assert_eq!(workspace.state().addresses(), [SIEM]);
    }
    workspace.assert_no_changes();
}

#[test]
fn destroy_error_keeps_object_in_state() {
    let workspace = Workspace::of(siem("siem"));
    workspace.apply();
    for case in faults() {
        inject(&workspace, &case.0, "DELETE");
        assert_reported(&workspace, &case, "DELETE", &workspace.try_destroy().error());
        assert_eq!(workspace.state().addresses(), [SIEM]);
        assert_eq!(stored(&workspace), "siem");
    }
    workspace.destroy();
    assert_eq!(workspace.state().addresses(), [""; 0]);
}
