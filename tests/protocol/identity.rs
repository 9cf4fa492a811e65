//! The identity in each response, and imports by identity. [`terraform_plugin::testing::terraform`] asserts that every
//! read, plan and apply keeps it.

use konnect_emulator::Behavior;
use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::plugin::proto::tfplugin6 as tf;
use terraform_plugin::testing::stored;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{DESTINATION, Konnect, WEBHOOK};

const NOBODYS: &str = "11111111-2222-4333-8444-555555555555";

fn identity(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, value)| (*name, Value::from(*value))))
}

fn destination(of: &Resource, more: &[(&str, Value)]) -> Value {
    let least = [
        ("name", "siem".into()),
        ("endpoint", "https://siem.example.com/".into()),
        ("authorization_wo", "Splunk s3cret".into()),
    ];
    of.shape.object(&[&least, more].concat())
}

async fn created(of: &Resource, config: &Value) -> State {
    let plan = of.plan(&State::none(), config).await;
    assert_no_errors(&plan.diagnostics);
    let state = of.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    state
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
    assert_eq!(
        parts(DESTINATION),
        [("id".to_owned(), true), ("region".to_owned(), false)]
    );
    assert_eq!(parts(WEBHOOK), [("region".to_owned(), true)]);
    assert_eq!(konnect.identities.len(), konnect.schema.resource_schemas.len());
    konnect.end().await;
}

#[tokio::test]
async fn destination_identity_is_set_once_id_is_known() {
    let konnect = Konnect::configured().await;
    let resource = konnect.destination();
    let siem = destination(&resource, &[("region", "eu".into())]);
    let plan = resource.plan(&State::none(), &siem).await;
    assert_eq!(plan.identity, None, "the id is not known yet");
    let state = resource.apply(&plan).await;
    let id = state.value.get("id").as_str().unwrap();
    assert_eq!(state.identity, Some(identity(&[("id", id), ("region", "eu")])));

    let read = resource.read(&state).await;
    assert_eq!(read.identity, state.identity);
    let mut renamed = siem.clone();
    renamed.set("name", "renamed".into());
    let update = resource.plan(&read, &renamed).await;
    assert_eq!(update.identity, state.identity);
    let updated = resource.apply(&update).await;
    assert_eq!(updated.identity, state.identity);

    let mut elsewhere = siem;
    elsewhere.set("region", Value::Unknown);
    let replaced = resource.plan(&updated, &elsewhere).await;
    assert_eq!((replaced.requires_replace.len(), &replaced.identity), (1, &None));
    let gone = resource.apply(&updated.removal()).await;
    assert_no_errors(&gone.diagnostics);
    assert_eq!(resource.read(&updated).await.identity, None, "nothing is there");
    konnect.end().await;
}

#[tokio::test]
async fn webhook_identity_is_set_once_region_is_known() {
    let konnect = Konnect::configured().await;
    let resource = konnect.webhook();
    let config = |region: Value| {
        resource.shape.object(&[
            ("region", region),
            ("endpoint", "https://siem.example.com/".into()),
            ("authorization_wo", "Splunk s3cret".into()),
        ])
    };
    let plan = resource.plan(&State::none(), &config(Value::Unknown)).await;
    assert_no_errors(&plan.diagnostics);
    assert_eq!(plan.identity, None);
    let plan = resource.plan(&State::none(), &config("eu".into())).await;
    assert_eq!(plan.identity, Some(identity(&[("region", "eu")])));
    let state = resource.apply(&plan).await;
    assert_eq!(state.identity, plan.identity);
    assert_eq!(resource.read(&state).await.identity, plan.identity);
    konnect.end().await;
}

/// Asserts that after an import and a read, the plan only sends the authorization once, with a warning.
async fn assert_converges(of: &Resource, imported: &State, config: &Value) {
    assert_no_errors(&imported.diagnostics);
    let read = of.read(imported).await;
    assert_no_errors(&read.diagnostics);
    assert_eq!(read.value, imported.value);
    let plan = of.plan(&read, config).await;
    assert_no_errors(&plan.diagnostics);
    assert!(plan.requires_replace.is_empty());
    assert!(
        plan.diagnostics[0].detail.contains("once"),
        "{:?}",
        plan.diagnostics
    );
    let state = of.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    let read = of.read(&state).await;
    let again = of.plan(&read, config).await;
    assert_eq!(again.planned, read.value);
    assert!(again.diagnostics.is_empty(), "{:?}", again.diagnostics);
}

