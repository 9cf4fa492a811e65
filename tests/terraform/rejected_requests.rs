//! Rejected requests, with errors on the attribute or object.

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::webhook::{EU, to_destination, with_endpoint};
use crate::workspace::{Block, Diagnostic, Workspace, refusal};

const SIEM: &str = "konnect_audit_log_destination.siem";

#[test]
fn invalid_parameters_in_response_error_on_their_attributes() {
    let refusal = |parameters: Value| {
        let body = json!({
            "status": 400, "title": "Bad Request", "detail": "Invalid body", "instance": "kong:trace:5",
            "invalid_parameters": parameters,
        });
        let fault = refusal(400, &body.to_string());
        FaultRule::new(fault)
    };
    // The credential contains the name of a field: it is redacted after the error has found its attribute.
    let workspace = Workspace::of(Block::destination("siem").with("authorization", "Splunk name"));
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
    let expected = [
        ("endpoint", "Konnect rejected \"endpoint\": is not reachable."),
        ("name", "Konnect rejected \"[redacted]\": is taken."),
    ];
    assert_eq!(found, expected);
    assert_eq!(workspace.state().addresses(), [""; 0]);

    // An error about a field that the block does not have is on the whole block.
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
fn destroy_refused_names_the_region_or_the_dev_portal_in_the_title() {
    let workspace = Workspace::new();
    let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
    let own = Block::webhook_with_endpoint("us").with("region", "us");
    let developers = Block::webhook_to("developers", "siem").with("portal_id", portal.as_str());
    let siem = Block::destination("siem");
    workspace.set_up(format!("{siem}{developers}{own}"));
    workspace.apply();
    for (method, path) in [("PATCH", "/us/"), ("DELETE", "/portals/")] {
        let rule = FaultRule::new(Fault::status(403))
            .method(method)
            .path(path)
            .always();
        workspace.konnect.inject(rule).unwrap();
    }
    let errors = workspace.try_destroy().errors();
    let mut titles: Vec<_> = errors.iter().map(|error| error.summary.as_str()).collect();
    titles.sort_unstable();
    let of_portal = format!("Webhook of Dev Portal {portal} in region eu was not removed");
    let expected = [of_portal.as_str(), "Webhook of region us was not removed"];
    assert_eq!(titles, expected);
    assert!(
        errors
            .iter()
            .all(|error| error.detail.contains("Audit Logs: Admin")),
        "{errors:?}"
    );
}

#[test]
fn create_rate_limited_waits_and_creates_once() {
    let workspace = Workspace::of("");
    workspace.configure_provider("max_retries = 3", Block::destination("siem"));
    let rule = FaultRule::new(Fault::retry_after(429, 0)).method("POST").times(3);
    workspace.konnect.inject(rule).unwrap();
    let writes = workspace.apply_and_assert_no_changes();
    assert_eq!(writes.len(), 4);
    assert_eq!(workspace.konnect.destinations().len(), 1);
}

#[test]
fn apply_with_one_failure_keeps_other_objects() {
    let body = Block::destination("siem")
        + Block::webhook_to("eu", "siem")
        + Block::webhook_to("us", "siem").with("region", "us");
    let workspace = Workspace::of(body);
    let rule = FaultRule::new(Fault::status(403)).method("PATCH").region("us");
    workspace.konnect.inject(rule).unwrap();
    let error = workspace.apply_error();
    assert_eq!(error.address, "konnect_audit_log_webhook.us");
    let expected = [SIEM, "konnect_audit_log_webhook.eu"];
    assert_eq!(workspace.state().addresses(), expected);
    let writes = workspace.apply_and_assert_no_changes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(writes[0].call, "PATCH /us/v3/audit-log-webhook");
}

/// Asserts that a failure in each operation keeps the state. `part` is that of the path, and the methods are those of the
/// creation and the removal.
#[track_caller]
fn failures_keep_state(before: &Block, after: &Block, address: &str, part: &str, methods: [&str; 2]) {
    let workspace = Workspace::of(before);
    let refuse = |method: &str| {
        let rule = FaultRule::new(Fault::status(500)).method(method).path(part);
        workspace.konnect.inject(rule.always()).unwrap();
    };
    let is_reported = |error: &Diagnostic, says: &str| {
        assert_eq!(error.address, address, "{error:?}");
        assert!(error.text().contains(says), "{error:?}");
        workspace.konnect.clear_faults();
    };
    refuse(methods[0]);
    is_reported(&workspace.apply_error(), "may have been");
    assert!(!workspace.state().addresses().contains(&address));

    workspace.apply();
    let state = workspace.state();
    workspace.configure(after);
    refuse("PATCH");
    is_reported(&workspace.apply_error(), "may have been applied");
    assert_eq!(workspace.state().get(address), state.get(address));
    refuse("GET");
    is_reported(&workspace.try_plan().error(), "500");
    assert_eq!(workspace.state().get(address), state.get(address));

    workspace.apply();
    workspace.configure(before);
    workspace.apply();
    let state = workspace.state();
    refuse(methods[1]);
    workspace.try_destroy().error();
    workspace.konnect.clear_faults();
    assert_eq!(workspace.state().get(address), state.get(address));
    workspace.destroy();
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn failure_in_each_operation_keeps_state() {
    let siem = Block::destination("siem");
    let renamed = siem.clone().with("name", "renamed");
    let part = "/audit-log-destinations";
    failures_keep_state(&siem, &renamed, SIEM, part, ["POST", "DELETE"]);
    for (webhook, removal) in [(to_destination(), "DELETE"), (with_endpoint(), "PATCH")] {
        let [before, after] =
            [true, false].map(|enabled| siem.clone() + webhook.clone().with("enabled", enabled));
        failures_keep_state(&before, &after, EU, "/audit-log-webhook", ["PATCH", removal]);
    }
}
