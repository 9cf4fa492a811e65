//! Stored states of this and other versions of the provider.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::stored;
use terraform_plugin::testing::value::error;

use crate::konnect::Konnect;

#[tokio::test]
async fn upgrade_state_malformed_errors_without_value() {
    let konnect = Konnect::start().await;
    let destination = konnect.destination();
    let flatmap = tf::RawState {
        json: Vec::new(),
        flatmap: [("authorization".to_owned(), "s3cret".to_owned())].into(),
    };
    let cut = tf::RawState {
        json: br#"{"authorization": "s3cret"#.to_vec(),
        flatmap: <_>::default(),
    };
    for (what, state) in [
        ("a state of Terraform 0.11", flatmap),
        ("JSON cut short", cut),
        ("nothing", tf::RawState::default()),
        ("another type", stored(&json!(["s3cret"]))),
        (
            "a flag as an object",
            stored(&json!({"skip_ssl_verification": {"s3cret": 1}})),
        ),
    ] {
        let upgraded = destination.upgrade(destination.shape.version, state).await;
        let said = error(&upgraded.diagnostics);
        assert!(!said.contains("s3cret"), "{what}: {said}");
        let state = upgraded.upgraded_state;
        assert!(
            state.is_none_or(|s| destination.shape.decode(Some(&s)) == Value::Null),
            "{what}"
        );
    }
    konnect.end().await;
}
