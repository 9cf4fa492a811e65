//! `konnect_portal_audit_log_webhook`, its status, and `terraform query` for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use konnect_emulator::{AbsentWebhook, Behavior, Fault, FaultRule};
use serde_json::{Value, json};

use crate::import::import_block;
use crate::workspace::{Block, Feature, KONG, Workspace, cli, write};

const DEVELOPERS: &str = "konnect_portal_audit_log_webhook.developers";
const PARTNERS: &str = "konnect_portal_audit_log_webhook.partners";
const STATUS: &str = "data.konnect_portal_audit_log_webhook_status.developers";
const THEIRS: &str = "5f1c0a52-6a3e-4d7e-9c2b-0123456789ab";
const NOBODYS: &str = "11111111-2222-4333-8444-555555555555";

/// A workspace with a Dev Portal in `eu`, and the ID of the portal.
fn with_portal() -> (Workspace, String) {
    let workspace = Workspace::new();
    let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
    (workspace, portal)
}

fn webhook(label: &str, portal: &str) -> Block {
    Block::new(format!(
        "resource \"konnect_portal_audit_log_webhook\" \"{label}\""
    ))
    .with("region", "eu")
    .with("portal_id", portal)
    .expression(
        "audit_log_destination_id",
        "konnect_audit_log_destination.siem.id",
    )
}

/// The webhook of a portal, and the destination that it delivers to.
fn stream(portal: &str) -> String {
    with_destination(&webhook("developers", portal))
}

fn with_destination(block: &Block) -> String {
    format!("{}{block}", Block::destination("siem"))
}

/// The webhook at Konnect.
fn stored(workspace: &Workspace, portal: &str) -> Value {
    workspace.konnect.region("eu")["portals"][portal]["webhook"].take()
}

fn path(portal: &str) -> String {
    format!("/eu/v3/portals/{portal}/audit-log-webhook")
}

fn destination(workspace: &Workspace) -> String {
    workspace.state().text("konnect_audit_log_destination.siem", "id")
}

/// Sets the webhook of a portal to another destination as another user.
fn occupied(workspace: &Workspace, portal: &str) {
    let edit = json!({ "audit_log_destination_id": THEIRS, "enabled": true });
    workspace.konnect.edit_portal_webhook("eu", portal, edit).unwrap();
}

#[track_caller]
fn ready(workspace: &Workspace, body: impl std::fmt::Display) {
    workspace.configure(body);
    workspace.init();
}

#[test]
fn lifecycle_sends_one_request_for_each_change() {
    let (workspace, portal) = with_portal();
    ready(&workspace, stream(&portal));
    let change = workspace.plan();
    let change = change.change(DEVELOPERS);
    assert_eq!(change.unknown(), BTreeSet::from(["audit_log_destination_id"]));
    assert_eq!(change.after["id"], format!("eu/{portal}"));
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let (siem, path) = (destination(&workspace), path(&portal));
    let whole = json!({ "audit_log_destination_id": siem, "enabled": true });
    assert_eq!(
        workspace.konnect.take_writes()[1..],
        [write(format!("PATCH {path}"), whole)]
    );
    let expected = json!({
        "id": format!("eu/{portal}"),
        "region": "eu",
        "portal_id": portal,
        "enabled": true,
        "audit_log_destination_id": siem,
        "replace_existing": false,
    });
    assert_eq!(*workspace.state().get(DEVELOPERS), expected);
    workspace.assert_no_changes();

    let off = webhook("developers", &portal).with("enabled", false);
    workspace.configure(with_destination(&off));
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(format!("PATCH {path}"), json!({ "enabled": false }))]
    );

    workspace.destroy();
    let calls: Vec<_> = workspace
        .konnect
        .take_writes()
        .into_iter()
        .map(|w| w.call)
        .collect();
    assert_eq!(calls[0], format!("DELETE {path}"));
    assert_eq!(stored(&workspace, &portal)["enabled"], false);
    assert!(workspace.konnect.destinations("global").is_empty());
}

