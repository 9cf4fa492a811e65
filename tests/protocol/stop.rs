//! An interruption: calls start no new requests, and calls in flight return their state.

use std::time::Duration;

use konnect_emulator::{Fault, FaultRule};
use nix::sys::signal::Signal;
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::terraform::{Plan, State};
use terraform_plugin::testing::value::{assert_no_errors, error};
use terraform_plugin::testing::{signal, within};

use crate::konnect::Konnect;

async fn creation(konnect: &Konnect) -> Plan {
    let destination = konnect.destination();
    let config = destination.shape.object(&[
        ("name", "siem".into()),
        ("endpoint", "https://siem.example.com".into()),
        ("authorization", "Splunk s3cret".into()),
    ]);
    let plan = destination.plan(&State::none(), &config).await;
    assert_no_errors(&plan.diagnostics);
    // Ignores the requests of the plan.
    konnect.emulator.clear_requests();
    plan
}

async fn stop(konnect: &Konnect) {
    let stopped = konnect
        .host
        .provider()
        .stop_provider(tf::stop_provider::Request {})
        .await;
    assert_eq!(stopped.unwrap().into_inner().error, "");
}

/// Waits until a request has reached Konnect.
async fn requested(konnect: &Konnect) {
    let requested = async {
        while konnect.requests() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("a request", requested).await;
}

/// Delays the response to a creation beyond the close timeout of connections.
fn delay_responses(konnect: &Konnect) {
    let late = FaultRule::new(Fault::Delay { ms: 2000 });
    konnect.emulator.inject(late.method("POST")).unwrap();
}

fn stored(konnect: &Konnect) -> usize {
    let state = konnect.emulator.snapshot();
    state["regions"]["global"]["destinations"]
        .as_object()
        .map_or(0, serde_json::Map::len)
}

#[tokio::test]
async fn apply_after_stop_errors_without_request() {
    let konnect = Konnect::configured().await;
    let plan = creation(&konnect).await;
    stop(&konnect).await;
    let state = konnect.destination().apply(&plan).await;
    assert!(
        error(&state.diagnostics).contains("interrupted"),
        "{:?}",
        state.diagnostics
    );
    assert_eq!(state.value, Value::Null);
    // A new configuration does not end the interruption.
    assert_no_errors(&konnect.configure(konnect.config()).await);
    let state = konnect.destination().apply(&plan).await;
    assert!(
        error(&state.diagnostics).contains("interrupted"),
        "{:?}",
        state.diagnostics
    );
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn stop_during_create_returns_state() {
    let konnect = Konnect::configured().await;
    let (plan, destination) = (creation(&konnect).await, konnect.destination());
    delay_responses(&konnect);
    let apply = tokio::spawn(async move { destination.apply(&plan).await });
    requested(&konnect).await;
    stop(&konnect).await;
    let state = within("the creation", apply).await.unwrap();
    assert_no_errors(&state.diagnostics);
    assert!(state.value.get("id").as_str().is_some());
    assert_eq!(stored(&konnect), 1);
    konnect.end().await;
}

#[tokio::test]
async fn stop_during_retry_wait_errors_immediately() {
    let konnect = Konnect::start().await;
    assert_no_errors(&konnect.configure(konnect.config_with_retries(10)).await);
    let destination = konnect.destination();
    // With ten retries, this would take minutes.
    let never = FaultRule::new(Fault::status(503)).always();
    konnect.emulator.inject(never).unwrap();
    let id = "6b1fd0b4-0a3c-4f5e-8e0d-6a8d9c1f2e3b";
    let state = State {
        value: destination.shape.object(&[("id", id.into())]),
        ..State::none()
    };
    let before = state.value.clone();
    let read = tokio::spawn(async move { destination.read(&state).await });
    requested(&konnect).await;
    stop(&konnect).await;
    let read = within("the read", read).await.unwrap();
    assert!(
        error(&read.diagnostics).contains("interrupted"),
        "{:?}",
        read.diagnostics
    );
    assert_eq!(read.value, before);
    konnect.end().await;
}

#[tokio::test]
async fn sigterm_during_create_completes_call() {
    let konnect = Konnect::configured().await;
    let (plan, destination) = (creation(&konnect).await, konnect.destination());
    delay_responses(&konnect);
    let apply = tokio::spawn(async move { destination.apply(&plan).await });
    requested(&konnect).await;
    signal(konnect.host.process.pid, Signal::SIGTERM);
    let state = within("the creation", apply).await.unwrap();
    assert_no_errors(&state.diagnostics);
    assert_eq!(stored(&konnect), 1);
    konnect.plugin.host.process.ended().await.assert_success();
}
