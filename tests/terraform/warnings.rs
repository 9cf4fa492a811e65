//! Each warning once for a command.

use std::collections::BTreeMap;

use serde_json::json;

use crate::workspace::{Block, Feature, Run, Workspace, cli, only};

/// How often a command printed each warning.
fn counts(run: &Run) -> BTreeMap<(String, String), usize> {
    let mut counts = BTreeMap::new();
    for warning in run.warnings() {
        let key = (warning.address.clone(), warning.summary.clone());
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// A destination and a webhook whose arguments are questionable. `jp` is not a region that the provider knows.
fn questionable(format: &str) -> String {
    let destination = Block::destination("siem")
        .with("endpoint", "https://10.1.2.3/in")
        .with("authorization", "Authorization: Bearer pR7-zQ3.kM8xA")
        .with("log_format", format);
    let webhook = Block::webhook_with_endpoint("jp")
        .with("region", "jp")
        .with("endpoint", "https://user:s3cret@siem.example.com/")
        .with("skip_ssl_verification", true)
        .with("log_format", format);
    format!("{destination}{webhook}")
}

fn expected() -> Vec<(String, String)> {
    let (siem, jp) = (
        "konnect_audit_log_destination.siem",
        "konnect_audit_log_webhook.jp",
    );
    let all = [
        (siem, "Authorization is not accepted by an endpoint"),
        (siem, "Endpoint is not a public address"),
        (jp, "Deliveries can be intercepted"),
        (jp, "Endpoint contains user information"),
        (jp, "Unknown region"),
    ];
    all.map(|(address, summary)| (address.to_owned(), summary.to_owned()))
        .into()
}

#[test]
fn command_prints_each_warning_once() {
    let workspace = Workspace::of(questionable("cef"));
    let run = workspace.validate().succeeds();
    assert!(run.diagnostics.is_empty(), "{}", run.report());

    let once: BTreeMap<_, _> = expected().into_iter().map(|key| (key, 1)).collect();
    let run = workspace.try_plan().ends_with(2);
    assert_eq!(counts(&run), once, "{}", run.report());
    // Nothing tells the second plan of a creation from the first before Terraform 1.16 and on OpenTofu.
    let run = workspace.apply();
    let found = counts(&run);
    assert!(found.keys().eq(once.keys()), "{}", run.report());
    let at_most = if cli().supports(Feature::PlannedPrivate) {
        1
    } else {
        2
    };
    assert!(found.values().all(|count| *count <= at_most), "{found:?}");

    let run = workspace.try_plan().succeeds();
    assert_eq!(counts(&run), once, "{}", run.report());
    workspace.configure(questionable("json"));
    // Without a refresh, the plan of an update looks like that of an apply.
    let run = workspace.run(&["plan", "-json", "-refresh=false"]);
    assert_eq!(counts(&run), BTreeMap::new(), "{}", run.report());
    let run = workspace.apply();
    assert_eq!(counts(&run), once, "{}", run.report());
    // A replacement is planned as an update and as a creation.
    let replaced = [
        "konnect_audit_log_destination.siem",
        "konnect_audit_log_webhook.jp",
    ];
    let [siem, jp] = replaced.map(|address| format!("-replace={address}"));
    let run = workspace.run(&["plan", "-json", &siem, &jp]);
    let mut found = counts(&run);
    found.retain(|key, _| once.contains_key(key));
    assert_eq!(found, once, "{}", run.report());
    // A saved plan has shown them.
    workspace.configure(questionable("cef"));
    workspace.plan();
    let run = workspace.apply_plan();
    assert_eq!(counts(&run), BTreeMap::new(), "{}", run.report());
}

#[test]
fn replacement_of_a_webhook_that_is_switched_off_does_not_warn_of_its_own_endpoint() {
    let webhook = Block::webhook_with_endpoint("eu").with("enabled", false);
    let workspace = Workspace::of(&webhook);
    workspace.apply();
    let run = workspace.run(&[
        "apply",
        "-json",
        "-auto-approve",
        "-replace=konnect_audit_log_webhook.eu",
    ]);
    let run = run.succeeds();
    // Before Terraform 1.16 and on OpenTofu, the second plan of the creation knows nothing of the removed one.
    if cli().supports(Feature::PlannedPrivate) {
        assert!(run.warnings().is_empty(), "{}", run.report());
    }
    let plan = workspace.run(&["plan", "-json", "-replace=konnect_audit_log_webhook.eu"]);
    assert!(plan.warnings().is_empty(), "{}", plan.report());
    // That of another user is still named.
    workspace.konnect.patch(
        "/us/v2/audit-log-webhook",
        &json!({ "endpoint": "https://other.example.com/", "authorization": "Bearer x", "enabled": false }),
    );
    let us = webhook.to_string().replace("\"eu\"", "\"us\"");
    workspace.configure(format!("{webhook}{us}"));
    let run = workspace.try_plan().ends_with(2);
    let warning = only(&run.diagnostics);
    assert_eq!(warning.summary, "A webhook that is switched off is overwritten");
}