#[tokio::test]
async fn import_destination_by_identity_defaults_to_global_region() {
    let konnect = Konnect::configured().await;
    konnect.emulator.set_behavior(Behavior {
        separate_destinations: true,
        ..Behavior::default()
    });
    let resource = konnect.destination();
    for region in ["global", "eu"] {
        let config = destination(&resource, &[("region", region.into())]);
        let there = created(&resource, &config).await;
        let id = there.value.get("id").clone();
        let text = format!("{region}/{}", id.as_str().unwrap());
        let whole = [("id", id.clone()), ("region", region.into())];
        let by_text = resource.import(&text).await;
        let by_identity = resource.import_identity(&whole).await;
        assert_eq!(by_text.identity, there.identity);
        assert_eq!(by_identity.identity, there.identity);
        assert_eq!(by_identity.value, by_text.value);
        assert_converges(&resource, &by_identity, &config).await;

        let without = resource.import_identity(&whole[..1]).await;
        if region == "global" {
            assert_eq!(without.identity, there.identity, "the default region");
        } else {
            let said = error(&without.diagnostics);
            assert!(said.contains("REGION/ID"), "{said}");
        }
    }
    konnect.end().await;
}

#[tokio::test]
async fn import_webhook_by_identity_matches_import_by_id() {
    let konnect = Konnect::configured().await;
    konnect.other_users_webhook("eu", true);
    let resource = konnect.webhook();
    let imported = resource.import_identity(&[("region", "eu".into())]).await;
    assert_eq!(imported.identity, Some(identity(&[("region", "eu")])));
    assert_eq!(imported.value, resource.import("eu").await.value);
    let config = resource.shape.object(&[
        ("region", "eu".into()),
        ("endpoint", crate::konnect::OTHER_USERS_ENDPOINT.into()),
        ("log_format", "json".into()),
        ("authorization_wo", "Splunk s3cret".into()),
    ]);
    assert_converges(&resource, &imported, &config).await;
    konnect.end().await;
}

#[tokio::test]
async fn import_identity_without_object_errors_and_imports_nothing() {
    let konnect = Konnect::configured().await;
    let (destination, webhook) = (konnect.destination(), konnect.webhook());
    for parts in [
        vec![],
        vec![("region", "eu".into())],
        vec![("id", "no-uuid".into())],
        vec![("id", NOBODYS.into())],
        vec![("id", NOBODYS.into()), ("region", "EU".into())],
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
    let whole = identity(&[("id", NOBODYS), ("region", "eu")]);
    for stored_identity in [
        json!({"id": NOBODYS, "region": "eu"}),
        json!({"id": NOBODYS, "region": "eu", "organization": {"id": 1}, "gone": null}),
    ] {
        let upgraded = resource.upgrade_identity(stored(&stored_identity)).await;
        assert_eq!(upgraded.unwrap(), whole);
    }
    let old = resource
        .upgrade_identity(stored(&json!({"id": NOBODYS})))
        .await
        .unwrap();
    assert_eq!(
        (old.get("id"), old.get("region")),
        (&Value::from(NOBODYS), &Value::Null)
    );
    let webhook = konnect.webhook();
    let webhook = webhook.upgrade_identity(stored(&json!({"region": "eu"}))).await;
    assert_eq!(webhook.ok(), Some(identity(&[("region", "eu")])));
    konnect.end().await;
}

#[tokio::test]
async fn upgrade_identity_newer_version_errors() {
    let konnect = Konnect::start().await;
    for (resource, identity) in [
        (konnect.destination(), json!({"id": NOBODYS, "region": "eu"})),
        (konnect.webhook(), json!({"region": "eu"})),
    ] {
        let refused = resource.upgrade_identity_of(1, stored(&identity)).await;
        let said = error(&refused.unwrap_err());
        assert!(
            said.contains("newer version") && said.contains("version 1"),
            "{said}"
        );
        assert!(said.contains(&resource.type_name), "{said}");
    }
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
    assert_eq!(upgraded.unwrap(), Value::object([("region", Value::Null)]));
    konnect.end().await;
}
