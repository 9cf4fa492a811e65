//! Each failure of a request, for each of the four kinds: the error, and a state that matches Konnect.
//!
//! Each fault affects one destination in a separate region.

use std::collections::{BTreeMap, BTreeSet};

use konnect_emulator::{Fault, FaultRule};

use crate::workspace::{Block, Diagnostic, Workspace};

/// A failure, with parts of its error.
type Case = (Fault, Vec<&'static str>);

fn problem(code: u16, body: &str) -> Fault {
    Fault::Status {
        code,
        headers: BTreeMap::default(),
        body: Some(body.to_owned()),
        content_type: None,
    }
}

fn page(code: u16, body: &str) -> Fault {
    Fault::Status {
        code,
        headers: BTreeMap::default(),
        body: Some(body.to_owned()),
        content_type: Some("text/html".to_owned()),
    }
}

/// The failures of any request.
fn faults() -> Vec<Case> {
    let with_trace =
        r#"{"status": 500, "title": "Internal", "instance": "konnect:trace:77", "detail": "broken"}"#;
    vec![
        (
            Fault::status(401),
            vec!["401", "access token is invalid or has expired"],
        ),
        (Fault::status(403), vec!["403", "Org Admin"]),
        (Fault::status(409), vec!["409", "Conflict"]),
        (Fault::retry_after(429, 7), vec!["429", "wait 7 s"]),
        (
            problem(500, with_trace),
            vec!["500", "broken", "konnect:trace:77"],
        ),
        (
            page(502, "<html><h1>Bad gateway from the proxy</h1></html>"),
            vec!["502", "an HTML page"],
        ),
        // A 404 that is not from Konnect does not mean that the object does not exist.
        (
            page(404, "<html>no such page</html>"),
            vec!["404", "an HTML page"],
        ),
        (
            problem(400, r#"{"status": 400, "title": "Malformed thing"}"#),
            vec!["400", "Malformed thing"],
        ),
        (problem(503, ""), vec!["503", "statuspage"]),
        (problem(500, "{}"), vec!["500", "statuspage"]),
        (Fault::DropBefore, vec!["connection was lost", "Try again"]),
        (
            Fault::body("text/html", "<html>Please log in</html>"),
            vec!["text/html", "an HTML page"],
        ),
    ]
}

/// The failure of a change of an object that does not exist.
fn not_found() -> Case {
    let says = vec!["404", "check the id, the region and the server URL"];
    (Fault::status(404), says)
}

fn region(index: usize) -> String {
    format!("case-{index}")
}

fn address(index: usize) -> String {
    format!("konnect_audit_log_destination.siem[{index}]")
}

fn destinations(cases: &[Case], name: &str) -> Block {
    Block::destination("siem")
        .with("count", cases.len())
        .with("name", name)
        .expression("region", "\"case-${count.index}\"")
}

/// Injects the fault of each region for the next request of a method.
fn inject(workspace: &Workspace, cases: &[Case], method: &str) {
    for (index, (fault, _)) in cases.iter().enumerate() {
        let rule = FaultRule::new(fault.clone())
            .method(method)
            .region(&region(index));
        workspace.konnect.inject(rule).unwrap();
    }
    workspace.konnect.clear_requests();
}

/// Asserts that each case has one error with the expected parts, after one request.
fn assert_each_reported(workspace: &Workspace, cases: &[Case], method: &str, errors: &[Diagnostic]) {
    assert_eq!(workspace.konnect.faults(), [], "all have struck");
    let requests = workspace.konnect.take_requests();
    assert_eq!(errors.len(), cases.len(), "{errors:#?}");
    for (index, (fault, says)) in cases.iter().enumerate() {
        let path = format!("/{}/v3/audit-log-destinations", region(index));
        let own: Vec<_> = errors.iter().filter(|e| names(e, &path)).collect();
        let [error] = own.as_slice() else {
            panic!("{fault:?}: {own:#?}");
        };
        for part in says.iter().chain([&method]) {
            assert!(error.text().contains(part), "{fault:?} has no {part}: {error:?}");
        }
        // For a destroy, the CLI reports an address only if the configuration contains it.
        let named = if method == "DELETE" {
            String::new()
        } else {
            address(index)
        };
        assert_eq!(error.address, named, "{error:?}");
        let asked = requests
            .iter()
            .filter(|r| r.method == method && r.region == region(index));
        assert_eq!(asked.count(), 1, "{fault:?} is not repeated");
    }
}

fn names(error: &Diagnostic, path: &str) -> bool {
    let text = error.text();
    [" ", "/", "\n", ")"]
        .iter()
        .any(|end| text.contains(&format!("{path}{end}")))
}

/// The set of addresses in a state.
fn addresses(workspace: &Workspace) -> BTreeSet<String> {
    workspace
        .state()
        .addresses()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// Whether a failure proves that nothing was changed.
fn refuses(fault: &Fault) -> bool {
    matches!(fault, Fault::Status { code: 400..=499, .. })
}

#[test]
fn create_refused_leaves_no_state() {
    let mut cases = [faults(), vec![not_found()]].concat();
    cases.retain(|(fault, _)| refuses(fault));
    let workspace = Workspace::of(destinations(&cases, "siem"));
    inject(&workspace, &cases, "POST");
    let errors = workspace.try_apply().errors();
    assert_each_reported(&workspace, &cases, "POST", &errors);
    assert_eq!(addresses(&workspace), BTreeSet::new());
    workspace.apply_and_assert_no_changes();
    for index in 0..cases.len() {
        assert_eq!(workspace.konnect.destinations(&region(index)).len(), 1);
    }
}

#[test]
fn create_response_lost_creates_exactly_once() {
    let lost = [
        Fault::DropAfter,
        Fault::Truncate,
        Fault::TruncateHeader,
        Fault::Malformed,
    ];
    let mut cases = faults();
    cases.retain(|(fault, _)| !refuses(fault));
    let made_again = cases.len();
    cases.extend(lost.map(|fault| (fault, Vec::new())));
    let workspace = Workspace::of(destinations(&cases, "siem"));
    inject(&workspace, &cases, "POST");
    workspace.apply();
    assert_eq!(workspace.konnect.faults(), [], "all have struck");
    let requests = workspace.konnect.take_requests();
    for (index, (fault, _)) in cases.iter().enumerate() {
        let posts = requests
            .iter()
            .filter(|r| r.method == "POST" && r.region == region(index))
            .count();
        assert_eq!(posts, if index < made_again { 2 } else { 1 }, "{fault:?}");
        let [made] = workspace.konnect.destinations(&region(index)).try_into().unwrap();
        assert_eq!(
            made["id"],
            workspace.state().text(&address(index), "id"),
            "{fault:?}"
        );
    }
    workspace.assert_no_changes();
}

#[test]
fn create_retries_exhausted_errors_with_import_hint() {
    let workspace = Workspace::of(Block::destination("siem"));
    let rule = FaultRule::new(Fault::status(500)).method("POST").always();
    workspace.konnect.inject(rule).unwrap();
    let error = workspace.apply_error();
    for part in [
        "may have been created",
        "(3 attempts)",
        "import id global/ID",
        "500",
    ] {
        assert!(error.text().contains(part), "{part}: {error:?}");
    }
    assert_eq!(workspace.state().addresses(), [""; 0]);
    workspace.konnect.clear_faults();
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.konnect.destinations("global").len(), 1);
}

#[test]
fn update_error_keeps_state_and_next_apply_succeeds() {
    let cases = [faults(), vec![not_found()]].concat();
    let workspace = Workspace::of(destinations(&cases, "siem"));
    workspace.apply();
    let before = workspace.state();
    workspace.configure(destinations(&cases, "renamed"));
    inject(&workspace, &cases, "PATCH");
    let errors = workspace.try_apply().errors();
    assert_each_reported(&workspace, &cases, "PATCH", &errors);
    let after = workspace.state();
    for index in 0..cases.len() {
        assert_eq!(after.get(&address(index)), before.get(&address(index)));
        assert_eq!(workspace.konnect.destinations(&region(index))[0]["name"], "siem");
    }
    workspace.apply_and_assert_no_changes();
    for index in 0..cases.len() {
        assert_eq!(
            workspace.konnect.destinations(&region(index))[0]["name"],
            "renamed"
        );
    }
}

#[test]
fn refresh_error_fails_plan_and_keeps_state() {
    let cases = faults();
    let workspace = Workspace::of(destinations(&cases, "siem"));
    workspace.apply();
    let before = workspace.state();
    inject(&workspace, &cases, "GET");
    let errors = workspace.try_plan().errors();
    assert_each_reported(&workspace, &cases, "GET", &errors);
    let after = workspace.state();
    for index in 0..cases.len() {
        assert_eq!(after.get(&address(index)), before.get(&address(index)));
    }
    workspace.assert_no_changes();
}

#[test]
fn destroy_error_keeps_object_in_state() {
    // Excludes 409: a removal waits while the destination is in use.
    let cases: Vec<_> = faults()
        .into_iter()
        .filter(|(fault, _)| *fault != Fault::status(409))
        .collect();
    let workspace = Workspace::of(destinations(&cases, "siem"));
    workspace.apply();
    let before = addresses(&workspace);
    inject(&workspace, &cases, "DELETE");
    let errors = workspace.try_destroy().errors();
    assert_each_reported(&workspace, &cases, "DELETE", &errors);
    assert_eq!(addresses(&workspace), before);
    for index in 0..cases.len() {
        assert_eq!(workspace.konnect.destinations(&region(index)).len(), 1);
    }
    workspace.destroy();
    assert_eq!(addresses(&workspace), BTreeSet::new());
}

#[test]
fn update_response_lost_errors_and_next_plan_detects_it() {
    let lost = "The change may have been applied despite the error.";
    let cases: Vec<Case> = [
        Fault::DropAfter,
        Fault::Truncate,
        Fault::Malformed,
        Fault::TruncateHeader,
    ]
    .map(|fault| (fault, vec![lost]))
    .into();
    let workspace = Workspace::of(destinations(&cases, "siem"));
    workspace.apply();
    workspace.configure(destinations(&cases, "renamed"));
    inject(&workspace, &cases, "PATCH");
    let errors = workspace.try_apply().errors();
    assert_each_reported(&workspace, &cases, "PATCH", &errors);
    let state = workspace.state();
    for index in 0..cases.len() {
        assert_eq!(
            workspace.konnect.destinations(&region(index))[0]["name"],
            "renamed"
        );
        assert_eq!(state.text(&address(index), "name"), "siem");
    }
    // The origin of those writes is uncertain: the authorization is sent once more.
    workspace.try_plan().ends_with(2);
    workspace.apply_and_assert_no_changes();
}
