//! `konnect_audit_log_webhook` and its status with `portal_id`: the stream of a Dev Portal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde_json::{Value, json};

use crate::import::import_block;
use crate::migration::store_state;
use crate::workspace::{Block, Feature, KONG, KONG_BETA, Workspace, cli, is_at, only, write};

const DEVELOPERS: &str = "konnect_audit_log_webhook.developers";
const NOBODYS: &str = "11111111-2222-4333-8444-555555555555";

/// A workspace with a Dev Portal in `eu`, and the id of the portal.
fn with_portal() -> (Workspace, String) {
    let workspace = Workspace::new();
    let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
    (workspace, portal)
}

fn webhook(portal: &str) -> Block {
    Block::webhook_to("developers", "siem").with("portal_id", portal)
}

fn with_destination(webhook: impl Display) -> String {
    format!("{}{webhook}", Block::destination("siem"))
}

/// The webhook at Konnect.
fn stored(workspace: &Workspace, portal: &str) -> Value {
    workspace.konnect.region("eu")["portals"][portal]["webhook"].take()
}

/// A portal with the webhook of another user, its block and its destination.
pub fn existing() -> (Workspace, String, Block, String) {
    let (workspace, portal) = with_portal();
    let siem = workspace.konnect.add_destinations("global", 1).unwrap().remove(0);
    let edit = json!({ "audit_log_destination_id": siem, "enabled": true });
    workspace.konnect.edit_webhook(("eu", &portal), edit).unwrap();
    let block = webhook(&portal).with("audit_log_destination_id", siem.as_str());
    (workspace, portal, block, siem)
}

#[test]
fn lifecycle_sends_one_request_for_each_change() {
    let (workspace, portal) = with_portal();
    let second = workspace.konnect.add_portal("eu", "partners").unwrap();
    let path = |portal: &str| format!("/eu/v3/portals/{portal}/audit-log-webhook");
    workspace.set_up(with_destination(webhook(&portal)));
    let writes = workspace.apply_and_assert_no_changes();
    let siem = workspace.state().text("konnect_audit_log_destination.siem", "id");
    let whole = json!({ "audit_log_destination_id": siem, "enabled": true });
    let expected = [write(format!("PATCH {}", path(&portal)), whole.clone())];
    assert_eq!(writes[1..], expected);
    let state = workspace.state();
    let state = state.get(DEVELOPERS);
    assert_eq!(state["id"], format!("eu/{portal}"));
    let expected = (&json!("eu"), &json!(portal));
    assert_eq!((&state["region"], &state["portal_id"]), expected);

    workspace.configure(with_destination(webhook(&portal).with("enabled", false)));
    let off = write(format!("PATCH {}", path(&portal)), json!({ "enabled": false }));
    assert_eq!(workspace.apply_and_assert_no_changes(), [off]);

    workspace.configure(with_destination(webhook(&second)));
    let expected = json!([["portal_id"]]);
    assert_eq!(workspace.plan().change(DEVELOPERS).replace_paths, expected);
    let writes = workspace.apply_and_assert_no_changes();
    let removed = write(format!("DELETE {}", path(&portal)), Value::Null);
    let expected = [removed, write(format!("PATCH {}", path(&second)), whole)];
    assert_eq!(writes, expected);
    workspace.destroy();
    assert_eq!(stored(&workspace, &second)["enabled"], false);
}

#[test]
fn portal_removed_outside_removes_the_webhook_from_the_state() {
    let (workspace, portal) = with_portal();
    workspace.set_up(with_destination(webhook(&portal)));
    workspace.apply();
    workspace.konnect.remove_portal("eu", &portal).unwrap();
    workspace.destroy();
    assert!(workspace.konnect.destinations().is_empty());
}