#[test]
fn destination_changed_updates_in_place() {
    let (workspace, portal) = with_portal();
    ready(&workspace, stream(&portal));
    workspace.apply();
    let other = webhook("developers", &portal).expression(
        "audit_log_destination_id",
        "konnect_audit_log_destination.other.id",
    );
    workspace.configure(format!(
        "{}{}",
        with_destination(&other),
        Block::destination("other")
    ));
    let writes = workspace.apply_and_assert_no_changes();
    let other = workspace
        .state()
        .text("konnect_audit_log_destination.other", "id");
    assert_eq!(
        writes[1..],
        [write(
            format!("PATCH {}", path(&portal)),
            json!({ "audit_log_destination_id": other })
        )]
    );
}

#[test]
fn portal_id_changed_removes_one_webhook_and_sets_up_the_other() {
    for create_first in [false, true] {
        let (workspace, first) = with_portal();
        let second = workspace.konnect.add_portal("eu", "partners").unwrap();
        let block = |portal: &str| {
            let block = webhook("developers", portal);
            with_destination(&if create_first {
                block.create_before_destroy()
            } else {
                block
            })
        };
        ready(&workspace, block(&first));
        workspace.apply();
        workspace.configure(block(&second));
        let plan = workspace.plan();
        assert_eq!(plan.change(DEVELOPERS).replaced_by, json!([["portal_id"]]));
        assert_eq!(plan.diagnostics, []);
        workspace.konnect.clear_requests();
        workspace.apply_plan();
        let mut calls: Vec<_> = workspace
            .konnect
            .take_writes()
            .into_iter()
            .map(|w| w.call)
            .collect();
        if create_first {
            calls.reverse();
        }
        assert_eq!(
            calls,
            [
                format!("DELETE {}", path(&first)),
                format!("PATCH {}", path(&second))
            ]
        );
        workspace.assert_no_changes();
        assert_eq!(stored(&workspace, &first)["enabled"], false);
        assert_eq!(stored(&workspace, &second)["enabled"], true);
    }
}

#[test]
fn outside_change_is_shown_and_reverted() {
    let (workspace, portal) = with_portal();
    ready(&workspace, stream(&portal));
    workspace.apply();
    occupied(&workspace, &portal);
    let plan = workspace.plan();
    assert_eq!(
        plan.change(DEVELOPERS).changed(),
        BTreeSet::from(["audit_log_destination_id"])
    );
    let siem = json!({ "audit_log_destination_id": destination(&workspace) });
    assert_eq!(
        workspace.apply_and_assert_no_changes(),
        [write(format!("PATCH {}", path(&portal)), siem)]
    );
}

#[test]
fn webhook_removed_outside_is_created_again_in_each_representation() {
    for absent in [AbsentWebhook::NotFound, AbsentWebhook::Empty] {
        let (workspace, portal) = with_portal();
        workspace.konnect.set_behavior(Behavior {
            new_webhook: absent,
            deleted_webhook: absent,
            ..Behavior::default()
        });
        ready(&workspace, stream(&portal));
        workspace.apply();
        workspace.konnect.remove_portal_webhook("eu", &portal).unwrap();
        let plan = workspace.plan();
        assert_eq!(
            plan.actions(),
            BTreeMap::from([(DEVELOPERS, "create".to_owned())])
        );
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
        assert_eq!(stored(&workspace, &portal)["enabled"], true);
        workspace.destroy();
    }
}

#[test]
fn portal_removed_outside_removes_the_webhook_from_the_state() {
    let (workspace, portal) = with_portal();
    ready(&workspace, stream(&portal));
    workspace.apply();
    workspace.konnect.remove_portal("eu", &portal).unwrap();
    workspace.destroy();
    assert!(workspace.konnect.destinations("global").is_empty());
}

#[test]
fn create_in_unknown_portal_is_an_error_on_portal_id() {
    let (workspace, _) = with_portal();
    ready(&workspace, stream(NOBODYS));
    let error = workspace.apply_error();
    assert_eq!(error.summary, "Dev Portal not found");
    assert_eq!(error.attribute(), Some("portal_id"));
    assert!(error.detail.contains(NOBODYS), "{error:?}");
}

