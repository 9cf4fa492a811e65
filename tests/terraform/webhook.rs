//! `konnect_audit_log_webhook`: its life in each of its two forms, and from one to the other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, Workspace, Write, write};

const EU: &str = "konnect_audit_log_webhook.eu";
const V2: &str = "PATCH /eu/v2/audit-log-webhook";
const V3: &str = "PATCH /eu/v3/audit-log-webhook";

/// A destination, with a webhook as its user.
fn with_destination(webhook: &Block) -> String {
    format!("{}{webhook}", Block::destination("siem"))
}

fn to_destination() -> Block {
    Block::webhook_to("eu", "siem")
}

fn with_endpoint() -> Block {
    Block::webhook_with_endpoint("eu")
}

/// What is sent for [`with_endpoint`].
fn whole_endpoint() -> Value {
    json!({
        "enabled": true,
        "endpoint": "https://siem.example.com/eu",
        "authorization": AUTHORIZATION,
        "log_format": "cef",
        "skip_ssl_verification": false,
    })
}

/// What is sent when Konnect has the authorization already.
fn known_endpoint() -> Value {
    let mut whole = whole_endpoint();
    whole.as_object_mut().unwrap().remove("authorization");
    whole
}

#[test]
fn one_with_a_destination_is_set_up_with_one_request() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    let plan = workspace.plan();
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::from(["audit_log_destination_id"]));
    assert_eq!(change.after["id"], "eu", "the id is the region, and so known");
    assert_eq!(change.after["enabled"], true);

    workspace.apply_plan();
    let state = workspace.state();
    let id = state.text("konnect_audit_log_destination.siem", "id");
    assert_eq!(
        workspace.konnect.take_writes()[1..],
        [write(
            V3,
            json!({ "audit_log_destination_id": id, "enabled": true })
        )]
    );
    assert_eq!(
        *state.get(EU),
        json!({
            "id": "eu",
            "region": "eu",
            "enabled": true,
            "audit_log_destination_id": id,
            "endpoint": null,
            "authorization": null,
            "authorization_wo": null,
            "authorization_wo_version": null,
            "detect_authorization_drift": null,
            "log_format": null,
            "skip_ssl_verification": null,
            "updated_at": null,
            "replace_existing": false,
        })
    );
    workspace.is_settled();
}

#[test]
fn one_with_an_endpoint_is_set_up_with_one_request() {
    let workspace = Workspace::of(with_endpoint());
    let plan = workspace.plan();
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
    assert_eq!(change.after["log_format"], "cef");
    assert_eq!(change.after["skip_ssl_verification"], false);

    workspace.apply_plan();
    assert_eq!(workspace.konnect.take_writes(), [write(V2, whole_endpoint())]);
    let state = workspace.state();
    let stored = workspace.konnect.region("eu")["webhook"].take();
    assert_eq!(
        *state.get(EU),
        json!({
            "id": "eu",
            "region": "eu",
            "enabled": true,
            "audit_log_destination_id": null,
            "endpoint": "https://siem.example.com/eu",
            "authorization": AUTHORIZATION,
            "authorization_wo": null,
            "authorization_wo_version": null,
            "detect_authorization_drift": true,
            "log_format": "cef",
            "skip_ssl_verification": false,
            "updated_at": stored["updated_at"],
            "replace_existing": false,
        })
    );
    assert_eq!(stored["authorization"], AUTHORIZATION);
    workspace.is_settled();
}

/// Changes one attribute of a webhook that has an endpoint of its own, and gives what was sent.
fn changes_alone(attribute: &str, before: impl Into<Value>, after: impl Into<Value>) -> Write {
    let (before, after) = (before.into(), after.into());
    let workspace = Workspace::of(with_endpoint().with(attribute, before));
    workspace.apply();
    workspace.configure(with_endpoint().with(attribute, after.clone()));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    let change = plan.change(EU);
    assert_eq!(change.changed(), BTreeSet::from([attribute, "updated_at"]));
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));

    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let mut writes = workspace.konnect.take_writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!(workspace.state().get(EU)[attribute], after);
    assert_eq!(workspace.konnect.region("eu")["webhook"][attribute], after);
    workspace.is_settled();
    writes.remove(0)
}

