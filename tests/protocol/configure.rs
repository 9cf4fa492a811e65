//! Metadata, schemas, capabilities and configuration.

use std::collections::BTreeSet;

use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::Host;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::PLUGIN;
use crate::konnect::{DESTINATION, Konnect, attributes};

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
    // OpenTofu makes this call too.
    let listed = provider.get_functions(tf::get_functions::Request {}).await;
    assert_eq!(listed.unwrap().into_inner().functions, schema.functions);
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
async fn write_only_argument_on_old_host_errors_on_attribute() {
    let konnect = Konnect::start().await;
    for (resource, required) in [
        (konnect.destination(), ("name", "siem".into())),
        (konnect.webhook(), ("region", "global".into())),
    ] {
        let config = resource.shape.object(&[
            ("endpoint", "https://siem.example.com/".into()),
            ("authorization_wo", "Splunk s3cret".into()),
            required,
        ]);
        assert_no_errors(&resource.validate_with(&config, true).await);
        let found = resource.validate_with(&config, false).await;
        let said = error(&found);
        assert!(said.contains("1.11") && !said.contains("s3cret"), "{said}");
        assert_eq!(attributes(&found), ["authorization_wo"]);
    }
    konnect.end().await;
}