#[test]
fn create_with_unknown_destination_is_an_error_on_the_destination() {
    let (workspace, portal) = with_portal();
    ready(
        &workspace,
        webhook("developers", &portal).with("audit_log_destination_id", NOBODYS),
    );
    let error = workspace.apply_error();
    assert_eq!(error.summary, "Destination not found");
    assert_eq!(error.attribute(), Some("audit_log_destination_id"));
}

#[test]
fn invalid_arguments_are_errors_on_them() {
    let (mut workspace, portal) = with_portal();
    for (block, attribute) in [
        (webhook("developers", &portal).with("region", "global"), "region"),
        (webhook("developers", &portal).with("region", "EU"), "region"),
        (webhook("developers", "developers"), "portal_id"),
        (webhook("developers", " "), "portal_id"),
    ] {
        ready(&workspace, with_destination(&block));
        let error = workspace.try_plan().error();
        assert_eq!(error.attribute(), Some(attribute), "{error:?}");
    }
    // The provider's region is inherited.
    workspace.configure(with_destination(
        &webhook("developers", &portal).without("region"),
    ));
    assert_eq!(workspace.try_plan().error().summary, "No region");
    workspace.set("KONNECT_REGION", "global");
    assert_eq!(workspace.try_plan().error().summary, "Dev Portals are regional");
    workspace.set("KONNECT_REGION", "eu");
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.state().text(DEVELOPERS, "region"), "eu");
}

#[test]
fn destination_that_the_region_does_not_know_yet_is_waited_for() {
    let (workspace, portal) = with_portal();
    let rule = FaultRule::new(Fault::status(404))
        .method("PATCH")
        .path_end("/audit-log-webhook")
        .times(2);
    ready(&workspace, stream(&portal));
    workspace.konnect.inject(rule).unwrap();
    workspace.konnect.clear_requests();
    workspace.apply();
    let calls = workspace.konnect.take_writes();
    let patches = calls
        .iter()
        .filter(|w| w.call == format!("PATCH {}", path(&portal)));
    assert_eq!(patches.count(), 3);
    workspace.assert_no_changes();
}

#[test]
fn delete_refused_temporarily_is_repeated() {
    let (workspace, portal) = with_portal();
    ready(&workspace, stream(&portal));
    workspace.apply();
    let rule = FaultRule::new(Fault::status(409))
        .method("DELETE")
        .path_end("/audit-log-webhook")
        .times(2);
    workspace.konnect.inject(rule).unwrap();
    workspace.destroy();
    assert_eq!(stored(&workspace, &portal)["enabled"], false);
}

#[test]
fn takeover_unrequested_warns_at_plan_refuses_at_apply() {
    let (workspace, portal) = with_portal();
    occupied(&workspace, &portal);
    ready(&workspace, stream(&portal));
    let before = stored(&workspace, &portal);
    let plan = workspace.plan();
    let [warning] = plan.diagnostics.as_slice() else {
        panic!("{:?}", plan.diagnostics)
    };
    let error = workspace.try_apply_plan().error();
    for refusal in [warning, &error] {
        assert_eq!(refusal.summary, "Dev Portal already delivers audit events");
        assert_eq!(refusal.attribute(), Some("portal_id"));
        let import = format!("to = konnect_portal_audit_log_webhook.NAME\n    id = \"eu/{portal}\"");
        for part in [
            THEIRS,
            &format!("Dev Portal {portal} in region eu"),
            &import,
            "replace_existing = true",
        ] {
            assert!(refusal.detail.contains(part), "{part}: {refusal:?}");
        }
    }
    assert_eq!(stored(&workspace, &portal), before);
    workspace.destroy();
    assert_eq!(stored(&workspace, &portal), before, "it is in no state");

    workspace.configure(with_destination(
        &webhook("developers", &portal).with("replace_existing", true),
    ));
    workspace.apply_and_assert_no_changes();
    assert_eq!(
        stored(&workspace, &portal)["audit_log_destination_id"],
        destination(&workspace)
    );
}

