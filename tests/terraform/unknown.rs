//! Values that are unknown until apply.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Block, Workspace};

const SIEM: &str = "konnect_audit_log_destination.siem";
const EU: &str = "konnect_audit_log_webhook.eu";

/// A resource whose output is unknown until it is created or replaced.
pub fn later(label: &str, value: &str) -> Block {
    Block::new(format!("resource \"terraform_data\" \"{label}\"")).with("input", value)
}

#[test]
fn token_unknown_at_plan_creates_at_apply() {
    let workspace = Workspace::of("");
    // It takes precedence over `KONNECT_TOKEN`.
    let token = "personal_access_token = terraform_data.token.output\n  max_retries = 0";
    let body = later("token", "kpat_from-another-resource")
        + Block::destination("siem")
        + Block::webhook_to("eu", "siem");
    workspace.configure_provider(token, &body);
    let plan = workspace.plan();
    assert_eq!(plan.change(SIEM).actions, ["create"]);
    assert_eq!(plan.change(EU).after["id"], "eu");
    assert_eq!(workspace.konnect.take_requests(), []);
    workspace.apply_plan();
    let requests = workspace.konnect.take_requests();
    for request in &requests {
        assert!(
            request.has_authorization("Bearer kpat_from-another-resource"),
            "{request:?}"
        );
    }
    let writes = requests.iter().filter(|request| request.method != "GET");
    assert_eq!(writes.count(), 2);
    workspace.assert_no_changes();
}

#[test]
fn token_recreated_skips_refresh_and_keeps_state() {
    let mut workspace = Workspace::of("");
    workspace.unset("KONNECT_TOKEN");
    let configure = |generation: u64, name: &str| {
        let token = later("token", "kpat_renewed").with("triggers_replace", generation);
        let siem = Block::destination("siem").with("name", name);
        let block = "personal_access_token = terraform_data.token.output\n  max_retries = 0";
        let body = format!("{token}{siem}{}", Block::webhook_to("eu", "siem"));
        workspace.configure_provider(block, body);
    };
    configure(1, "siem");
    workspace.apply();
    let before = workspace.state();

    configure(2, "siem");
    workspace.konnect.clear_requests();
    let plan = workspace.plan();
    let expected = BTreeMap::from([("terraform_data.token", "delete, create".to_owned())]);
    assert_eq!(plan.actions(), expected);
    let warned: BTreeSet<_> = plan
        .diagnostics
        .iter()
        .filter(|d| d.summary == "Not refreshed: provider configuration is not known yet")
        .map(|d| d.address.as_str())
        .collect();
    assert_eq!(warned, BTreeSet::from([SIEM, EU]));
    assert_eq!(workspace.konnect.take_requests(), []);
    workspace.apply_plan();
    for address in [SIEM, EU] {
        assert_eq!(workspace.state().get(address), before.get(address));
    }
    workspace.assert_no_changes();

    // A change can be planned with an unknown token, and is applied with the known one.
    configure(3, "renamed");
    let plan = workspace.plan();
    assert_eq!(plan.change(SIEM).actions, ["update"]);
    workspace.apply_plan();
    assert_eq!(workspace.konnect.destinations()[0]["name"], "renamed");
    workspace.assert_no_changes();
}

#[test]
fn status_with_unknown_provider_argument_errors_at_plan_and_names_it() {
    for (argument, value, named) in [
        ("personal_access_token", "kpat_later", "access token"),
        ("region", "eu", "region"),
    ] {
        let mut workspace = Workspace::of("");
        if argument == "personal_access_token" {
            workspace.unset("KONNECT_TOKEN");
        }
        let status = Block::new("data \"konnect_audit_log_webhook_status\" \"eu\"");
        workspace.configure_provider(
            &format!("{argument} = terraform_data.later.output\n  max_retries = 0"),
            format!("{}{status}", later("later", value)),
        );
        let error = workspace.try_plan().error();
        assert_eq!(error.summary, "Provider configuration is not known yet");
        let says = format!("The {named} in the provider block");
        assert!(
            error.detail.contains(&says) && error.detail.contains("-target"),
            "{}",
            error.detail
        );
        assert_eq!(workspace.konnect.requests(), []);
    }
}

