//! Imports by identity, and stored identities.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::stored;
use terraform_plugin::testing::value::error;

use crate::konnect::Konnect;

const NOBODYS: &str = "11111111-2222-4333-8444-555555555555";

fn identity(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, value)| (*name, Value::from(*value))))
}

#[tokio::test]
async fn import_identity_without_object_errors_and_imports_nothing() {
    let konnect = Konnect::configured().await;
    let (destination, webhook) = (konnect.destination(), konnect.webhook());
    for (resource, parts) in [
        (&destination, vec![]),
        (&destination, vec![("id", "no-uuid")]),
        (&destination, vec![("id", NOBODYS)]),
        (&webhook, vec![]),
        (&webhook, vec![("region", "eu")]),
        (&webhook, vec![("region", "e u")]),
        (&webhook, vec![("portal_id", NOBODYS)]),
        (&webhook, vec![("region", "eu"), ("portal_id", "no-uuid")]),
        (&webhook, vec![("region", "global"), ("portal_id", NOBODYS)]),
    ] {
        let given: Vec<_> = parts
            .iter()
            .map(|(name, value)| (*name, (*value).into()))
            .collect();
        let refused = resource.import_identity(&given).await;
        error(&refused.diagnostics);
        let expected = (Value::Null, None);
        assert_eq!((refused.value, refused.identity), expected, "{parts:?}");
    }
    konnect.end().await;
}

#[tokio::test]
async fn upgrade_identity_ignores_removed_and_nulls_new_attributes() {
    let konnect = Konnect::start().await;
    let resource = konnect.destination();
    let whole = identity(&[("id", NOBODYS)]);
    // An identity of an earlier version has a region.
    for stored_identity in [
        json!({"id": NOBODYS}),
        json!({"id": NOBODYS, "region": "eu", "organization": {"id": 1}, "gone": null}),
    ] {
        let upgraded = resource.upgrade_identity(stored(&stored_identity)).await;
        assert_eq!(upgraded.unwrap(), whole);
    }
    let webhook = konnect.webhook();
    let webhook = webhook.upgrade_identity(stored(&json!({"region": "eu"}))).await;
    let whole = Value::object([("portal_id", Value::Null), ("region", "eu".into())]);
    assert_eq!(webhook.ok(), Some(whole));
    konnect.end().await;
}

#[tokio::test]
async fn upgrade_identity_malformed_errors_without_value() {
    let konnect = Konnect::start().await;
    let cut = tf::RawState {
        json: br#"{"region": "s3cret"#.to_vec(),
        flatmap: <_>::default(),
    };
    for garbage in [
        cut,
        stored(&json!(["s3cret"])),
        stored(&json!("s3cret")),
        stored(&json!({"region": {"s3cret": 1}})),
    ] {
        let refused = konnect.webhook().upgrade_identity(garbage).await.unwrap_err();
        let said = error(&refused);
        assert!(!said.contains("s3cret"), "{said}");
    }
    konnect.end().await;
}

/// An object from a version of the provider without identities has none; the next read returns it.
#[tokio::test]
async fn upgrade_identity_empty_returns_null_parts() {
    let konnect = Konnect::start().await;
    let upgraded = konnect.webhook().upgrade_identity(tf::RawState::default()).await;
    let expected = Value::object([("portal_id", Value::Null), ("region", Value::Null)]);
    assert_eq!(upgraded.unwrap(), expected);
    konnect.end().await;
}
