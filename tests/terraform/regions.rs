//! Several regions with one provider block, and where a region comes from if a block names none.

use serde_json::{Value, json};

use crate::workspace::{Block, Workspace, write};

const WEBHOOK: &str = "konnect_audit_log_webhook.here";

/// A webhook that names no region.
fn here() -> Block {
    Block::webhook_with_endpoint("here").without("region")
}

#[test]
fn for_each_covers_regions_with_one_provider_block() {
    let configuration = |regions: &str| {
        let webhook = Block::webhook_to("all", "siem")
            .expression("for_each", format!("toset({regions})"))
            .expression("region", "each.key");
        format!("{}{webhook}", Block::destination("siem"))
    };
    let workspace = Workspace::of(configuration(r#"["eu", "us", "au"]"#));
    workspace.apply_and_settle();
    let state = workspace.state();
    let id = state.text("konnect_audit_log_destination.siem", "id");
    for region in ["eu", "us", "au"] {
        let webhook = state.get(&format!("konnect_audit_log_webhook.all[\"{region}\"]"));
        assert_eq!(webhook["id"], region);
        let stored = workspace.konnect.region(region)["webhook"].take();
        assert_eq!(stored["audit_log_destination_id"], json!(id), "{region}");
        assert_eq!(stored["enabled"], true, "{region}");
    }

    workspace.configure(configuration(r#"["eu", "au"]"#));
    let writes = workspace.apply_and_settle();
    assert_eq!(writes, [write("DELETE /us/v3/audit-log-webhook", Value::Null)]);
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);
}

#[test]
fn the_provider_block_gives_a_region_and_goes_before_the_environment() {
    let mut workspace = Workspace::of(here());
    workspace.set("KONNECT_REGION", "me");
    workspace.configure_provider("region = \"sg\"", here());
    assert_eq!(workspace.plan().change(WEBHOOK).after["region"], "sg");
    workspace.apply_and_settle();
    assert_eq!(workspace.state().get(WEBHOOK)["id"], "sg");
    assert_eq!(workspace.konnect.region("sg")["webhook"]["enabled"], true);
}

#[test]
fn the_environment_gives_a_region() {
    let mut workspace = Workspace::of(here());
    workspace.set("KONNECT_REGION", "me");
    workspace.apply_and_settle();
    assert_eq!(workspace.state().get(WEBHOOK)["region"], "me");
    // Another default is another webhook, as a region in the block would be.
    workspace.set("KONNECT_REGION", "au");
    let plan = workspace.plan();
    assert_eq!(plan.change(WEBHOOK).actions, ["delete", "create"]);
    assert_eq!(plan.change(WEBHOOK).replaced_by, json!([["region"]]));
}

#[test]
fn a_blocks_own_region_goes_before_the_providers() {
    let mut workspace = Workspace::of(here().with("region", "au"));
    workspace.set("KONNECT_REGION", "me");
    workspace.configure_provider("region = \"sg\"", here().with("region", "au"));
    workspace.apply_and_settle();
    assert_eq!(workspace.state().get(WEBHOOK)["region"], "au");
    assert_eq!(workspace.konnect.region("au")["webhook"]["enabled"], true);
    assert_eq!(workspace.konnect.region("sg"), Value::Null);
}

#[test]
fn the_providers_region_is_not_the_destinations() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.configure_provider("region = \"sg\"", Block::destination("siem"));
    workspace.apply_and_settle();
    assert_eq!(
        workspace.state().get("konnect_audit_log_destination.siem")["region"],
        "global"
    );
}

#[test]
fn a_region_that_nobody_names_is_an_error_that_tells_the_ways_to_name_it() {
    let workspace = Workspace::of(here());
    let error = workspace.try_plan().error();
    assert_eq!(error.summary, "No region");
    assert_eq!(error.address, WEBHOOK);
    assert!(error.detail.contains("provider block"), "{}", error.detail);
    assert!(error.detail.contains("KONNECT_REGION"), "{}", error.detail);
    assert_eq!(workspace.konnect.requests(), []);
}

#[test]
fn a_url_without_a_place_for_the_region_serves_one_which_the_provider_names() {
    let mut workspace = Workspace::of(here());
    let url = format!("{}/sg", workspace.konnect.url());
    workspace.set("KONNECT_SERVER_URL", url);
    workspace.configure_provider(
        "region = \"sg\"",
        format!("{}{}", here(), Block::destination("siem")),
    );
    workspace.apply_and_settle();
    let state = workspace.state();
    assert_eq!(state.get(WEBHOOK)["region"], "sg");
    assert_eq!(state.get("konnect_audit_log_destination.siem")["region"], "sg");
    assert_eq!(workspace.konnect.destinations("sg").len(), 1);
}

#[test]
fn a_region_that_a_fixed_url_does_not_serve_is_an_error_on_region_at_plan_time() {
    let workspace = Workspace::of(here());
    let blocks = format!(
        "{}{}",
        here().with("region", "us"),
        Block::destination("siem").with("region", "au")
    );
    for (provider, served) in [
        (r#"server_url = "https://eu.api.konghq.com""#, "eu"),
        (r#"server_url = "https://eu.api.konghq.com/""#, "eu"),
        (r#"server_url = "http://127.0.0.1:1/x""#, "global"),
    ] {
        workspace.configure_provider(provider, &blocks);
        // Of the configuration alone there is nothing to say against it.
        workspace.validate().succeeds();
        let errors = workspace.try_plan().errors();
        let mut at: Vec<_> = errors
            .iter()
            .map(|e| (e.address.as_str(), e.attribute()))
            .collect();
        at.sort_unstable();
        assert_eq!(
            at,
            [
                ("konnect_audit_log_destination.siem", Some("region")),
                (WEBHOOK, Some("region"))
            ]
        );
        for error in errors {
            assert_eq!(error.summary, "Region not served by this server URL");
            assert!(error.detail.contains("{region}"), "{}", error.detail);
            assert!(error.detail.contains(served), "{}", error.detail);
        }
    }
}

#[test]
fn the_providers_own_region_has_to_be_the_urls() {
    let workspace = Workspace::of(here());
    workspace.configure_provider(
        "server_url = \"https://eu.api.konghq.com\"\n  region = \"us\"",
        here(),
    );
    let error = workspace.try_plan().error();
    assert_eq!(error.attribute(), Some("region"));
    assert!(error.detail.contains("{region}"), "{}", error.detail);
}
