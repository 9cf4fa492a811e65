//! The authorization, which the API never returns: write-only arguments, and changes by other users.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::plugin::proto::tfplugin6 as tf;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::Konnect;

const ENDPOINT: &str = "https://siem.example.com/";

fn config(of: &Resource, more: &[(&str, Value)]) -> Value {
    let least = [
        ("endpoint", ENDPOINT.into()),
        ("authorization_wo", "Splunk s3cret".into()),
    ];
    of.shape.object(&[&least, more].concat())
}

fn configs(konnect: &Konnect) -> [(Resource, Vec<(&'static str, Value)>); 2] {
    [
        (konnect.destination(), vec![("name", "siem".into())]),
        (konnect.webhook(), vec![("region", "global".into())]),
    ]
}

/// Changes the object as another user.
fn touch(konnect: &Konnect, of: &Resource, state: &State) {
    let edit = json!({ "authorization": "Splunk stranger" });
    if of.type_name == crate::konnect::WEBHOOK {
        konnect.emulator.edit_webhook("global", edit).unwrap();
    } else {
        let id = state.value.get("id").as_str().unwrap();
        konnect.emulator.edit_destination("global", id, edit).unwrap();
    }
}

/// The authorization that Konnect has.
fn stored(konnect: &Konnect, of: &Resource, state: &State) -> serde_json::Value {
    let region = konnect.emulator.snapshot()["regions"]["global"].clone();
    if of.type_name == crate::konnect::WEBHOOK {
        region["webhook"]["authorization"].clone()
    } else {
        region["destinations"][state.value.get("id").as_str().unwrap()]["authorization"].clone()
    }
}

async fn created(of: &Resource, config: &Value) -> State {
    let plan = of.plan(&State::none(), config).await;
    assert_no_errors(&plan.diagnostics);
    let state = of.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    of.read(&state).await
}

#[tokio::test]
async fn write_only_argument_on_old_host_errors_on_attribute() {
    let konnect = Konnect::start().await;
    for (resource, more) in configs(&konnect) {
        let config = config(&resource, &more);
        assert_no_errors(&resource.validate_with(&config, true).await);
        let found = resource.validate_with(&config, false).await;
        let said = error(&found);
        assert!(said.contains("1.11") && !said.contains("s3cret"), "{said}");
        let path = found[0].attribute.clone().unwrap();
        let at = tf::attribute_path::step::Selector::AttributeName("authorization_wo".to_owned());
        assert_eq!(path.steps[0].selector, Some(at));
    }
    konnect.end().await;
}

#[tokio::test]
async fn authorization_after_outside_change_is_sent_once() {
    let konnect = Konnect::configured().await;
    for (resource, more) in configs(&konnect) {
        let config = config(&resource, &more);
        let state = created(&resource, &config).await;
        touch(&konnect, &resource, &state);

        let read = resource.read(&state).await;
        assert_no_errors(&read.diagnostics);
        let plan = resource.plan(&read, &config).await;
        assert_no_errors(&plan.diagnostics);
        assert!(plan.requires_replace.is_empty());
        assert!(plan.diagnostics[0].summary.contains("another process or user"));
        for (name, planned) in plan.planned.as_object().unwrap() {
            let shown = name == "updated_at";
            assert_eq!(planned.is_unknown(), shown, "{name}");
            assert_eq!(planned != read.value.get(name), shown, "{name}");
        }
        let after = resource.apply(&plan).await;
        assert_no_errors(&after.diagnostics);
        assert_eq!(stored(&konnect, &resource, &after), "Splunk s3cret");

        let read = resource.read(&after).await;
        let again = resource.plan(&read, &config).await;
        assert_eq!(again.planned, read.value);
        assert!(again.diagnostics.is_empty(), "{:?}", again.diagnostics);
    }
    konnect.end().await;
}

/// With `ignore_changes = [authorization_wo]`, Terraform removes the change from the configuration of the plan, but not
/// of the apply.
#[tokio::test]
async fn ignore_changes_of_the_credential_applies_to_the_apply() {
    let konnect = Konnect::configured().await;
    for (resource, more) in configs(&konnect) {
        let full = config(&resource, &more);
        let state = created(&resource, &full).await;
        touch(&konnect, &resource, &state);
        let read = resource.read(&state).await;
        let mut ignoring = full.clone();
        ignoring.set("authorization_wo", Value::Null);
        ignoring.set("log_format", "json".into());
        let mut plan = resource.plan(&read, &ignoring).await;
        assert!(plan.diagnostics.is_empty(), "{:?}", plan.diagnostics);
        plan.config.set("authorization_wo", "Splunk s3cret".into());
        assert_no_errors(&resource.apply(&plan).await.diagnostics);
        assert_eq!(stored(&konnect, &resource, &state), "Splunk stranger");
    }
    konnect.end().await;
}

/// A webhook that another user has set to a destination no longer has an authorization: restoring the endpoint must
/// send it.
#[tokio::test]
async fn webhook_repointed_outside_restores_own_authorization() {
    let konnect = Konnect::configured().await;
    let (destination, webhook) = (konnect.destination(), konnect.webhook());
    let other = destination.shape.object(&[
        ("name", "other".into()),
        ("endpoint", "https://other.example.com/".into()),
        ("authorization", "Splunk other".into()),
    ]);
    let other = created(&destination, &other).await;
    let ours = config(&webhook, &[("region", "global".into())]);
    let state = created(&webhook, &ours).await;
    let elsewhere = json!({ "audit_log_destination_id": other.value.get("id").as_str().unwrap() });
    konnect.emulator.edit_webhook("global", elsewhere).unwrap();
    let plan = webhook.plan(&webhook.read(&state).await, &ours).await;
    assert_no_errors(&plan.diagnostics);
    let back = webhook.apply(&plan).await;
    assert_no_errors(&back.diagnostics);
    assert_eq!(stored(&konnect, &webhook, &back), "Splunk s3cret");
    konnect.end().await;
}
