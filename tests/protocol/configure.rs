//! Metadata, schemas, capabilities and configuration.

use std::collections::BTreeSet;

use serde_json::json;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::Host;
use terraform_plugin::testing::value::{Shape, assert_no_errors, json};
use terraform_plugin::{Type, Value};

use crate::PLUGIN;
use crate::konnect::{DESTINATION, Konnect};

#[tokio::test]
async fn metadata_lists_same_types_as_schema() {
    let host = Host::start(PLUGIN).await;
    let mut provider = host.provider();
    let metadata = provider
        .get_metadata(tf::get_metadata::Request {})
        .await
        .unwrap()
        .into_inner();
    let schema = provider
        .get_provider_schema(tf::get_provider_schema::Request {})
        .await;
    let schema = schema.unwrap().into_inner();
    assert_no_errors(&metadata.diagnostics);
    assert_no_errors(&schema.diagnostics);

    let resources: BTreeSet<_> = metadata.resources.iter().map(|r| &r.type_name).collect();
    assert_eq!(resources, schema.resource_schemas.keys().collect());
    assert_eq!(resources.len(), metadata.resources.len(), "each once");
    assert!(resources.iter().any(|name| *name == DESTINATION));
    let sources: BTreeSet<_> = metadata.data_sources.iter().map(|d| &d.type_name).collect();
    assert_eq!(sources, schema.data_source_schemas.keys().collect());
    let functions: BTreeSet<_> = metadata.functions.iter().map(|f| &f.name).collect();
    assert_eq!(functions, schema.functions.keys().collect());
    assert_eq!(metadata.server_capabilities, schema.server_capabilities);
    host.end().await;
}

#[tokio::test]
async fn server_capabilities_match_behavior() {
    let host = Host::start(PLUGIN).await;
    let metadata = host.provider().get_metadata(tf::get_metadata::Request {}).await;
    let capabilities = metadata.unwrap().into_inner().server_capabilities.unwrap();
    assert!(capabilities.get_provider_schema_optional);
    assert!(capabilities.plan_destroy);
    assert!(capabilities.generate_resource_config);
    // A host that uses this capability may call without requesting the schema first.
    let unnamed = tf::validate_resource_config::Request::default();
    host.provider().validate_resource_config(unnamed).await.unwrap();
    host.end().await;
}

#[tokio::test]
async fn attribute_declarations_meet_terraform_rules() {
    let host = Host::start(PLUGIN).await;
    let schema = host
        .provider()
        .get_provider_schema(tf::get_provider_schema::Request {})
        .await;
    let schema = schema.unwrap().into_inner();
    let provider = schema.provider.as_ref().unwrap();
    assert!(
        provider
            .block
            .as_ref()
            .unwrap()
            .attributes
            .iter()
            .all(|a| !a.computed)
    );
    let all = schema.resource_schemas.iter().chain(&schema.data_source_schemas);
    for (type_name, of) in all {
        // Parsing asserts that each type is valid.
        let Type::Object(types) = Shape::of(of).ty else {
            panic!("an object")
        };
        let attributes = &of.block.as_ref().unwrap().attributes;
        assert_eq!(types.len(), attributes.len(), "{type_name}: each once");
        for a in attributes {
            let place = format!("{type_name}.{}", a.name);
            assert!(a.required || a.optional || a.computed, "{place}");
            assert!(!a.required || !(a.optional || a.computed), "{place}");
            assert!(!a.write_only || !a.computed, "{place}");
            assert!(!a.description.is_empty(), "{place}");
            // Write-only attributes are never stored or shown. A host stores the paths of several sensitive attributes
            // in random order, which it reports as a change.
            let is_secret = a.sensitive || a.write_only;
            assert!(
                !a.name.contains("authorization") || is_secret || a.r#type != b"\"string\"",
                "{place}"
            );
            assert!(!(a.sensitive && a.write_only), "{place}");
        }
    }
    host.end().await;
}

#[tokio::test]
async fn config_as_json_is_decoded() {
    let konnect = Konnect::start().await;
    let destination = konnect.destination();
    let mut config = json!({"endpoint": "http://siem.example.com", "authorization": "Splunk x"});
    for attribute in &destination.shape.attributes {
        let config = config.as_object_mut().unwrap();
        config
            .entry(attribute.name.clone())
            .or_insert(serde_json::Value::Null);
    }
    let request = tf::validate_resource_config::Request {
        type_name: DESTINATION.to_owned(),
        config: json(&config),
        client_capabilities: None,
    };
    let response = konnect.host.provider().validate_resource_config(request).await;
    let found = response.unwrap().into_inner().diagnostics;
    // Decoded correctly: the scheme of the endpoint is rejected, and the name is missing.
    let on = |d: &tf::Diagnostic| match &d.attribute.as_ref().unwrap().steps[0].selector {
        Some(tf::attribute_path::step::Selector::AttributeName(name)) => name.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        found.iter().map(on).collect::<BTreeSet<_>>(),
        ["endpoint", "name"].map(str::to_owned).into()
    );
    konnect.end().await;
}

#[tokio::test]
async fn provider_config_unknown_is_accepted() {
    let konnect = Konnect::start().await;
    let shape = Shape::of(konnect.schema.provider.as_ref().unwrap());
    let block = shape.object(&[
        ("personal_access_token", Value::Unknown),
        ("server_url", Value::Unknown),
    ]);
    let request = tf::validate_provider_config::Request {
        config: shape.encode(&block),
    };
    let validated = konnect.host.provider().validate_provider_config(request).await;
    assert_no_errors(&validated.unwrap().into_inner().diagnostics);
    assert_no_errors(&konnect.configure(shape.encode(&block)).await);
    konnect.end().await;
}
