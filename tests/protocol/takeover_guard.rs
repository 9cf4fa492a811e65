//! The guard against unintended redirection of a region's stream.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{Konnect, OTHER_USERS_ENDPOINT};

fn config(of: &Resource, more: &[(&str, Value)]) -> Value {
    let least = [
        ("region", "eu".into()),
        ("endpoint", "https://siem.example.com/".into()),
        ("authorization_wo", "Splunk s3cret".into()),
    ];
    of.shape.object(&[&least, more].concat())
}

/// Asserts that an error contains the current target without a possible secret, and both remedies.
fn refused(said: &str) {
    for part in [
        "stranger.example.com",
        "import {",
        "id = \"eu\"",
        "replace_existing = true",
    ] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert!(!said.contains("a-path-like-a-password"), "{said}");
}

#[tokio::test]
async fn takeover_unrequested_warns_at_plan_refuses_at_apply() {
    let konnect = Konnect::configured().await;
    let webhook = konnect.webhook();
    let none = State::none();
    let early = webhook.plan(&none, &config(&webhook, &[])).await;
    konnect.other_users_webhook("eu", true);
    let before = konnect.emulator.snapshot();

    let late = webhook.plan(&none, &config(&webhook, &[])).await;
    assert_no_errors(&late.diagnostics);
    refused(&late.diagnostics.last().unwrap().detail);
    // Planned while the region had no webhook: the apply checks again.
    let state = webhook.apply(&early).await;
    refused(&error(&state.diagnostics));
    assert_eq!(state.value, Value::Null);
    assert_eq!(konnect.emulator.snapshot(), before, "nothing was written");

    let on_purpose = config(&webhook, &[("replace_existing", true.into())]);
    let plan = webhook.plan(&none, &on_purpose).await;
    assert_no_errors(&plan.diagnostics);
    assert_no_errors(&webhook.apply(&plan).await.diagnostics);
    let now = &konnect.emulator.snapshot()["regions"]["eu"]["webhook"];
    assert_ne!(now["endpoint"], OTHER_USERS_ENDPOINT);
    konnect.end().await;
}

#[tokio::test]
async fn create_over_disabled_webhook_succeeds() {
    let konnect = Konnect::configured().await;
    konnect.other_users_webhook("eu", false);
    let webhook = konnect.webhook();
    let plan = webhook.plan(&State::none(), &config(&webhook, &[])).await;
    assert_no_errors(&plan.diagnostics);
    assert_no_errors(&webhook.apply(&plan).await.diagnostics);
    konnect.end().await;
}

/// If the provider block or the region is unknown, the plan cannot check.
#[tokio::test]
async fn takeover_unknown_region_refuses_at_apply() {
    let konnect = Konnect::configured().await;
    konnect.other_users_webhook("eu", true);
    let webhook = konnect.webhook();
    let open = config(&webhook, &[("region", Value::Unknown)]);
    let plan = webhook.plan(&State::none(), &open).await;
    assert_no_errors(&plan.diagnostics);
    assert_eq!(konnect.requests(), 0);
    let mut known = plan.clone();
    known.config.set("region", "eu".into());
    known.planned.set("region", "eu".into());
    known.planned.set("id", "eu".into());
    refused(&error(&webhook.apply(&known).await.diagnostics));
    konnect.end().await;
}

/// A replacement is planned twice, the second time as a creation: the stream is then that of the resource.
#[tokio::test]
async fn replace_own_webhook_plans_without_warning() {
    let konnect = Konnect::configured().await;
    konnect.other_users_webhook("eu", true);
    let webhook = konnect.webhook();
    let creation = config(&webhook, &[]);
    // This process knows the state from the refresh.
    let imported = webhook.import("eu").await;
    let read = webhook.read(&imported).await;
    assert_no_errors(&read.diagnostics);
    let plan = webhook.plan(&State::none(), &creation).await;
    assert_no_errors(&plan.diagnostics);
    // The stream still exists at apply, which must check.
    refused(&error(&webhook.apply(&plan).await.diagnostics));
    assert_no_errors(&webhook.apply(&read.removal()).await.diagnostics);
    assert_no_errors(&webhook.apply(&plan).await.diagnostics);
    konnect.end().await;
}

/// `terraform test` configures and removes webhooks with one process of the provider.
#[tokio::test]
async fn webhook_recreated_in_same_process_succeeds() {
    let konnect = Konnect::configured().await;
    let webhook = konnect.webhook();
    let creation = config(&webhook, &[]);
    let enabled =
        |konnect: &Konnect| konnect.emulator.snapshot()["regions"]["eu"]["webhook"]["enabled"].take();
    for _ in 0..2 {
        let plan = webhook.plan(&State::none(), &creation).await;
        assert_no_errors(&plan.diagnostics);
        let created = webhook.apply(&plan).await;
        assert_no_errors(&created.diagnostics);
        assert_eq!(enabled(&konnect), true);
        // Terraform configures the provider for each operation.
        assert_no_errors(&konnect.configure(konnect.config()).await);
        let read = webhook.read(&created).await;
        assert_no_errors(&webhook.apply(&read.removal()).await.diagnostics);
        assert_no_errors(&konnect.configure(konnect.config()).await);
        assert_eq!(enabled(&konnect), false);
    }
    konnect.end().await;
}

#[tokio::test]
async fn concurrent_webhooks_for_one_region_create_one() {
    let konnect = Konnect::configured().await;
    let webhook = konnect.webhook();
    let (first, second) = (
        config(&webhook, &[]),
        config(&webhook, &[("replace_existing", true.into())]),
    );
    let none = State::none();
    let first = webhook.plan(&none, &first).await;
    let second = webhook.plan(&none, &second).await;
    assert_no_errors(&second.diagnostics);
    // Concurrently, in any order, as Terraform does.
    let (one, other) = tokio::join!(webhook.apply(&first), webhook.apply(&second));
    let (won, lost) = if one.value.is_null() {
        (other, one)
    } else {
        (one, other)
    };
    assert_no_errors(&won.diagnostics);
    let said = error(&lost.diagnostics);
    assert!(said.contains("already configured"), "{said}");
    assert_eq!(lost.value, Value::Null);
    konnect.end().await;
}

#[tokio::test]
async fn takeover_warning_names_current_destination() {
    let konnect = Konnect::configured().await;
    let id = "11111111-2222-4333-8444-555555555555";
    let there = json!({ "enabled": true, "audit_log_destination_id": id });
    konnect.emulator.edit_webhook("eu", there).unwrap();
    let webhook = konnect.webhook();
    let plan = webhook.plan(&State::none(), &config(&webhook, &[])).await;
    assert_no_errors(&plan.diagnostics);
    let said = &plan.diagnostics[0].detail;
    assert!(said.contains(id) && said.contains("replace_existing"), "{said}");
    konnect.end().await;
}
