//! `endpoint_wo`: a URL that is a secret is sent, is in no plan and no state, and another one is detected.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::unknown::later;
use crate::workspace::{Block, Feature, Kind, Workspace, assert_no_secret, cli, files, is_at};

const FIRST: &str = "https://collector.example.com/receiver/v1/http/Zx8qT3vBwKpL0m==";
const SECOND: &str = "https://collector.example.com/receiver/v1/http/Lm4vK7yDsQeR9n==";
const OTHER_HOST: &str = "https://other.example.com:8443/receiver/v1/http/Hj6tF2cXaZuP5b==";
const SECRETS: [&str; 3] = ["Zx8qT3vBwKpL0m", "Lm4vK7yDsQeR9n", "Hj6tF2cXaZuP5b"];

/// A block with an ephemeral variable.
fn ephemeral(kind: Kind) -> Block {
    let block = kind.block().without("endpoint");
    block.expression("endpoint_wo", "var.url")
}

fn url_at_konnect(kind: Kind, workspace: &Workspace) -> Value {
    kind.stored(&workspace.konnect)["endpoint"].take()
}

/// Another user sets the URL. The time of the last change remains: the URL itself shows the change.
fn redirect(kind: Kind, workspace: &Workspace, url: &str) {
    let time = kind.stored(&workspace.konnect)["updated_at"].take();
    kind.edit(&workspace.konnect, json!({ "endpoint": url, "updated_at": time }));
}

fn configure(workspace: &Workspace, block: &Block) {
    workspace.configure(format!(
        "variable \"url\" {{\n  type      = string\n  ephemeral = true\n}}\n{block}"
    ));
}

fn of(block: &Block) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.set("TF_VAR_url", FIRST);
    let log = workspace.root().join("trace.log").display().to_string();
    workspace.set("TF_LOG_PROVIDER", "trace");
    workspace.set("TF_LOG_PATH", log);
    configure(&workspace, block);
    workspace.init();
    workspace
}

/// Asserts that only the host of the URL is in the state, and nothing else of it in any file or output.
fn assert_hidden(workspace: &Workspace, kind: Kind, host: &str) {
    let state = workspace.state();
    let state = state.get(kind.address());
    let expected = (&Value::Null, &Value::Null);
    assert_eq!((&state["endpoint"], &state["endpoint_wo"]), expected);
    assert_eq!(state["endpoint_host"], host);
    assert!(workspace.root().join("trace.log").exists());
    for (path, text) in files(workspace.root()) {
        assert_no_secret(&text, &path, &SECRETS);
    }
    assert_no_secret(&workspace.printed(), "the output", &SECRETS);
}

fn assert_updates(workspace: &Workspace, kind: Kind) {
    let plan = workspace.plan_update(kind.address());
    let change = plan.change(kind.address());
    assert_eq!(change.unknown(), BTreeSet::from(["endpoint_host", "updated_at"]));
    workspace.apply_plan();
    workspace.assert_no_changes();
}

/// Before Terraform 1.16, nothing tells the plan of an apply what the saved plan of a creation shows, and the CLI refuses
/// the difference.
#[test]
fn secret_url_of_another_host_at_the_apply_of_a_creation_is_refused_and_sends_nothing() {
    for kind in Kind::BOTH {
        let mut workspace = of(&ephemeral(kind));
        workspace.plan();
        workspace.set("TF_VAR_url", OTHER_HOST);
        let error = workspace.try_apply_plan().error();
        if cli().supports(Feature::PlannedPrivate) {
            is_at(&error, "endpoint_wo", "Endpoint changed after the plan");
        } else {
            assert_eq!(error.summary, "Provider produced inconsistent final plan");
        }
        assert_eq!(workspace.konnect.take_writes(), []);
        workspace.apply();
        workspace.assert_no_changes();
        assert_eq!(url_at_konnect(kind, &workspace), OTHER_HOST);
    }
}

#[test]
fn secret_url_and_a_change_of_it_are_sent_and_only_the_host_is_kept() {
    for kind in Kind::BOTH {
        let mut workspace = of(&ephemeral(kind));
        let plan = workspace.plan();
        let change = plan.change(kind.address());
        assert_eq!(change.after["endpoint_host"], "collector.example.com");
        assert_eq!(change.after["endpoint"], Value::Null);
        workspace.apply_plan();
        assert_eq!(url_at_konnect(kind, &workspace), FIRST);
        workspace.assert_no_changes();
        assert_hidden(&workspace, kind, "collector.example.com");
        workspace.set("TF_VAR_url", SECOND);
        assert_updates(&workspace, kind);
        assert_eq!(url_at_konnect(kind, &workspace), SECOND);
        workspace.set("TF_VAR_url", OTHER_HOST);
        assert_updates(&workspace, kind);
        assert_hidden(&workspace, kind, "other.example.com:8443");
        workspace.destroy();
    }
}

#[test]
fn secret_url_known_only_after_apply_plans_an_unknown_host_and_is_sent_if_it_differs() {
    for kind in Kind::BOTH {
        let block = ephemeral(kind).expression("endpoint_wo", "terraform_data.url.output");
        let workspace = of(&ephemeral(kind));
        for url in [FIRST, OTHER_HOST] {
            workspace.configure(format!("{}{block}", later("url", url)));
            let plan = workspace.plan();
            let change = plan.change(kind.address());
            assert!(
                change.unknown().contains("endpoint_host"),
                "{:?}",
                change.unknown()
            );
            workspace.apply_plan();
            assert_eq!(url_at_konnect(kind, &workspace), url);
            workspace.assert_no_changes();
        }
    }
}