#[test]
fn include_principal_name_is_managed_only_if_configured() {
    let (workspace, portal) = with_portal();
    let named = |value: bool| webhook(&portal).with("include_principal_name", value);
    let path = format!("/eu/v3/portals/{portal}/audit-log-webhook");
    let set = |value: bool| {
        [write(
            format!("PATCH {path}"),
            json!({ "include_principal_name": value }),
        )]
    };
    let edit = |value: bool| {
        let set = json!({ "include_principal_name": value });
        workspace.konnect.edit_webhook(("eu", &portal), set).unwrap();
    };
    workspace.set_up(with_destination(named(true)));
    let writes = workspace.apply_and_assert_no_changes();
    assert_eq!(writes[1].body["include_principal_name"], true);
    assert_eq!(workspace.state().get(DEVELOPERS)["include_principal_name"], true);
    edit(false);
    assert_eq!(workspace.apply_and_assert_no_changes(), set(true));
    workspace.configure(with_destination(named(false)));
    assert_eq!(workspace.apply_and_assert_no_changes(), set(false));

    workspace.configure(with_destination(webhook(&portal)));
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    edit(true);
    workspace.assert_no_changes();
    workspace.configure(with_destination(named(false)));
    assert_eq!(workspace.apply_and_assert_no_changes(), set(false));
    assert_eq!(stored(&workspace, &portal)["include_principal_name"], false);
}

#[test]
fn invalid_arguments_are_errors_on_them() {
    let (mut workspace, portal) = with_portal();
    for (block, attribute, summary) in [
        (
            webhook(&portal).with("region", "global"),
            "region",
            "Dev Portals are regional",
        ),
        (
            webhook(&portal).with("endpoint", "https://x.example.com/"),
            "endpoint",
            "Conflicting arguments",
        ),
        (
            webhook(&portal)
                .without("portal_id")
                .with("include_principal_name", true),
            "include_principal_name",
            "Conflicting arguments",
        ),
        (webhook(" "), "portal_id", "Value is blank"),
        (webhook("developers"), "portal_id", "Invalid portal_id"),
        (webhook(NOBODYS), "portal_id", "Dev Portal not found"),
        (
            webhook(&portal).with("audit_log_destination_id", NOBODYS),
            "audit_log_destination_id",
            "Destination not found",
        ),
    ] {
        workspace.set_up(with_destination(block));
        let error = workspace.apply_error();
        is_at(&error, attribute, summary);
    }
    // The provider's region is inherited.
    workspace.set("KONNECT_REGION", "eu");
    workspace.configure(with_destination(webhook(&portal).without("region")));
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.state().text(DEVELOPERS, "region"), "eu");
}

#[test]
fn takeover_unrequested_warns_at_plan_and_fails_at_apply() {
    let (workspace, portal, _, theirs) = existing();
    workspace.set_up(with_destination(webhook(&portal)));
    let before = stored(&workspace, &portal);
    let plan = workspace.plan();
    let warning = only(&plan.diagnostics);
    let error = workspace.try_apply_plan().error();
    for refusal in [warning, &error] {
        is_at(refusal, "portal_id", "Dev Portal already delivers audit events");
        let (import, argument) = (
            format!("id = \"eu/{portal}\""),
            format!("portal_id = \"{portal}\""),
        );
        for part in [
            &theirs,
            &format!("Dev Portal {portal} in region eu"),
            &import,
            &argument,
        ] {
            assert!(refusal.detail.contains(part), "{part}: {refusal:?}");
        }
    }
    workspace.destroy();
    assert_eq!(stored(&workspace, &portal), before);
}

#[test]
fn region_and_its_portals_are_separate_streams() {
    let (workspace, portal) = with_portal();
    let second = workspace.konnect.add_portal("eu", "partners").unwrap();
    let partners = Block::webhook_to("partners", "siem").with("portal_id", second);
    let of_region = Block::webhook_to("eu", "siem");
    workspace.set_up(with_destination(format!(
        "{}{partners}{of_region}",
        webhook(&portal)
    )));
    assert_eq!(workspace.plan().diagnostics, []);
    workspace.apply_plan();
    workspace.assert_no_changes();

    let twin = Block::webhook_to("twin", "siem").with("portal_id", portal.to_uppercase());
    workspace.destroy();
    workspace.configure(with_destination(format!("{}{twin}", webhook(&portal))));
    let plan = workspace.plan();
    let warning = only(&plan.diagnostics);
    is_at(warning, "portal_id", "Two webhooks for one Dev Portal");
}