#[test]
fn the_endpoint_is_changed_in_place() {
    let mut whole = known_endpoint();
    whole["endpoint"] = json!("https://other.example.com/");
    let sent = changes_alone(
        "endpoint",
        "https://siem.example.com/eu",
        "https://other.example.com/",
    );
    assert_eq!(sent, write(V2, whole));
}

#[test]
fn the_authorization_is_changed_in_place() {
    let mut whole = whole_endpoint();
    whole["authorization"] = json!("Splunk two");
    assert_eq!(
        changes_alone("authorization", AUTHORIZATION, "Splunk two"),
        write(V2, whole)
    );
}

#[test]
fn the_log_format_is_changed_in_place() {
    let mut whole = known_endpoint();
    whole["log_format"] = json!("json");
    assert_eq!(changes_alone("log_format", "cps", "json"), write(V2, whole));
}

#[test]
fn the_verification_is_changed_in_place() {
    let mut whole = known_endpoint();
    whole["skip_ssl_verification"] = json!(true);
    assert_eq!(
        changes_alone("skip_ssl_verification", false, true),
        write(V2, whole)
    );
}

#[test]
fn switching_an_endpoint_off_and_on_sends_nothing_else() {
    assert_eq!(
        changes_alone("enabled", true, false),
        write(V2, json!({ "enabled": false }))
    );
    assert_eq!(
        changes_alone("enabled", false, true),
        write(V2, json!({ "enabled": true }))
    );
}

#[test]
fn switching_one_with_a_destination_off_sends_nothing_else() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    workspace.apply();
    workspace.configure(with_destination(&to_destination().with("enabled", false)));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    assert_eq!(plan.change(EU).changed(), BTreeSet::from(["enabled"]));
    assert_eq!(plan.change(EU).unknown(), BTreeSet::new());
    assert_eq!(
        workspace.apply_and_settle(),
        [write(V3, json!({ "enabled": false }))]
    );
    assert_eq!(workspace.state().get(EU)["enabled"], false);
}

#[test]
fn it_is_pointed_at_another_destination_in_place() {
    let destinations = format!("{}{}", Block::destination("siem"), Block::destination("other"));
    let workspace = Workspace::of(format!("{destinations}{}", to_destination()));
    workspace.apply();
    workspace.configure(format!("{destinations}{}", Block::webhook_to("eu", "other")));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    assert_eq!(
        plan.change(EU).changed(),
        BTreeSet::from(["audit_log_destination_id"])
    );
    let other = workspace
        .state()
        .text("konnect_audit_log_destination.other", "id");
    assert_eq!(
        workspace.apply_and_settle(),
        [write(V3, json!({ "audit_log_destination_id": other }))]
    );
}

#[test]
fn an_endpoint_gives_way_to_a_destination_in_place() {
    let workspace = Workspace::of(with_destination(&with_endpoint()));
    workspace.apply();
    let id = workspace.state().text("konnect_audit_log_destination.siem", "id");
    workspace.configure(with_destination(&to_destination()));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::new());
    for gone in [
        "endpoint",
        "authorization",
        "log_format",
        "skip_ssl_verification",
        "updated_at",
    ] {
        assert_eq!(change.after[gone], Value::Null, "{gone}");
    }
    assert_eq!(
        workspace.apply_and_settle(),
        [write(
            V3,
            json!({ "audit_log_destination_id": id, "enabled": true })
        )]
    );
    assert_eq!(workspace.konnect.region("eu")["webhook"]["form"], "destination");
}

#[test]
fn a_destination_gives_way_to_an_endpoint_in_place() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    workspace.apply();
    workspace.configure(with_destination(&with_endpoint()));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::from([(EU, "update".to_owned())]));
    let change = plan.change(EU);
    assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));
    assert_eq!(change.after["log_format"], "cef");
    assert_eq!(change.after["id"], "eu");
    assert_eq!(workspace.apply_and_settle(), [write(V2, whole_endpoint())]);
    assert_eq!(workspace.konnect.region("eu")["webhook"]["form"], "endpoint");
}

