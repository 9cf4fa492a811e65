//! Konnect returns a value in another form: plan, state and identity keep the one of the configuration.

use konnect_emulator::{Behavior, EndpointForm, FaultRule};

use crate::portal_webhook::existing;
use crate::workspace::{Block, Diagnostic, Feature, Workspace, answer, cli};

const SIEM: &str = "konnect_audit_log_destination.siem";

/// The behaviors that return another form of a value.
fn forms() -> [Behavior; 4] {
    let endpoint = |endpoint_form| Behavior {
        endpoint_form,
        ..Behavior::default()
    };
    [
        endpoint(EndpointForm::TrailingSlash),
        endpoint(EndpointForm::UpperCaseHost),
        endpoint(EndpointForm::WithoutDefaultPort),
        Behavior {
            upper_case_ids: true,
            decomposed_names: true,
            ..Behavior::default()
        },
    ]
}

#[test]
fn value_in_another_form_neither_taints_nor_drifts() {
    for behavior in forms() {
        let workspace = Workspace::new();
        let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
        let name = "Gr\u{f6}\u{df}e";
        let url = "https://siem.example.com:443/audit";
        workspace.konnect.set_behavior(behavior.clone());
        let siem = |format: &str| {
            Block::destination("siem")
                .with("name", name)
                .with("endpoint", url)
                .with("log_format", format)
        };
        let developers = Block::webhook_to("developers", "siem").with("portal_id", portal);
        let own = |format: &str| {
            Block::webhook_with_endpoint("us")
                .with("region", "us")
                .with("endpoint", url)
                .with("log_format", format)
        };
        let body = |format| format!("{}{developers}{}", siem(format), own(format));
        workspace.set_up(body("cef"));
        let run = workspace.apply();
        assert!(run.warnings().is_empty(), "{behavior:?}: {}", run.report());
        workspace.assert_no_changes();
        // Another change sends nothing of it either.
        workspace.configure(body("json"));
        for write in workspace.apply_and_assert_no_changes() {
            assert!(write.body.get("name").is_none(), "{behavior:?}: {write:?}");
        }
        let state = workspace.state();
        assert_eq!(state.text(SIEM, "name"), name);
        assert_eq!(state.text(SIEM, "endpoint"), url);
        assert_eq!(state.text("konnect_audit_log_webhook.us", "endpoint"), url);
        let found = state.text("konnect_audit_log_webhook.developers", "audit_log_destination_id");
        assert_eq!(found, state.text(SIEM, "id"));
        assert!(workspace.destroy().warnings().is_empty());
        assert_eq!(workspace.konnect.destinations().len(), 0);
    }
}

#[test]
fn data_source_finds_a_name_in_another_unicode_form() {
    let workspace = Workspace::new();
    let name = "Gr\u{f6}\u{df}e";
    workspace.konnect.set_behavior(Behavior {
        decomposed_names: true,
        ..Behavior::default()
    });
    let siem = Block::destination("siem").with("name", name);
    let lookup = Block::new("data \"konnect_audit_log_destination\" \"found\"")
        .expression("name", "konnect_audit_log_destination.siem.name");
    workspace.set_up(format!("{siem}{lookup}"));
    workspace.apply_and_assert_no_changes();
    let state = workspace.state();
    let found = "data.konnect_audit_log_destination.found";
    assert_eq!(state.text(found, "id"), state.text(SIEM, "id"));
    assert_eq!(state.text(found, "name"), name);
}

#[test]
fn id_in_another_case_is_no_change() {
    let workspace = Workspace::new();
    let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
    let siem = workspace.konnect.add_destinations("global", 1).unwrap().remove(0);
    let webhook = |portal: &str, siem: &str| {
        Block::webhook("developers")
            .with("region", "eu")
            .with("portal_id", portal)
            .with("audit_log_destination_id", siem)
    };
    workspace.set_up(webhook(&portal, &siem));
    workspace.apply();
    workspace.configure(webhook(&portal.to_uppercase(), &siem.to_uppercase()));
    let run = workspace.try_plan().succeeds();
    assert!(run.warnings().is_empty(), "{}", run.report());
    workspace.destroy();
}

#[test]
fn import_by_identity_accepts_an_upper_case_id() {
    if !cli().supports(Feature::ImportByIdentity) {
        return;
    }
    let (workspace, portal, webhook, siem) = existing();
    let (siem, portal) = (siem.to_uppercase(), portal.to_uppercase());
    let webhook = webhook
        .with("portal_id", portal.as_str())
        .with("audit_log_destination_id", siem);
    let import = Block::new("import")
        .expression("to", "konnect_audit_log_webhook.developers")
        .expression(
            "identity",
            format!("{{ region = \"eu\", portal_id = \"{portal}\" }}"),
        );
    workspace.set_up(format!("{webhook}{import}"));
    workspace.apply_and_assert_no_changes();
}

#[test]
fn value_that_differs_after_a_creation_is_a_warning_and_the_next_plan_updates_in_place() {
    let workspace = Workspace::of(Block::destination("siem"));
    let id = workspace.konnect.add_destinations("global", 1).unwrap().remove(0);
    let stored = workspace.konnect.destinations().remove(0);
    let created = answer(false, 201, &stored);
    workspace
        .konnect
        .inject(FaultRule::new(created).method("POST"))
        .unwrap();
    let run = workspace.apply();
    let differ: Vec<_> = run
        .warnings()
        .into_iter()
        .filter(|w| w.summary == "The service returned a different value than the one applied")
        .filter_map(Diagnostic::attribute)
        .collect();
    assert!(differ.contains(&"name"), "{}", run.report());
    assert_eq!(workspace.state().text(SIEM, "name"), "siem");
    assert_eq!(workspace.state().text(SIEM, "id"), id);
    let plan = workspace.plan();
    let change = plan.change(SIEM);
    assert_eq!(change.actions, ["update"]);
    assert_eq!(change.before["name"], stored["name"]);
    workspace.apply_and_assert_no_changes();
}
