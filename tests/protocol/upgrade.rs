//! Stored states of this and other versions of the provider.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::stored;
use terraform_plugin::testing::terraform::State;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::Konnect;

#[tokio::test]
async fn upgrade_kong_state_with_other_time_format_rereads_times() {
    let konnect = Box::pin(Konnect::configured()).await;
    let destination = konnect.destination();
    let config = destination.shape.object(&[
        ("name", "siem".into()),
        ("endpoint", "https://siem.example.com/".into()),
        ("authorization", "Bearer x".into()),
        ("log_format", "cef".into()),
        ("skip_ssl_verification", false.into()),
    ]);
    let planned = destination.plan(&State::none(), &config).await;
    let created = destination.apply(&planned).await;
    assert_no_errors(&created.diagnostics);
    // Without a region, and with times in the form of Go's `time.Time`, for instance without trailing zeros.
    let kongs = stored(&json!({
        "id": created.value.get("id").as_str(), "name": "siem", "endpoint": "https://siem.example.com/",
        "authorization": "Bearer x", "log_format": "cef", "skip_ssl_verification": false,
        "created_at": "2026-01-02T03:04:05.6Z", "updated_at": "2026-01-02T03:04:05.6Z",
    }));
    let upgraded = destination.upgrade(0, kongs).await;
    let taken = State {
        value: destination.shape.decode(upgraded.upgraded_state.as_ref()),
        ..State::none()
    };
    let taken = destination.read(&taken).await;
    let learning = destination.plan(&taken, &config).await;
    assert_no_errors(&learning.diagnostics);
    let learnt = destination.apply(&learning).await;
    assert_no_errors(&learnt.diagnostics);
    assert_eq!(learnt.value, created.value);
    konnect.end().await;
}

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