#[test]
fn region_and_its_portals_are_separate_streams() {
    let (workspace, portal) = with_portal();
    let second = workspace.konnect.add_portal("eu", "partners").unwrap();
    ready(
        &workspace,
        format!(
            "{}{}{}",
            stream(&portal),
            webhook("partners", &second),
            Block::webhook_to("eu", "siem")
        ),
    );
    let plan = workspace.plan();
    assert_eq!(plan.diagnostics, []);
    let applied = workspace.apply_plan();
    assert!(applied.warnings().is_empty(), "{}", applied.report());
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);
}

#[test]
fn two_resources_for_one_portal_warn_at_plan_and_one_fails_at_apply() {
    let (workspace, portal) = with_portal();
    let second = webhook("partners", &portal.to_uppercase());
    ready(&workspace, format!("{}{second}", stream(&portal)));
    let plan = workspace.plan();
    let [warning] = plan.diagnostics.as_slice() else {
        panic!("{:?}", plan.diagnostics)
    };
    assert_eq!(warning.summary, "Two webhooks for one Dev Portal");
    assert_eq!(warning.attribute(), Some("portal_id"));
    let error = workspace.try_apply_plan().error();
    assert_eq!(error.summary, "Two webhooks for one Dev Portal");
}

#[test]
fn destroy_of_a_webhook_that_another_state_took_over_leaves_the_stream() {
    for options in [&[][..], &["-refresh=false"]] {
        let (first, portal) = with_portal();
        ready(&first, stream(&portal));
        first.apply();
        let mut second = Workspace::new();
        second.set(
            "KONNECT_SERVER_URL",
            format!("{}/{{region}}", first.konnect.url()),
        );
        let replaces = webhook("developers", &portal).with("replace_existing", true);
        ready(&second, with_destination(&replaces));
        second.apply();
        let before = stored(&first, &portal);
        let run = first.run(&[&["destroy", "-json", "-auto-approve"], options].concat());
        let run = run.succeeds();
        let left: Vec<_> = run.warnings().into_iter().map(|w| w.summary.as_str()).collect();
        assert_eq!(left, ["Webhook was left in place"], "{}", run.report());
        assert_eq!(stored(&first, &portal), before);
        second.assert_no_changes();
        second.destroy();
        assert_eq!(stored(&first, &portal)["enabled"], false);
    }
}

/// A portal with a webhook of another user, and its block.
fn existing() -> (Workspace, String, Block) {
    let (workspace, portal) = with_portal();
    let siem = workspace.konnect.add_destinations("global", 1).unwrap().remove(0);
    let edit = json!({ "audit_log_destination_id": siem, "enabled": true });
    workspace
        .konnect
        .edit_portal_webhook("eu", &portal, edit)
        .unwrap();
    let block = webhook("developers", &portal).with("audit_log_destination_id", siem);
    (workspace, portal, block)
}

/// Asserts that a plan imports and changes nothing, and applies it.
#[track_caller]
fn only_imports(workspace: &Workspace) {
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::new());
    assert_eq!(plan.diagnostics, []);
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.assert_no_changes();
}

#[test]
fn import_by_id_takes_the_region_from_the_id_or_the_provider() {
    for with_region in [true, false] {
        let (mut workspace, portal, block) = existing();
        workspace.set("KONNECT_REGION", if with_region { "us" } else { "eu" });
        let id = if with_region {
            format!("eu/{portal}")
        } else {
            portal
        };
        ready(&workspace, format!("{block}{}", import_block(DEVELOPERS, &id)));
        only_imports(&workspace);
    }
}