#[test]
fn destroying_one_with_a_destination_deletes_it_before_the_destination() {
    let workspace = Workspace::of(with_destination(&to_destination()));
    workspace.apply();
    let id = workspace.state().text("konnect_audit_log_destination.siem", "id");
    workspace.konnect.clear_requests();
    workspace.destroy();
    assert_eq!(
        workspace.konnect.take_writes(),
        [
            write("DELETE /eu/v3/audit-log-webhook", Value::Null),
            write(
                format!("DELETE /global/v3/audit-log-destinations/{id}"),
                Value::Null
            ),
        ]
    );
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn destroying_one_with_an_endpoint_switches_it_off_and_it_can_be_set_up_again() {
    let workspace = Workspace::of(with_endpoint());
    workspace.apply();
    workspace.konnect.clear_requests();
    workspace.destroy();
    assert_eq!(
        workspace.konnect.take_writes(),
        [write(V2, json!({ "enabled": false }))]
    );
    assert_eq!(workspace.state().addresses(), [""; 0]);
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], false);

    assert_eq!(workspace.apply_and_settle(), [write(V2, whole_endpoint())]);
}

/// Moves a webhook to another region and gives the actions and the calls.
fn moved(webhook: impl Fn(&str) -> Block) -> (Vec<String>, Vec<String>) {
    let workspace = Workspace::of(with_destination(&webhook("eu")));
    workspace.apply();
    workspace.configure(with_destination(&webhook("us")));
    let plan = workspace.plan();
    let change = plan.change(EU);
    assert_eq!(change.replaced_by, json!([["region"]]));
    assert_eq!(change.after["id"], "us");
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let calls = workspace.konnect.take_writes().into_iter().map(|w| w.call);
    let found = (change.actions.clone(), calls.collect());
    workspace.is_settled();
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], false);
    assert_eq!(workspace.konnect.region("us")["webhook"]["enabled"], true);
    found
}

#[test]
fn another_region_is_another_webhook() {
    let (actions, calls) = moved(|region| to_destination().with("region", region));
    assert_eq!(actions, ["delete", "create"]);
    assert_eq!(
        calls,
        [
            "DELETE /eu/v3/audit-log-webhook",
            "PATCH /us/v3/audit-log-webhook"
        ]
    );
    let (actions, calls) = moved(|region| with_endpoint().with("region", region));
    assert_eq!(actions, ["delete", "create"]);
    assert_eq!(calls, [V2, "PATCH /us/v2/audit-log-webhook"]);
}

#[test]
fn the_next_region_can_be_set_up_before_the_last_is_removed() {
    let (actions, calls) = moved(|region| to_destination().with("region", region).create_before_destroy());
    assert_eq!(actions, ["create", "delete"]);
    assert_eq!(
        calls,
        [
            "PATCH /us/v3/audit-log-webhook",
            "DELETE /eu/v3/audit-log-webhook"
        ]
    );
}

#[test]
fn an_id_in_capitals_stays_as_the_user_wrote_it() {
    let workspace = Workspace::of(Block::destination("siem"));
    workspace.apply();
    let id = workspace.state().text("konnect_audit_log_destination.siem", "id");
    let loud = id.to_uppercase();
    workspace.configure(with_destination(
        &Block::webhook("eu")
            .with("region", "eu")
            .with("audit_log_destination_id", loud.clone()),
    ));
    workspace.apply_and_settle();
    assert_eq!(workspace.state().get(EU)["audit_log_destination_id"], loud);
    // The same destination in other letters is no reason to touch the stream.
    workspace.configure(with_destination(&to_destination()));
    let plan = workspace.plan();
    assert!(
        plan.actions().values().all(|action| action == "update"),
        "{:?}",
        plan.actions()
    );
}
