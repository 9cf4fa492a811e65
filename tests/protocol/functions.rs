//! Functions at the protocol. `tests/terraform/functions.rs` calls them through the CLI.

use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::{Launch, Plugin};

use crate::PLUGIN;

/// A plugin that is not configured.
async fn plugin() -> Plugin {
    Box::pin(Plugin::launch(Launch::without_tls(PLUGIN))).await
}

#[tokio::test]
async fn schema_describes_every_function() {
    let plugin = plugin().await;
    let response = plugin
        .host
        .provider()
        .get_functions(tf::get_functions::Request {})
        .await;
    // OpenTofu makes this call too.
    assert_eq!(response.unwrap().into_inner().functions, plugin.schema.functions);
    let mut names: Vec<_> = plugin.schema.functions.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["parse_audit_event", "verify_audit_event"]);
    for (name, function) in &plugin.schema.functions {
        assert!(
            !function.summary.is_empty() && !function.description.is_empty(),
            "{name}"
        );
        assert!(function.r#return.is_some(), "{name}");
        for parameter in &function.parameters {
            assert!(!parameter.description.is_empty(), "{name}: {}", parameter.name);
            assert!(
                !parameter.allow_null_value && !parameter.allow_unknown_values,
                "{name}"
            );
        }
    }
    plugin.host.end().await;
}

#[tokio::test]
async fn call_same_arguments_returns_same_bytes() {
    let plugin = plugin().await;
    let line = r#"{"name":"Ingress","severity":1,"z":1,"a":"b","m":{"y":1,"x":2}}"#;
    let first = plugin
        .call_function("parse_audit_event", &[line.into()])
        .await
        .unwrap();
    let second = plugin
        .call_function("parse_audit_event", &[line.into()])
        .await
        .unwrap();
    assert_eq!(first, second);
    assert_eq!(first.get("kind"), &"access".into());
    plugin.host.end().await;
}

#[tokio::test]
async fn call_unusable_argument_reports_its_index() {
    let plugin = plugin().await;
    let event = r#"{"name":"Ingress"}"#;
    for (name, arguments, index) in [
        ("parse_audit_event", vec!["s3cret"], 0),
        ("verify_audit_event", vec![event, "s3cret"], 1),
        ("verify_audit_event", vec!["s3cret", r#"{"keys":[]}"#], 1),
    ] {
        let arguments: Vec<Value> = arguments.into_iter().map(Value::from).collect();
        let error = plugin.call_function(name, &arguments).await.unwrap_err();
        assert_eq!(error.function_argument, Some(index), "{name}");
        assert!(!error.text.contains("s3cret"), "{}", error.text);
    }
    plugin.host.end().await;
}