#[test]
fn import_by_identity_takes_the_region_from_the_identity_or_the_provider() {
    for with_region in [true, false] {
        let (mut workspace, portal, block) = existing();
        workspace.set("KONNECT_REGION", if with_region { "us" } else { "eu" });
        let region = if with_region { ", region = \"eu\"" } else { "" };
        let import = Block::new("import")
            .expression("to", DEVELOPERS)
            .expression("identity", format!("{{ portal_id = \"{portal}\"{region} }}"));
        if !cli().supports_or_reports(Feature::ImportByIdentity) {
            // `tests/protocol/portal_webhook.rs` imports by identity.
            ready(&workspace, &block);
            workspace.configure(format!("{block}{import}"));
            let run = workspace.run(&["validate", "-no-color"]).ends_with(1);
            assert!(run.stderr.contains("\"identity\" is not expected here"));
            return;
        }
        ready(&workspace, format!("{block}{import}"));
        only_imports(&workspace);
    }
}

#[test]
fn import_of_absent_object_is_an_error() {
    let (workspace, portal) = with_portal();
    for (id, summary) in [
        (format!("eu/{portal}"), "Dev Portal has no webhook"),
        (format!("us/{portal}"), "Dev Portal has no webhook"),
        (format!("global/{portal}"), "Dev Portals are regional"),
        (format!("EU/{portal}"), "Invalid import id"),
        ("eu/developers".to_owned(), "Invalid import id"),
    ] {
        ready(
            &workspace,
            format!("{}{}", stream(&portal), import_block(DEVELOPERS, &id)),
        );
        assert_eq!(workspace.try_plan().error().summary, summary, "{id}");
    }
}

/// Writes the state file of Kong's provider for an existing webhook.
fn kongs_state(workspace: &Workspace, portal: &str) {
    let siem = stored(workspace, portal)["audit_log_destination_id"].take();
    let attributes = json!({ "audit_log_destination_id": siem, "enabled": true, "portal_id": portal });
    let state = json!({
        "version": 4,
        "terraform_version": "1.8.0",
        "serial": 7,
        "lineage": "0d6f3a4e-7c1b-4b56-9a57-2f0e5c8d1b3a",
        "outputs": {},
        "resources": [{
            "mode": "managed",
            "type": "konnect_portal_audit_log_webhook",
            "name": "developers",
            "provider": format!("provider[\"{}/{KONG}\"]", cli().registry),
            "instances": [{ "schema_version": 0, "attributes": attributes }],
        }],
    });
    workspace.write("terraform.tfstate", &state.to_string());
}

/// Asserts that the migration reads the attributes that Kong's provider does not store, without writes.
#[track_caller]
fn only_learns(workspace: &Workspace, address: &str) {
    let plan = workspace.plan();
    assert_eq!(plan.diagnostics, []);
    assert_eq!(plan.actions(), BTreeMap::from([(address, "update".to_owned())]));
    let changed = plan.change(address).changed();
    assert!(
        changed.is_subset(&BTreeSet::from(["id", "region", "replace_existing"])),
        "{changed:?}"
    );
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.assert_no_changes();
    assert_eq!(workspace.state().addresses(), [address]);
}

#[test]
fn moved_block_migrates_kong_webhook_to_new_name_without_a_write() {
    let (workspace, portal, block) = existing();
    kongs_state(&workspace, &portal);
    let block = block.to_string().replace("\"developers\" {", "\"partners\" {");
    let moved = Block::new("moved")
        .expression("from", DEVELOPERS)
        .expression("to", PARTNERS);
    ready(&workspace, format!("{block}{moved}"));
    only_learns(&workspace, PARTNERS);
    // The `moved` block is no longer needed.
    workspace.configure(block);
    workspace.assert_no_changes();
}

#[test]
fn replace_provider_migrates_kong_portal_webhook_without_a_write() {
    let (workspace, portal, block) = existing();
    kongs_state(&workspace, &portal);
    workspace.configure(&block);
    let registry = cli().registry;
    let ours = terraform_provider_konnect::ADDRESS;
    let (from, to) = (format!("{registry}/{KONG}"), format!("{registry}/{ours}"));
    workspace
        .run(&["state", "replace-provider", "-auto-approve", &from, &to])
        .succeeds();
    workspace.init();
    only_learns(&workspace, DEVELOPERS);
}

const MOCKED: &str = r#"
mock_provider "konnect" {}

run "mocked" {
  assert {
    condition     = konnect_portal_audit_log_webhook.developers.portal_id == konnect_audit_log_destination.siem.id
    error_message = "The webhook is that of the portal."
  }
}
"#;