#[test]
fn import_by_id_and_by_identity_changes_nothing() {
    let (workspace, portal, block, _) = existing();
    let mut imports = vec![import_block(DEVELOPERS, &format!("eu/{portal}"))];
    if cli().supports(Feature::ImportByIdentity) {
        let identity = format!("{{ region = \"eu\", portal_id = \"{portal}\" }}");
        let import = Block::new("import").expression("to", DEVELOPERS);
        imports.push(import.expression("identity", identity));
    }
    for import in imports {
        workspace.set_up(format!("{block}{import}"));
        assert_eq!(workspace.apply_and_assert_no_changes(), []);
        workspace.run(&["state", "rm", DEVELOPERS]).succeeds();
    }
    for (id, summary) in [
        (format!("us/{portal}"), "Dev Portal has no webhook"),
        (format!("global/{portal}"), "Dev Portals are regional"),
        (format!("/{portal}"), "Invalid import id"),
        (portal, "Invalid import id"),
        ("eu/".to_owned(), "Invalid import id"),
        ("eu/developers".to_owned(), "Invalid import id"),
    ] {
        workspace.configure(format!("{block}{}", import_block(DEVELOPERS, &id)));
        assert_eq!(workspace.try_plan().error().summary, summary, "{id}");
    }
}

#[test]
fn moved_block_migrates_the_type_of_kongs_providers_without_a_write() {
    for provider in [KONG, KONG_BETA] {
        let (workspace, portal, mut block, siem) = existing();
        let mut attributes =
            json!({ "audit_log_destination_id": siem, "enabled": true, "portal_id": portal });
        if provider == KONG_BETA {
            let set = json!({ "include_principal_name": true });
            workspace.konnect.edit_webhook(("eu", &portal), set).unwrap();
            attributes["include_principal_name"] = json!(true);
            block = block.with("include_principal_name", true);
        }
        let of_kong = "konnect_portal_audit_log_webhook";
        store_state(&workspace, provider, &[(of_kong, "developers", &attributes)]);
        let moved = Block::new("moved")
            .expression("from", "konnect_portal_audit_log_webhook.developers")
            .expression("to", DEVELOPERS);
        workspace.set_up(format!("{block}{moved}"));
        let plan = workspace.plan();
        assert_eq!(plan.diagnostics, []);
        let expected = BTreeMap::from([(DEVELOPERS, "update".to_owned())]);
        assert_eq!(plan.actions(), expected);
        let learned = BTreeSet::from(["id", "region", "updated_at"]);
        assert!(plan.change(DEVELOPERS).changed().is_subset(&learned));
        assert_eq!(workspace.apply_and_assert_no_changes(), []);
        // The `moved` block is no longer needed.
        workspace.configure(block);
        workspace.assert_no_changes();
    }
}

#[test]
fn status_follows_the_deliveries_of_the_portal() {
    let (workspace, portal, _, _) = existing();
    let status = Block::new("data \"konnect_audit_log_webhook_status\" \"developers\"")
        .with("region", "eu")
        .with("portal_id", portal.as_str());
    workspace.set_up(&status);
    for (code, message, state) in [(200, "OK", "delivering"), (503, "Service Unavailable", "failing")] {
        let at = Some("2026-01-02T03:04:05.678Z");
        let recorded = workspace
            .konnect
            .record_delivery(("eu", &portal), code, message, at);
        recorded.unwrap();
        workspace.apply();
        let read = workspace.state();
        let read = read.get("data.konnect_audit_log_webhook_status.developers");
        assert_eq!(read["delivery_state"], state);
        let explanation = read["explanation"].as_str().unwrap();
        assert!(
            explanation.contains(&format!("Dev Portal {portal} in region eu")),
            "{explanation}"
        );
    }
    workspace.configure(status.with("portal_id", NOBODYS));
    let error = workspace.try_plan().error();
    is_at(&error, "portal_id", "Dev Portal not found");
}
