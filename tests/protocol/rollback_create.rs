//! A host that disconnects before it has received the response to a creation. The creation completes and is then rolled
//! back, because no state records the object. An object whose response was received is kept.

use konnect_emulator::{Emulator, Fault, FaultRule};
use serde_json::{Value as Json, json};
use terraform_plugin::Value;
use terraform_plugin::testing::Launch;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::assert_no_errors;
use tokio::task::JoinHandle;

use crate::PLUGIN;
use crate::konnect::{Konnect, asked, created, siem, stored, until};

const SECRET: &str = "Splunk s3cret";

/// A plugin that reports when a connection has ended.
async fn configured() -> Konnect {
    let launch = Launch::without_tls(PLUGIN).env("TF_LOG_PROVIDER", "debug");
    let konnect = Box::pin(Konnect::launch(launch)).await;
    assert_no_errors(&konnect.configure(konnect.config()).await);
    konnect
}

/// Starts the creation of an object, and waits until its request has reached Konnect, which holds the response.
async fn creating(konnect: &Konnect, resource: &Resource, config: &Value, method: &str) -> JoinHandle<State> {
    in_flight(konnect, resource, &State::none(), config, method).await
}

/// The same for any change.
async fn in_flight(
    konnect: &Konnect,
    resource: &Resource,
    prior: &State,
    config: &Value,
    method: &str,
) -> JoinHandle<State> {
    let plan = resource.plan(prior, config).await;
    assert_no_errors(&plan.diagnostics);
    let held = FaultRule::new(Fault::Hold { handle: true }).method(method);
    konnect.emulator.inject(held).unwrap();
    let resource = resource.clone();
    let apply = tokio::spawn(async move { resource.apply(&plan).await });
    until("the request", || asked(&konnect.emulator, method) == 1).await;
    apply
}

/// The host disconnects during the apply. Then Konnect responds, and the plugin ends.
async fn disconnect(konnect: Konnect, apply: JoinHandle<State>) -> Emulator {
    let Konnect { plugin, emulator } = konnect;
    let host = plugin.host;
    drop(host.channel);
    apply.abort();
    host.process.wait_for_stderr("a connection ended").await;
    emulator.clear_faults();
    host.process.ended().await.assert_success();
    emulator
}

fn eu(emulator: &Emulator) -> Json {
    emulator.snapshot()["regions"]["eu"]["webhook"].take()
}

#[tokio::test]
async fn update_cancelled_by_host_completes_and_is_kept() {
    let konnect = configured().await;
    let resource = konnect.destination();
    let state = created(&resource, &siem(&resource, "siem")).await;
    let mut config = siem(&resource, "siem");
    config.set("log_format", "json".into());
    let apply = in_flight(&konnect, &resource, &state, &config, "PATCH").await;
    apply.abort();
    assert!(apply.await.unwrap_err().is_cancelled());
    konnect.emulator.clear_faults();
    let Konnect { plugin, emulator } = konnect;
    let host = plugin.host;
    drop(resource);
    host.shut_down().await;
    host.process.ended().await.assert_success();
    let id = state.value.get("id").as_str().unwrap().to_owned();
    let left = &emulator.snapshot()["regions"]["global"]["destinations"][id];
    assert_eq!(left["log_format"], "json");
    assert_eq!(asked(&emulator, "DELETE"), 0);
}

#[tokio::test]
async fn create_during_shutdown_rolls_back() {
    let konnect = configured().await;
    let resource = konnect.destination();
    let apply = creating(&konnect, &resource, &siem(&resource, "siem"), "POST").await;
    drop(resource);
    let Konnect { plugin, emulator } = konnect;
    let host = plugin.host;
    // As Terraform does after a second Ctrl-C: it calls `Shutdown` and disconnects.
    host.shut_down().await;
    drop(host.channel);
    apply.abort();
    host.process.wait_for_stderr("a connection ended").await;
    emulator.clear_faults();
    host.process.ended().await.assert_success();
    assert_eq!((asked(&emulator, "DELETE"), stored(&emulator)), (1, 0));
}

#[tokio::test]
async fn portal_webhook_create_rolls_back_unless_it_replaced_existing() {
    for replaces in [false, true] {
        let konnect = configured().await;
        let portal = konnect.emulator.add_portal("eu", "docs").unwrap();
        let destinations = konnect.emulator.add_destinations("global", 2).unwrap();
        if replaces {
            let other = json!({"enabled": true, "audit_log_destination_id": destinations[1]});
            konnect.emulator.edit_webhook(("eu", &portal), other).unwrap();
        }
        let resource = konnect.webhook();
        let config = resource.shape.object(&[
            ("region", "eu".into()),
            ("portal_id", portal.as_str().into()),
            ("audit_log_destination_id", destinations[0].as_str().into()),
            ("replace_existing", replaces.into()),
        ]);
        let apply = creating(&konnect, &resource, &config, "PATCH").await;
        drop(resource);
        let emulator = disconnect(konnect, apply).await;
        // A webhook that was replaced cannot be restored.
        assert_eq!(asked(&emulator, "DELETE"), usize::from(!replaces));
        let left = &emulator.region("eu")["portals"][&portal]["webhook"];
        assert_eq!(left["enabled"], replaces, "{left}");
    }
}

/// The lock of the state is released when the host ends: another run may configure the region, also with another URL on
/// the same host.
#[tokio::test]
async fn webhook_rollback_keeps_webhook_of_another_run() {
    for argument in ["endpoint", "endpoint_wo"] {
        let konnect = configured().await;
        let resource = konnect.webhook();
        let config = resource.shape.object(&[
            ("region", "eu".into()),
            (argument, "https://siem.example.com/our-path-0123456789".into()),
            ("authorization", SECRET.into()),
        ]);
        let apply = creating(&konnect, &resource, &config, "PATCH").await;
        drop(resource);
        let other = json!({"endpoint": "https://siem.example.com/their-path-9876543210", "enabled": true});
        konnect.emulator.edit_webhook("eu", other).unwrap();
        let theirs = eu(&konnect.emulator);
        let emulator = disconnect(konnect, apply).await;
        assert_eq!(asked(&emulator, "PATCH"), 1, "the creation alone");
        assert_eq!(eu(&emulator), theirs);
    }
}

#[tokio::test]
async fn disabled_webhook_create_is_not_rolled_back() {
    let konnect = configured().await;
    let resource = konnect.webhook();
    let config = resource.shape.object(&[
        ("region", "eu".into()),
        ("endpoint", "https://siem.example.com".into()),
        ("authorization", SECRET.into()),
        ("enabled", false.into()),
    ]);
    let apply = creating(&konnect, &resource, &config, "PATCH").await;
    drop(resource);
    // By then, another user has switched it on.
    let on = json!({"enabled": true});
    konnect.emulator.edit_webhook("eu", on).unwrap();
    let emulator = disconnect(konnect, apply).await;
    assert_eq!(asked(&emulator, "PATCH"), 1, "the creation alone");
    assert_eq!(eu(&emulator)["enabled"], true);
}