#[test]
fn mock_provider_passes_random_ids() {
    // Uses the ID of a mocked destination as that of a mocked portal.
    let block = webhook("developers", "").expression("portal_id", "konnect_audit_log_destination.siem.id");
    let status = Block::new("data \"konnect_portal_audit_log_webhook_status\" \"developers\"")
        .expression("portal_id", format!("{DEVELOPERS}.portal_id"))
        .expression("region", format!("{DEVELOPERS}.region"));
    let workspace = Workspace::of(format!("{}{status}", with_destination(&block)));
    workspace.write("tests/mock.tftest.hcl", MOCKED);
    workspace.init();
    workspace.run(&["test", "-no-color"]).succeeds();
    assert_eq!(workspace.konnect.take_requests(), []);
}

#[test]
fn status_follows_the_deliveries_of_the_portal() {
    let (workspace, portal) = with_portal();
    let status = Block::new("data \"konnect_portal_audit_log_webhook_status\" \"developers\"")
        .with("region", "eu")
        .with("portal_id", portal.as_str());
    let read = || {
        workspace.apply();
        workspace.state().get(STATUS).clone()
    };
    ready(&workspace, &status);
    let unconfigured = read();
    assert_eq!(unconfigured["delivery_state"], "unconfigured");
    assert_eq!(unconfigured["healthy"], false);

    occupied(&workspace, &portal);
    assert_eq!(read()["delivery_state"], "ready");
    let deliver = |code, message| {
        let at = Some("2026-01-02T03:04:05.678Z");
        let recorded = workspace
            .konnect
            .record_portal_delivery("eu", &portal, code, message, at);
        recorded.unwrap();
    };
    deliver(200, "OK");
    assert_eq!(read()["delivery_state"], "delivering");
    deliver(503, "Service Unavailable");
    let failing = read();
    assert_eq!(failing["delivery_state"], "failing");
    let explanation = failing["explanation"].as_str().unwrap();
    for part in [
        &format!("Dev Portal {portal} in region eu"),
        "503 Service Unavailable",
    ] {
        assert!(explanation.contains(part), "{explanation}");
    }

    workspace.configure(status.with("portal_id", NOBODYS));
    let error = workspace.try_plan().error();
    assert_eq!(error.summary, "Dev Portal not found");
    assert_eq!(error.attribute(), Some("portal_id"));
}

const QUERY: &str = r#"
list "konnect_portal_audit_log_webhook" "all" {
  provider = konnect

  config {
    region = "eu"
  }
}
"#;

#[test]
fn query_generates_configuration_that_imports_without_a_change() {
    if !cli().supports_or_reports(Feature::Query) {
        // `tests/protocol/portal_webhook.rs` lists, generates and imports.
        return;
    }
    let (workspace, portal, _) = existing();
    let off = workspace.konnect.add_portal("eu", "archive").unwrap();
    let edit = json!({ "audit_log_destination_id": THEIRS, "enabled": false });
    workspace.konnect.edit_portal_webhook("eu", &off, edit).unwrap();
    workspace.konnect.add_portal("eu", "without a webhook").unwrap();
    ready(&workspace, "");
    workspace.write("find.tfquery.hcl", QUERY);
    let out = "-generate-config-out=generated.tf";
    workspace.run(&["query", "-no-color", out]).succeeds();
    let generated = fs::read_to_string(workspace.path("generated.tf")).unwrap();
    for part in [portal.as_str(), off.as_str(), "enabled"] {
        assert!(generated.contains(part), "{part}: {generated}");
    }
    fs::remove_file(workspace.path("find.tfquery.hcl")).unwrap();
    let run = workspace.run(&["plan", "-no-color"]).succeeds();
    assert!(
        run.stdout
            .contains("Plan: 2 to import, 0 to add, 0 to change, 0 to destroy."),
        "{}\n{generated}",
        run.report()
    );
    only_imports(&workspace);
    assert_eq!(workspace.state().addresses().len(), 2);
}
