//! `konnect_audit_log_webhook`: every change in place, and from one form to the other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::webhook::{EU, V2, V3, to_destination, with_endpoint};
use crate::workspace::{AUTHORIZATION, Block, Kind, Workspace, Write, write};

#[test]
fn endpoint_webhook_changes_update_in_place() {
    let workspace = Workspace::of(with_endpoint());
    workspace.apply();
    let (mut block, mut whole) = (with_endpoint(), Kind::Webhook.update_of(AUTHORIZATION));
    for (attribute, after) in [
        ("endpoint", json!("https://other.example.com/")),
        ("authorization", json!("Splunk two")),
        ("log_format", json!("json")),
        ("skip_ssl_verification", json!(true)),
        ("enabled", json!(false)),
        ("enabled", json!(true)),
    ] {
        block = block.with(attribute, after.clone());
        workspace.configure(&block);
        let plan = workspace.plan_update(EU);
        let change = plan.change(EU);
        let mut changed = change.changed();
        // The host follows the URL.
        assert_eq!(changed.remove("endpoint_host"), attribute == "endpoint");
        assert_eq!(changed, BTreeSet::from([attribute, "updated_at"]));
        assert_eq!(change.unknown(), BTreeSet::from(["updated_at"]));

        workspace.konnect.clear_requests();
        workspace.apply_plan();
        whole[attribute] = after.clone();
        let mut sent = whole.clone();
        match attribute {
            "enabled" => sent = json!({ "enabled": after }),
            "authorization" => {}
            // Konnect already has the authorization.
            _ => drop(sent.as_object_mut().unwrap().remove("authorization")),
        }
        assert_eq!(workspace.konnect.take_writes(), [write(V2, sent)]);
        assert_eq!(workspace.state().get(EU)[attribute], after);
        assert_eq!(workspace.konnect.region("eu")["webhook"][attribute], after);
        workspace.assert_no_changes();
    }
}

#[test]
fn webhook_changes_of_the_target_update_in_place() {
    let destinations = format!("{}{}", Block::destination("siem"), Block::destination("other"));
    let workspace = Workspace::of(format!("{destinations}{}", to_destination()));
    workspace.apply();
    let state = workspace.state();
    let siem = state.text("konnect_audit_log_destination.siem", "id");
    let other = state.text("konnect_audit_log_destination.other", "id");
    let off = Block::webhook_to("eu", "other").with("enabled", false);
    let times = BTreeSet::from(["updated_at"]);
    let changes: [(Block, Option<&str>, BTreeSet<&str>, Write); 4] = [
        (
            Block::webhook_to("eu", "other"),
            Some("audit_log_destination_id"),
            BTreeSet::new(),
            write(V3, json!({ "audit_log_destination_id": other })),
        ),
        (
            off,
            Some("enabled"),
            BTreeSet::new(),
            write(V3, json!({ "enabled": false })),
        ),
        (
            with_endpoint(),
            None,
            times,
            write(V2, Kind::Webhook.update_of(AUTHORIZATION)),
        ),
        (
            to_destination(),
            None,
            BTreeSet::new(),
            write(V3, json!({ "audit_log_destination_id": siem, "enabled": true })),
        ),
    ];
    for (block, changed, unknown, sent) in changes {
        workspace.configure(format!("{destinations}{block}"));
        let plan = workspace.plan_update(EU);
        let change = plan.change(EU);
        assert_eq!(change.unknown(), unknown);
        if let Some(changed) = changed {
            assert_eq!(change.changed(), BTreeSet::from([changed]));
        }
        let has_endpoint = sent.call == V2;
        for of_endpoint in ["endpoint", "authorization", "log_format", "skip_ssl_verification"] {
            let found = change.after[of_endpoint] != Value::Null;
            assert_eq!(found, has_endpoint, "{of_endpoint}");
        }
        assert_eq!(workspace.apply_and_assert_no_changes(), [sent]);
        let form = if has_endpoint { "endpoint" } else { "destination" };
        assert_eq!(workspace.konnect.region("eu")["webhook"]["form"], form);
    }
}
