//! Konnect refuses or answers badly: what the user reads, and that the state is what exists.

use std::collections::BTreeMap;

use serde_json::json;
use terraform_provider_konnect::emulator::{Fault, FaultRule};

use crate::workspace::{Block, Workspace};

const SIEM: &str = "konnect_audit_log_destination.siem";

/// Each way to fail with parts of what is to be said of it.
fn faults() -> Vec<(Fault, Vec<&'static str>)> {
    let problem = |code: u16, body: &str| Fault::Status {
        code,
        headers: BTreeMap::default(),
        body: Some(body.to_owned()),
        content_type: None,
    };
    let html = Fault::Status {
        code: 502,
        headers: BTreeMap::default(),
        body: Some("<html><h1>Bad gateway from the proxy</h1></html>".to_owned()),
        content_type: Some("text/html".to_owned()),
    };
    let with_trace =
        r#"{"status": 500, "title": "Internal", "instance": "konnect:trace:77", "detail": "broken"}"#;
    vec![
        (
            Fault::status(401),
            vec!["401", "access token is wrong or has expired"],
        ),
        (Fault::status(403), vec!["403", "Org Admin"]),
        (
            Fault::status(404),
            vec!["404", "check the id, the region and the server URL"],
        ),
        (Fault::status(409), vec!["409", "Conflict"]),
        (Fault::retry_after(429, 7), vec!["429", "wait 7 s"]),
        (
            problem(500, with_trace),
            vec!["500", "broken", "konnect:trace:77"],
        ),
        (html, vec!["502", "Bad gateway from the proxy"]),
        (
            problem(400, r#"{"status": 400, "title": "Malformed thing"}"#),
            vec!["400", "Malformed thing"],
        ),
        (problem(503, ""), vec!["503", "statuspage"]),
        (problem(500, "{}"), vec!["500", "statuspage"]),
        (Fault::DropBefore, vec!["connection was lost", "Try again"]),
        (
            Fault::body("text/html", "<html>Please log in</html>"),
            vec!["text/html", "Please log in"],
        ),
    ]
}

/// Makes each call of a method fail in each way, and asserts what is said of it.
fn fails(
    workspace: &Workspace,
    method: &str,
    path: &str,
    run: impl Fn() -> crate::workspace::Run,
    after: impl Fn(),
) {
    for (fault, says) in faults() {
        // Where 404 is the answer to expect, it is not an error.
        if method == "DELETE" && fault == Fault::status(404) {
            continue;
        }
        let shown = format!("{method} {fault:?}");
        workspace.konnect.clear_requests();
        workspace
            .konnect
            .inject(FaultRule::new(fault).method(method).path(path))
            .unwrap();
        let error = run().error();
        // The CLI does not name what it destroys: nothing of it is in the configuration any more.
        let named = if method == "DELETE" { "" } else { SIEM };
        assert_eq!(error.address, named, "{shown}: {error:?}");
        for part in says
            .into_iter()
            .chain([method, "/global/v3/audit-log-destinations"])
        {
            assert!(error.text().contains(part), "{shown} has no {part}: {error:?}");
        }
        assert_eq!(workspace.konnect.faults(), [], "{shown} has not struck");
        let asked = workspace.konnect.take_requests();
        let asked = asked.iter().filter(|request| request.method == method).count();
        assert_eq!(asked, 1, "{shown} is not repeated");
        after();
    }
}

#[test]
fn a_creation_that_fails_leaves_nothing_in_the_state() {
    let workspace = Workspace::of(Block::destination("siem"));
    fails(
        &workspace,
        "POST",
        "/audit-log-destinations",
        || workspace.try_apply(),
        || {
            assert_eq!(workspace.state().addresses(), [""; 0]);
        },
    );
    workspace.apply_and_settle();
    assert_eq!(workspace.konnect.destinations("global").len(), 1);
}

#[test]
fn an_update_that_fails_leaves_the_state_as_it_was() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let before = workspace.state();
    workspace.configure(Block::destination("siem").with("name", "renamed"));
    fails(
        &workspace,
        "PATCH",
        "/audit-log-destinations",
        || workspace.try_apply(),
        || {
            assert_eq!(workspace.state().get(SIEM), before.get(SIEM));
        },
    );
    assert_eq!(workspace.konnect.destinations("global")[0]["name"], "siem");
    workspace.apply_and_settle();
    assert_eq!(workspace.konnect.destinations("global")[0]["name"], "renamed");
}

#[test]
fn a_refresh_that_fails_fails_the_plan_and_leaves_the_state_as_it_was() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let before = workspace.state();
    let path = "/audit-log-destinations";
    for (fault, says) in faults() {
        let shown = format!("{fault:?}");
        if fault == Fault::status(404) {
            continue;
        }
        workspace
            .konnect
            .inject(FaultRule::new(fault).method("GET").path(path))
            .unwrap();
        let error = workspace.try_plan().error();
        for part in says {
            assert!(error.text().contains(part), "{shown} has no {part}: {error:?}");
        }
        assert_eq!(workspace.state().get(SIEM), before.get(SIEM), "{shown}");
    }
    // A 404 of something other than Konnect does not say that the destination is gone.
    let page = Fault::Status {
        code: 404,
        headers: BTreeMap::default(),
        body: Some("<html>no such page</html>".to_owned()),
        content_type: Some("text/html".to_owned()),
    };
    workspace
        .konnect
        .inject(FaultRule::new(page).method("GET").path(path))
        .unwrap();
    let error = workspace.try_plan().error();
    assert!(error.text().contains("no such page"), "{error:?}");
    workspace.is_settled();
}

#[test]
fn a_removal_that_fails_keeps_the_object_in_the_state() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let before = workspace.state();
    fails(
        &workspace,
        "DELETE",
        "/audit-log-destinations",
        || workspace.try_destroy(),
        || {
            assert_eq!(workspace.state().get(SIEM), before.get(SIEM));
        },
    );
    assert_eq!(workspace.konnect.destinations("global").len(), 1);
    workspace.destroy();
}

#[test]
fn an_update_whose_answer_is_lost_says_so_and_the_next_plan_sees_what_exists() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    workspace.configure(Block::destination("siem").with("name", "renamed"));
    for fault in [
        Fault::DropAfter,
        Fault::Truncate,
        Fault::Malformed,
        Fault::TruncateHeader,
    ] {
        let id = workspace.state().text(SIEM, "id");
        let back = json!({ "name": "siem" });
        workspace.konnect.edit_destination("global", &id, back).unwrap();
        let shown = format!("{fault:?}");
        workspace
            .konnect
            .inject(FaultRule::new(fault).method("PATCH"))
            .unwrap();
        let error = workspace.apply_error();
        assert!(
            error
                .detail
                .contains("The change may have been made all the same."),
            "{shown}: {error:?}"
        );
        assert_eq!(workspace.konnect.destinations("global")[0]["name"], "renamed");
        workspace.is_settled();
    }
}
