//! Konnect refuses or answers badly: what the user reads, and that the state is what exists.

use std::collections::BTreeMap;

use serde_json::{Value, json};
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
        // Whose write that was can't be told any more: the authorization is sent once more.
        workspace.try_plan().ends_with(2);
        workspace.apply_and_settle();
    }
}

#[test]
fn one_failure_leaves_what_the_others_have_made() {
    let body = format!(
        "{}{}{}",
        Block::destination("siem"),
        Block::webhook_to("eu", "siem"),
        Block::webhook_to("us", "siem").with("region", "us")
    );
    let workspace = Workspace::of(body);
    let rule = FaultRule::new(Fault::status(403)).method("PATCH").region("us");
    workspace.konnect.inject(rule).unwrap();
    let error = workspace.apply_error();
    assert_eq!(error.address, "konnect_audit_log_webhook.us");
    assert_eq!(
        workspace.state().addresses(),
        [SIEM, "konnect_audit_log_webhook.eu"]
    );
    let writes = workspace.apply_and_settle();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(writes[0].call, "PATCH /us/v3/audit-log-webhook");
}

#[test]
fn parameters_that_konnect_refuses_are_on_their_attributes() {
    let refusal = |parameters: Value| {
        let body = json!({
            "status": 400, "title": "Bad Request", "detail": "Invalid body", "instance": "kong:trace:5",
            "invalid_parameters": parameters,
        });
        let fault = Fault::Status {
            code: 400,
            headers: BTreeMap::default(),
            body: Some(body.to_string()),
            content_type: None,
        };
        FaultRule::new(fault)
    };
    let workspace = Workspace::of(Block::destination("siem"));
    let parameters = json!([
        { "field": "endpoint", "reason": "is not reachable", "rule": "reachable", "source": "body" },
        { "field": "name", "reason": "is taken" },
    ]);
    workspace
        .konnect
        .inject(refusal(parameters).method("POST"))
        .unwrap();
    let errors = workspace.try_apply().errors();
    let mut found: Vec<_> = errors
        .iter()
        .map(|error| {
            assert!(error.detail.contains("kong:trace:5"), "{error:?}");
            (error.attribute().unwrap(), error.detail.lines().next().unwrap())
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("endpoint", "Konnect says of \"endpoint\": is not reachable."),
            ("name", "Konnect says of \"name\": is taken."),
        ]
    );
    assert_eq!(workspace.state().addresses(), [""; 0]);

    // What the block does not have is told of the block as a whole.
    let parameters = json!([{ "field": "quota", "reason": "is used up" }]);
    workspace
        .konnect
        .inject(refusal(parameters).method("POST"))
        .unwrap();
    let error = workspace.apply_error();
    assert_eq!((error.attribute(), error.address.as_str()), (None, SIEM));
    assert!(error.detail.contains("quota: is used up"), "{error:?}");
}

#[test]
fn a_webhook_that_konnect_refuses_tells_why_and_leaves_no_state() {
    let webhook = Block::webhook("eu")
        .with("region", "eu")
        .with("audit_log_destination_id", "0b8f2ae6-5d0e-4a68-9a3c-3b9c1f1f2c11");
    let workspace = Workspace::of(webhook);
    let error = workspace.apply_error();
    assert_eq!(error.address, "konnect_audit_log_webhook.eu");
    assert!(
        error
            .detail
            .contains("[0b8f2ae6-5d0e-4a68-9a3c-3b9c1f1f2c11] was not found"),
        "{error:?}"
    );
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn a_wrong_token_is_told_as_such() {
    let mut workspace = Workspace::of(Block::destination("siem"));
    workspace.set("KONNECT_TOKEN", "not-a-konnect-token");
    let error = workspace.apply_error();
    assert!(error.summary.contains("401"), "{error:?}");
    assert!(error.detail.contains("/global/account/tokens"), "{error:?}");
    assert!(!workspace.printed().contains("not-a-konnect-token"));
}

#[test]
fn nobody_at_the_address_is_told_with_the_address() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.configure_provider(
        "server_url = \"http://127.0.0.1:1/{region}\"\n  max_retries = 0",
        Block::destination("siem"),
    );
    let error = workspace.apply_error();
    assert!(error.detail.contains("http://127.0.0.1:1/global/v3"), "{error:?}");
    assert!(
        error.detail.contains("check the host and port of the server URL"),
        "{error:?}"
    );
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn a_rate_limit_on_a_creation_is_waited_for_and_creates_once() {
    let workspace = Workspace::of("");
    workspace.configure_provider("max_retries = 3", Block::destination("siem"));
    let rule = FaultRule::new(Fault::retry_after(429, 0)).method("POST").times(3);
    workspace.konnect.inject(rule).unwrap();
    let writes = workspace.apply_and_settle();
    assert_eq!(writes.len(), 4);
    assert_eq!(workspace.konnect.destinations("global").len(), 1);
}

#[test]
fn an_answer_that_differs_from_what_was_asked_is_told_and_the_object_is_kept_in_the_state() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let mut answer = workspace.state().get(SIEM).clone();
    let id = answer["id"].as_str().unwrap().to_owned();
    workspace.configure(Block::destination("siem").with("name", "renamed"));
    answer["name"] = json!("RENAMED");
    let fault = Fault::Body {
        handle: true,
        status: 200,
        headers: BTreeMap::default(),
        body: answer.to_string(),
    };
    workspace
        .konnect
        .inject(FaultRule::new(fault).method("PATCH"))
        .unwrap();
    let error = workspace.apply_error();
    assert_eq!(error.attribute(), Some("name"));
    assert_eq!(
        error.summary,
        "The service keeps another value than the one applied"
    );
    let state = workspace.state();
    assert_eq!(
        (state.text(SIEM, "id"), state.text(SIEM, "name")),
        (id, "RENAMED".to_owned())
    );
}
