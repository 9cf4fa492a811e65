//! Encodings and private data. [`terraform_plugin::testing::terraform`] asserts the rules of Terraform for every plan and
//! apply.

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::terraform::State;
use terraform_plugin::testing::value::{FALSE, NIL, UNKNOWN, assert_no_errors, msgpack, text};

use crate::konnect::{Konnect, created, siem};

const ENDPOINT: &str = "https://siem.example.com/collector";

/// Compares bytes with those of Terraform, without the codec of the crate.
#[tokio::test]
async fn plan_encodes_same_bytes_as_terraform() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let given = [
        ("name", text("siem")),
        ("endpoint", text(ENDPOINT)),
        ("authorization", text("Splunk s3cret")),
    ];
    let computed = [
        "id",
        "endpoint_host",
        "created_at",
        "updated_at",
        "log_format",
        "skip_ssl_verification",
    ];
    let with = |more: &[(&'static str, &[u8])]| {
        let mut set = given.to_vec();
        set.extend(more.iter().map(|(name, bytes)| (*name, bytes.to_vec())));
        destination.shape.raw(&set)
    };
    let request = tf::plan_resource_change::Request {
        type_name: destination.type_name.clone(),
        prior_state: msgpack(NIL),
        proposed_new_state: msgpack(with(&computed.map(|name| (name, UNKNOWN)))),
        config: msgpack(with(&[])),
        ..<_>::default()
    };
    let plan = konnect.host.provider().plan_resource_change(request).await;
    let plan = plan.unwrap().into_inner();
    assert_no_errors(&plan.diagnostics);
    let planned = with(&[
        ("id", UNKNOWN),
        ("endpoint_host", &text("siem.example.com")),
        ("created_at", UNKNOWN),
        ("updated_at", UNKNOWN),
        ("log_format", &text("cef")),
        ("skip_ssl_verification", FALSE),
    ]);
    assert_eq!(plan.planned_state, msgpack(planned));
    konnect.end().await;
}

/// Terraform encodes unknown values with refinements as extension type 12. The payload can be ignored.
#[tokio::test]
async fn refined_unknown_decodes_as_unknown() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let refined = [0xc7, 4, 12, 0x81, 0x01, 0xc2, 0x00]; // a map that says "not null", and one byte more
    let config = destination.shape.raw(&[
        ("name", refined.to_vec()),
        ("endpoint", text(ENDPOINT)),
        ("authorization", UNKNOWN.to_vec()),
    ]);
    let request = tf::plan_resource_change::Request {
        type_name: destination.type_name.clone(),
        prior_state: msgpack(NIL),
        proposed_new_state: msgpack(config.clone()),
        config: msgpack(config),
        ..<_>::default()
    };
    let plan = konnect.host.provider().plan_resource_change(request).await;
    let plan = plan.unwrap().into_inner();
    assert_no_errors(&plan.diagnostics);
    let planned = destination.shape.decode(plan.planned_state.as_ref());
    assert!(planned.get("name").is_unknown() && planned.get("authorization").is_unknown());
    konnect.end().await;
}

/// Private data under other keys, as a later version may write it.
#[tokio::test]
async fn private_state_is_kept_across_calls() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let kept = |private: &[u8], when: &str| {
        let all: serde_json::Value = serde_json::from_slice(private).unwrap();
        assert_eq!(all["kept"], json!([1, "two"]), "{when}");
    };
    let mut creation = destination
        .plan(&State::none(), &siem(&destination, "siem"))
        .await;
    creation.private = br#"{"kept":[1,"two"]}"#.to_vec();
    let state = destination.apply(&creation).await;
    kept(&state.private, "apply");
    let state = destination.read(&state).await;
    kept(&state.private, "read");
    let update = destination.plan(&state, &siem(&destination, "renamed")).await;
    kept(&update.private, "plan");
    let state = destination.apply(&update).await;
    kept(&state.private, "update");
    konnect
        .emulator
        .inject(FaultRule::new(Fault::status(500)).method("DELETE"))
        .unwrap();
    let left = destination.apply(&state.removal()).await;
    assert_eq!(left.private, state.private, "failed removal");
    konnect.end().await;
}

/// Invalid private data causes no error, and is kept until the provider writes its own.
#[tokio::test]
async fn private_state_invalid_is_kept_without_error() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let mut state = created(&destination, &siem(&destination, "siem")).await;
    state.private = b"\xff\x00 anything".to_vec();
    let removal = Fault::status(500);
    konnect
        .emulator
        .inject(FaultRule::new(removal).method("DELETE"))
        .unwrap();
    let left = destination.apply(&state.removal()).await;
    assert_eq!(left.private, state.private);
    let read = destination.read(&state).await;
    assert_no_errors(&read.diagnostics);
    let same = destination.plan(&read, &siem(&destination, "siem")).await;
    assert_no_errors(&same.diagnostics);
    assert_eq!(same.planned, read.value);
    konnect.end().await;
}
