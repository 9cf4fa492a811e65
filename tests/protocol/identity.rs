//! The identity in each response, and imports by identity. [`terraform_plugin::testing::terraform`] asserts that every
//! read, plan and apply keeps it.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::stored;
use terraform_plugin::testing::terraform::State;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{DESTINATION, Konnect, WEBHOOK};

const NOBODYS: &str = "11111111-2222-4333-8444-555555555555";

fn identity(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, value)| (*name, Value::from(*value))))
}

#[tokio::test]
async fn identity_schema_declares_import_attributes() {
    let konnect = Konnect::start().await;
    let parts = |type_name: &str| -> Vec<(String, bool)> {
        let schema = &konnect.identities[type_name];
        assert_eq!(schema.version, 0);
        let reported = schema.identity_attributes.iter().map(|part| {
            assert_eq!(part.r#type, br#""string""#);
            assert!(!part.description.is_empty());
            assert_ne!(
                part.required_for_import, part.optional_for_import,
                "one of the two"
            );
            (part.name.clone(), part.required_for_import)
        });
        reported.collect()
    };
    assert_eq!(parts(DESTINATION), [("id".to_owned(), true)]);
    assert_eq!(
        parts(WEBHOOK),
        [("region".to_owned(), true), ("portal_id".to_owned(), false)]
    );
    assert_eq!(konnect.identities.len(), konnect.schema.resource_schemas.len());
    konnect.end().await;
}

#[tokio::test]
async fn webhook_identity_is_set_once_its_scope_is_known() {
    let konnect = Konnect::configured().await;
    let resource = konnect.webhook();
    let portal = konnect.emulator.add_portal("eu", "developers").unwrap();
    let destination = konnect.emulator.add_destinations("global", 1).unwrap().remove(0);
    for portal_id in [Value::Null, portal.as_str().into()] {
        let config = |region: Value, portal_id: &Value| {
            resource.shape.object(&[
                ("region", region),
                ("portal_id", portal_id.clone()),
                ("audit_log_destination_id", destination.as_str().into()),
            ])
        };
        for unknown in [
            config(Value::Unknown, &portal_id),
            config("eu".into(), &Value::Unknown),
        ] {
            let plan = resource.plan(&State::none(), &unknown).await;
            assert_no_errors(&plan.diagnostics);
            assert_eq!(plan.identity, None);
        }
        let whole = Value::object([("portal_id", portal_id.clone()), ("region", "eu".into())]);
        let plan = resource
            .plan(&State::none(), &config("eu".into(), &portal_id))
            .await;
        assert_eq!(plan.identity.as_ref(), Some(&whole));
        let state = resource.apply(&plan).await;
        assert_no_errors(&state.diagnostics);
        assert_eq!(state.identity.as_ref(), Some(&whole));
        assert_eq!(resource.read(&state).await.identity, Some(whole));
    }
    konnect.end().await;
}

#[tokio::test]
async fn import_identity_without_object_errors_and_imports_nothing() {
    let konnect = Konnect::configured().await;
    let (destination, webhook) = (konnect.destination(), konnect.webhook());
    for parts in [
        vec![],
        vec![("id", "no-uuid".into())],
        vec![("id", NOBODYS.into())],
    ] {
        let refused = destination.import_identity(&parts).await;
        error(&refused.diagnostics);
        assert_eq!(
            (refused.value, refused.identity),
            (Value::Null, None),
            "{parts:?}"
        );
    }
    for parts in [
        vec![],
        vec![("region", "eu".into())],
        vec![("region", "e u".into())],
        vec![("portal_id", NOBODYS.into())],
        vec![("region", "eu".into()), ("portal_id", "no-uuid".into())],
        vec![("region", "global".into()), ("portal_id", NOBODYS.into())],
    ] {
        let refused = webhook.import_identity(&parts).await;
        error(&refused.diagnostics);
        assert_eq!(
            (refused.value, refused.identity),
            (Value::Null, None),
            "{parts:?}"
        );
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
    assert_eq!(
        upgraded.unwrap(),
        Value::object([("portal_id", Value::Null), ("region", Value::Null)])
    );
    konnect.end().await;
}