#[test]
fn import_shows_the_url_until_the_first_apply_with_the_secret_one() {
    let workspace = of(&ephemeral(Kind::Webhook));
    let edit = json!({ "endpoint": FIRST, "authorization": "Bearer x", "enabled": true });
    workspace.konnect.edit_webhook("eu", edit).unwrap();
    workspace
        .run(&["import", Kind::Webhook.address(), "eu"])
        .succeeds();
    assert_eq!(workspace.state().text(Kind::Webhook.address(), "endpoint"), FIRST);
    workspace.apply();
    workspace.assert_no_changes();
    let state = workspace.state();
    let state = state.get(Kind::Webhook.address());
    assert_eq!(state["endpoint"], Value::Null);
    assert_eq!(state["endpoint_host"], "collector.example.com");
}

#[test]
fn secret_url_with_version_is_sent_on_version_change_only() {
    for kind in Kind::BOTH {
        let versioned = |version: u64| ephemeral(kind).with("endpoint_wo_version", version);
        let mut workspace = of(&versioned(1));
        workspace.apply();
        workspace.set("TF_VAR_url", SECOND);
        workspace.assert_no_changes();
        assert_eq!(url_at_konnect(kind, &workspace), FIRST);
        configure(&workspace, &versioned(2));
        assert_updates(&workspace, kind);
        assert_eq!(url_at_konnect(kind, &workspace), SECOND);
    }
}

#[test]
fn secret_url_changed_outside_warns_with_the_hosts_and_is_set_again() {
    for kind in Kind::BOTH {
        let workspace = of(&ephemeral(kind)
            .with("authorization_wo_version", 1)
            .without("authorization")
            .expression("authorization_wo", "\"Splunk s3cret-t0ken-wo\""));
        workspace.apply();
        redirect(kind, &workspace, OTHER_HOST);
        let run = workspace.try_plan().ends_with(2);
        let warnings = run.warnings();
        let found = warnings
            .iter()
            .find(|w| w.summary == "Endpoint was changed by another process or user")
            .unwrap_or_else(|| panic!("{}", run.report()));
        assert!(
            found.detail.contains("other.example.com:8443") && found.detail.contains("collector.example.com"),
            "{}",
            found.detail
        );
        workspace.apply();
        assert_eq!(url_at_konnect(kind, &workspace), FIRST);
        workspace.assert_no_changes();
        assert_hidden(&workspace, kind, "collector.example.com");
    }
}

#[test]
fn move_between_stored_and_secret_url_is_in_place_and_leaves_no_trace() {
    for kind in Kind::BOTH {
        let workspace = of(&kind.block().with("endpoint", FIRST));
        workspace.apply();
        configure(&workspace, &ephemeral(kind));
        workspace.plan_update(kind.address());
        workspace.apply_plan();
        workspace.assert_no_changes();
        let state = workspace.path("terraform.tfstate");
        assert_no_secret(&std::fs::read_to_string(state).unwrap(), "the state", &SECRETS);

        configure(&workspace, &kind.block().with("endpoint", SECOND));
        workspace.apply();
        assert_eq!(url_at_konnect(kind, &workspace), SECOND);
        assert_eq!(workspace.state().text(kind.address(), "endpoint"), SECOND);
        workspace.assert_no_changes();
    }
}

/// The hash of the URL is always stored, because a refresh and a destroy compare with it.
#[test]
fn short_secret_url_warns_once_when_it_is_set() {
    for kind in Kind::BOTH {
        let mut workspace = of(&ephemeral(kind));
        let short = "https://collector.example.com/in?key=hunter2";
        for (url, expected) in [(FIRST, 0), (short, 1), (short, 0), (SECOND, 0)] {
            workspace.set("TF_VAR_url", url);
            let plan = workspace.plan();
            let found: Vec<_> = plan
                .diagnostics
                .iter()
                .filter(|found| found.summary == "Path of endpoint_wo can be guessed")
                .collect();
            assert_eq!(found.len(), expected, "{url}: {:?}", plan.diagnostics);
            assert!(found.iter().all(|found| found.attribute() == Some("endpoint_wo")));
            workspace.apply_plan();
            assert_eq!(url_at_konnect(kind, &workspace), url);
        }
    }
}

#[test]
fn webhook_with_secret_url_is_removed_only_while_it_is_the_applied_one() {
    let workspace = of(&ephemeral(Kind::Webhook));
    workspace.apply();
    workspace
        .konnect
        .patch("/eu/v2/audit-log-webhook", &json!({ "enabled": false }));
    workspace
        .konnect
        .patch("/eu/v2/audit-log-webhook", &json!({ "enabled": true }));
    workspace.destroy();
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], false);

    workspace.apply();
    redirect(Kind::Webhook, &workspace, OTHER_HOST);
    let run = workspace.try_destroy().succeeds();
    assert!(
        run.warnings()
            .iter()
            .any(|w| w.summary == "Webhook was left in place"),
        "{}",
        run.report()
    );
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);
}

#[test]
fn both_urls_or_none_is_an_error_on_the_argument() {
    for (block, summary) in [
        (
            Kind::Destination.block().with("endpoint_wo", SECOND),
            "Conflicting endpoint arguments",
        ),
        (Kind::Destination.block().without("endpoint"), "Missing endpoint"),
        (
            Kind::Destination.block().with("endpoint_wo_version", 1),
            "Version without a value",
        ),
    ] {
        let workspace = of(&block);
        let error = workspace.validate().error();
        assert_eq!(error.summary, summary);
    }
}
