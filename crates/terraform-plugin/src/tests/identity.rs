//! The identity in the responses of a resource.

use crate::protocol::*;
use crate::tests::toy::{Toy, configured, state, thing};
use crate::*;

const TYPE: &str = "toy_thing";

fn identity(id: &str) -> Value {
    Value::object([("id", id.into())])
}

fn config(name: &str) -> Value {
    thing(Value::Null, name, Value::Null, Value::Null)
}

async fn apply(prior: Value, planned: Value, stored: Option<Value>) -> StateResponse {
    let server = configured(Toy).await;
    let request = ApplyRequest {
        config: config(planned.get("name").as_str().unwrap_or_default()),
        prior,
        planned,
        identity: stored,
        ..ApplyRequest::default()
    };
    server.resource(TYPE).unwrap().apply(request).await
}

async fn read(name: &str, stored: Option<Value>) -> StateResponse {
    let server = configured(Toy).await;
    let request = ReadRequest {
        state: state(name),
        identity: stored,
        ..ReadRequest::default()
    };
    server.resource(TYPE).unwrap().read(request).await
}

#[tokio::test]
async fn identity_after_create_is_derived_from_state() {
    let mut planned = state("a");
    planned.set("id", Value::Unknown);
    assert_eq!(
        apply(Value::Null, planned, None).await.identity,
        Some(identity("1"))
    );
}

#[tokio::test]
async fn identity_after_failed_create_is_that_of_partial_state() {
    let mut planned = state("fail half way");
    planned.set("id", Value::Unknown);
    let failed = apply(Value::Null, planned.clone(), None).await;
    assert!(failed.diagnostics.has_errors());
    assert_eq!(failed.identity, Some(identity("1")));
    planned.set("name", "fail".into());
    assert_eq!(apply(Value::Null, planned, None).await.identity, None);
}

/// Occurs with a state from a version of the provider without identities, and with `-refresh=false`.
#[tokio::test]
async fn identity_absent_is_derived_in_update_and_failed_update() {
    for name in ["a", "fail", "panic"] {
        let updated = apply(state("before"), state(name), None).await;
        assert_eq!(updated.identity, Some(identity("1")), "{name}");
    }
}

#[tokio::test]
async fn identity_after_failed_delete_remains() {
    let failed = apply(state("fail"), Value::Null, Some(identity("1"))).await;
    assert_eq!(failed.identity, Some(identity("1")));
    assert_eq!(
        apply(state("a"), Value::Null, Some(identity("1"))).await.identity,
        None
    );
}

#[tokio::test]
async fn identity_after_read_is_derived_also_if_it_fails() {
    for name in ["a", "fail", "panic"] {
        assert_eq!(read(name, None).await.identity, Some(identity("1")), "{name}");
    }
    let gone = read("gone", None).await;
    assert_eq!((gone.identity, gone.diagnostics.is_empty()), (None, true));
}

#[tokio::test]
async fn identity_changed_by_read_is_error() {
    let changed = read("a", Some(identity("2"))).await;
    assert_eq!(changed.identity, Some(identity("2")));
    assert!(changed.diagnostics.has_errors());
}

#[tokio::test]
async fn identity_not_configured_is_still_derived() {
    let server = Server::new(Toy, ServeMode::Managed);
    let request = ReadRequest {
        state: state("a"),
        ..ReadRequest::default()
    };
    let failed = server.resource(TYPE).unwrap().read(request).await;
    assert!(failed.diagnostics.has_errors());
    assert_eq!(failed.identity, Some(identity("1")));
}

#[tokio::test]
async fn identity_in_plan_is_present_once_it_is_known() {
    let server = configured(Toy).await;
    let plan = async |prior: Value| {
        let request = PlanRequest {
            prior,
            config: config("b"),
            ..PlanRequest::default()
        };
        server.resource(TYPE).unwrap().plan(request).await
    };
    assert_eq!(plan(Value::Null).await.identity, None);
    assert_eq!(plan(state("a")).await.identity, Some(identity("1")));
}

#[tokio::test]
async fn identity_after_import_is_present() {
    let server = configured(Toy).await;
    let target = ImportTarget::Identity(identity("7"));
    let imported = server.resource(TYPE).unwrap().import(target).await;
    assert_eq!(imported.identity, Some(identity("7")));
}

/// The host may read a null state after an import by identity.
#[tokio::test]
async fn read_null_state_returns_null() {
    let server = configured(Toy).await;
    let read = server.resource(TYPE).unwrap().read(ReadRequest::default()).await;
    assert!(read.state.is_null() && read.diagnostics.is_empty());
}

#[tokio::test]
async fn plan_again_during_apply_passes_private_data_of_first_plan() {
    let server = configured(Toy).await;
    let request = |planned_private: &[u8]| PlanRequest {
        config: config("a"),
        planned_private: planned_private.to_vec(),
        ..PlanRequest::default()
    };
    let resource = server.resource(TYPE).unwrap();
    let again = |response: PlanResponse| Private::from_bytes(&response.private).get::<bool>("planned_again");
    let first = resource.plan(request(b"")).await;
    assert_eq!(again(first.clone()), Some(false));
    assert_eq!(again(resource.plan(request(&first.private)).await), Some(true));
}

#[test]
fn generate_config_omits_values_without_configuration() {
    let server = Server::new(Toy, ServeMode::Managed);
    let resource = server.resource(TYPE).unwrap();
    assert_eq!(resource.generate_config(state("a")), Ok(config("a")));
    assert_eq!(resource.generate_config(Value::Null), Ok(Value::Null));
}

#[test]
fn generate_config_hook_changes_model_and_panic_is_error() {
    let server = Server::new(Toy, ServeMode::Managed);
    let resource = server.resource(TYPE).unwrap();
    assert_eq!(
        resource.generate_config(state("generate")),
        Ok(config("generated"))
    );
    assert!(resource.generate_config(state("generate panics")).is_err());
}