#[test]
fn webhook_with_unknown_values_plans_and_applies() {
    let workspace = Workspace::of(
        later("endpoint", "https://later.example.com/")
            + later("region", "au")
            + Block::webhook_with_endpoint("eu")
                .expression("endpoint", "terraform_data.endpoint.output")
                .expression("region", "terraform_data.region.output"),
    );
    let plan = workspace.plan();
    let expected = BTreeSet::from(["endpoint", "endpoint_host", "id", "region", "updated_at"]);
    assert_eq!(plan.change(EU).unknown(), expected);
    workspace.apply_plan();
    assert_eq!(workspace.state().get(EU)["id"], "au");
    let stored = workspace.konnect.region("au")["webhook"].take();
    assert_eq!(stored["endpoint"], "https://later.example.com/");
    workspace.assert_no_changes();
}

#[test]
fn value_found_invalid_at_apply_errors_on_attribute() {
    let workspace = Workspace::of(
        later("endpoint", "http://plain.example.com/")
            + Block::destination("siem").expression("endpoint", "terraform_data.endpoint.output"),
    );
    workspace.plan();
    let error = workspace.try_apply_plan().error();
    let expected = (SIEM, Some("endpoint"));
    assert_eq!((error.address.as_str(), error.attribute()), expected);
    assert_eq!(workspace.state().addresses(), ["terraform_data.endpoint"]);
    assert!(workspace.konnect.destinations().is_empty());
}

/// A webhook whose form is unknown until apply.
fn open(form: &str) -> String {
    let chosen = |expected: &str, value: &str| {
        format!("terraform_data.form.output == \"{expected}\" ? {value} : null")
    };
    let webhook = Block::webhook("eu")
        .with("region", "eu")
        .expression(
            "audit_log_destination_id",
            chosen("v3", "konnect_audit_log_destination.siem.id"),
        )
        .expression("endpoint", chosen("v2", "\"https://own.example.com/\""))
        .expression("authorization", chosen("v2", "\"Bearer own\""));
    format!("{}{}{webhook}", later("form", form), Block::destination("siem"))
}

#[test]
fn webhook_with_unknown_form_plans_and_applies() {
    for (form, call) in [
        ("v2", "PATCH /eu/v2/audit-log-webhook"),
        ("v3", "PATCH /eu/v3/audit-log-webhook"),
    ] {
        let workspace = Workspace::of(open(form));
        let plan = workspace.plan();
        let unknown = plan.change(EU).unknown();
        for attribute in ["audit_log_destination_id", "endpoint", "log_format", "updated_at"] {
            assert!(unknown.contains(attribute), "{attribute}: {unknown:?}");
        }
        workspace.apply_plan();
        let calls: Vec<_> = workspace
            .konnect
            .take_writes()
            .into_iter()
            .map(|w| w.call)
            .collect();
        assert!(calls.contains(&call.to_owned()), "{calls:?}");
        workspace.assert_no_changes();
    }
}

#[test]
fn server_url_unknown_at_plan_creates_at_apply() {
    let mut workspace = Workspace::of("");
    workspace.unset("KONNECT_SERVER_URL");
    let url = format!("{}/{{region}}", workspace.konnect.url());
    let body = format!("{}{}", later("url", &url), Block::destination("siem"));
    workspace.configure_provider("server_url = terraform_data.url.output", body);
    workspace.plan();
    assert_eq!(workspace.konnect.requests(), []);
    workspace.apply_plan();
    assert_eq!(workspace.konnect.destinations().len(), 1);
    workspace.assert_no_changes();
}
