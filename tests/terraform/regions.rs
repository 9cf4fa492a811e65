//! The default of a region, and the regions that a server URL serves.

use serde_json::json;

use crate::workspace::{Block, Workspace, only};

const WEBHOOK: &str = "konnect_audit_log_webhook.here";

/// A webhook without a region.
fn here() -> Block {
    Block::webhook_with_endpoint("here").without("region")
}

#[test]
fn region_in_provider_block_overrides_environment() {
    let mut workspace = Workspace::of(here());
    workspace.set("KONNECT_REGION", "me");
    workspace.configure_provider("region = \"sg\"", here());
    assert_eq!(workspace.plan().change(WEBHOOK).after["region"], "sg");
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.state().get(WEBHOOK)["id"], "sg");
    assert_eq!(workspace.konnect.region("sg")["webhook"]["enabled"], true);
}

#[test]
fn region_from_environment_is_used() {
    let mut workspace = Workspace::of(here());
    workspace.set("KONNECT_REGION", "me");
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.state().get(WEBHOOK)["region"], "me");
    // An existing webhook does not move because the default region changed.
    workspace.set("KONNECT_REGION", "au");
    workspace.assert_no_changes();
    workspace.unset("KONNECT_REGION");
    workspace.assert_no_changes();
    workspace.configure(here().with("region", "au"));
    let plan = workspace.plan();
    assert_eq!(plan.change(WEBHOOK).actions, ["delete", "create"]);
    assert_eq!(plan.change(WEBHOOK).replace_paths, json!([["region"]]));
}

/// Asserts that a plan warns about the region of the webhook, and that the apply fails.
#[track_caller]
fn fails_at_apply(workspace: &Workspace, summary: &str, parts: &[&str]) {
    let plan = workspace.plan();
    let warning = only(&plan.diagnostics);
    assert!(warning.detail.starts_with("The apply will fail."), "{warning:?}");
    let error = workspace.apply_error();
    for refusal in [warning, &error] {
        let expected = (summary, WEBHOOK);
        assert_eq!((refusal.summary.as_str(), refusal.address.as_str()), expected);
        for part in parts {
            assert!(refusal.detail.contains(part), "{part}: {refusal:?}");
        }
    }
    assert_eq!(workspace.konnect.requests(), []);
}

#[test]
fn region_missing_warns_at_plan_with_every_option_and_fails_at_apply() {
    let workspace = Workspace::of(here());
    fails_at_apply(&workspace, "No region", &["provider block", "KONNECT_REGION"]);
}

#[test]
fn server_url_without_placeholder_serves_provider_region() {
    let mut workspace = Workspace::of(here());
    let url = format!("{}/sg", workspace.konnect.url());
    workspace.set("KONNECT_SERVER_URL", url);
    workspace.configure_provider(
        "region = \"sg\"",
        format!("{}{}", here(), Block::destination("siem")),
    );
    workspace.apply_and_assert_no_changes();
    let state = workspace.state();
    assert_eq!(state.get(WEBHOOK)["region"], "sg");
    assert_eq!(workspace.konnect.destinations().len(), 1);
}

#[test]
fn region_not_served_by_fixed_url_warns_at_plan_and_fails_at_apply() {
    let workspace = Workspace::of(here());
    for (provider, served) in [
        (r#"server_url = "https://eu.api.konghq.com""#, "eu"),
        (r#"server_url = "https://eu.api.konghq.com/""#, "eu"),
        (r#"server_url = "http://127.0.0.1:1/x""#, "global"),
    ] {
        workspace.configure_provider(provider, here().with("region", "us"));
        // The configuration alone is valid.
        workspace.validate().succeeds();
        fails_at_apply(
            &workspace,
            "Region not served by this server URL",
            &["{region}", served],
        );
    }
}

#[test]
fn provider_region_differs_from_url_errors() {
    let workspace = Workspace::of(here());
    workspace.configure_provider(
        "server_url = \"https://eu.api.konghq.com\"\n  region = \"us\"",
        here(),
    );
    let error = workspace.try_plan().error();
    assert_eq!(error.attribute(), Some("region"));
    assert!(error.detail.contains("{region}"), "{}", error.detail);
}
