//! The rules of a stream in situations that a CLI cannot produce: an object without private data, the plan of a destroy,
//! calls in a given order.

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value as Json, json};
use terraform_plugin::Value;
use terraform_plugin::protocol::proto::tfplugin6 as tf;
use terraform_plugin::testing::terraform::{Plan, Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{Konnect, created, siem};

const ENDPOINT: &str = "https://siem.example.com/";

fn config(of: &Resource, more: &[(&str, Value)]) -> Value {
    let least = [
        ("region", "eu".into()),
        ("endpoint", ENDPOINT.into()),
        ("authorization_wo", "Splunk s3cret".into()),
    ];
    of.shape.object(&[&least, more].concat())
}

fn eu(konnect: &Konnect) -> Json {
    konnect.emulator.snapshot()["regions"]["eu"]["webhook"].take()
}

/// Plans the removal of an object, as a host does for a provider with the capability `plan_destroy`.
async fn plan_removal(of: &Resource, state: &State) -> tf::plan_resource_change::Response {
    let request = tf::plan_resource_change::Request {
        type_name: of.type_name.clone(),
        prior_state: of.shape.encode(&state.value),
        proposed_new_state: of.shape.encode(&Value::Null),
        config: of.shape.encode(&Value::Null),
        prior_private: state.private.clone(),
        prior_identity: of.identify(state.identity.as_ref()),
        ..<_>::default()
    };
    let response = of.provider.clone().plan_resource_change(request).await;
    response.unwrap().into_inner()
}

/// The change does not name what it keeps, so a webhook that was removed in the meantime would stay switched off.
#[tokio::test]
async fn redirect_of_a_webhook_that_was_removed_after_the_plan_sets_all_of_it() {
    let konnect = Konnect::configured().await;
    let (webhook, destination) = (konnect.webhook(), konnect.destination());
    let mut ids = Vec::new();
    for name in ["first", "second"] {
        let state = created(&destination, &siem(&destination, name)).await;
        ids.push(state.value.get("id").clone());
    }
    let to_destination = |id: &Value| {
        let target = ("audit_log_destination_id", id.clone());
        webhook.shape.object(&[("region", "eu".into()), target])
    };
    let second_endpoint = ("endpoint", "https://second.example.com/".into());
    for (before, after) in [
        (to_destination(&ids[0]), to_destination(&ids[1])),
        (config(&webhook, &[]), config(&webhook, &[second_endpoint])),
    ] {
        let state = created(&webhook, &before).await;
        let plan = webhook.plan(&state, &after).await;
        assert_no_errors(&plan.diagnostics);
        konnect.emulator.remove_webhook("eu").unwrap();
        let moved = webhook.apply(&plan).await;
        assert_no_errors(&moved.diagnostics);
        let (now, target) = (eu(&konnect), plan.planned.get("endpoint").as_str());
        assert_eq!(now["enabled"], true);
        assert_eq!(now["endpoint"].as_str(), target);
        konnect.emulator.remove_webhook("eu").unwrap();
    }
    konnect.end().await;
}

/// Terraform does not pass the private data of a tainted object: the target of the state decides.
#[tokio::test]
async fn destroy_without_private_data_removes_only_the_target_of_the_state() {
    for redirected in [false, true] {
        let konnect = Konnect::configured().await;
        let webhook = konnect.webhook();
        let mut state = created(&webhook, &config(&webhook, &[])).await;
        state.private.clear();
        if redirected {
            konnect.other_users_webhook("eu", true);
        }
        let removed = webhook.apply(&state.removal()).await;
        assert_no_errors(&removed.diagnostics);
        assert_eq!(removed.value, Value::Null);
        assert_eq!(eu(&konnect)["enabled"], redirected);
        let said: Vec<_> = removed.diagnostics.iter().map(|d| d.summary.as_str()).collect();
        let expected: &[_] = if redirected {
            &["Webhook was left in place"]
        } else {
            &[]
        };
        assert_eq!(said, expected);
        konnect.end().await;
    }
}

/// Terraform 1.16 and later pass the private data of the plan that the user has seen.
#[tokio::test]
async fn replace_existing_displaces_only_what_the_plan_names() {
    for (named, now, refused) in [
        (Some("a"), "a", false),
        (Some("a"), "b", true),
        // The plan saw no stream.
        (None, "b", true),
    ] {
        let konnect = Konnect::configured().await;
        let webhook = konnect.webhook();
        let deliver = |host: &str| {
            let edit = json!({ "endpoint": format!("https://{host}.example.com/"), "enabled": true });
            konnect.emulator.edit_webhook("eu", edit).unwrap();
        };
        if let Some(named) = named {
            deliver(named);
        }
        let config = config(&webhook, &[("replace_existing", true.into())]);
        let first = webhook.plan(&State::none(), &config).await;
        deliver(now);
        let before = eu(&konnect);
        let again = webhook.plan_again(&State::none(), &first).await;
        assert_eq!(again.diagnostics, []);
        let state = webhook.apply(&again).await;
        if refused {
            let error = error(&state.diagnostics);
            assert!(error.starts_with("Webhook was changed after the plan"), "{error}");
            assert!(error.contains("b.example.com"), "{error}");
            assert_eq!(eu(&konnect), before);
        } else {
            assert_no_errors(&state.diagnostics);
            assert_eq!(eu(&konnect)["endpoint"], ENDPOINT);
        }
        konnect.end().await;
    }
}

/// The same for the host of `endpoint_wo`.
#[tokio::test]
async fn secret_url_of_another_host_at_apply_is_refused() {
    let konnect = Konnect::configured().await;
    let (webhook, destination) = (konnect.webhook(), konnect.destination());
    for (of, attribute) in [(&webhook, ("region", "eu")), (&destination, ("name", "siem"))] {
        let config = |host: &str| {
            of.shape.object(&[
                (attribute.0, attribute.1.into()),
                (
                    "endpoint_wo",
                    format!("https://{host}.example.com/s3cret").as_str().into(),
                ),
                ("authorization_wo", "Splunk s3cret".into()),
            ])
        };
        let mut first = of.plan(&State::none(), &config("a")).await;
        first.config = config("b");
        let again = of.plan_again(&State::none(), &first).await;
        assert_eq!(again.planned, first.planned);
        let state = of.apply(&again).await;
        let error = error(&state.diagnostics);
        assert!(error.starts_with("Endpoint changed after the plan"), "{error}");
        let again = of.plan_again(&State::none(), &again).await;
        let state = of
            .apply(&Plan {
                config: config("a"),
                ..again
            })
            .await;
        assert_no_errors(&state.diagnostics);
        assert!(!String::from_utf8_lossy(&state.private).contains("example.com"));
    }
    konnect.end().await;
}

#[tokio::test]
async fn planned_destroy_never_fails() {
    let konnect = Konnect::configured().await;
    let (webhook, destination) = (konnect.webhook(), konnect.destination());
    let state = created(&webhook, &config(&webhook, &[])).await;
    let down = FaultRule::new(Fault::status(500)).always();
    konnect.emulator.inject(down).unwrap();
    konnect.emulator.clear_requests();
    let mut without_private = state.clone();
    without_private.private = b"\xff no JSON".to_vec();
    let no_uuid = destination.shape.object(&[("id", "no-uuid".into())]);
    let no_uuid = State {
        value: no_uuid,
        ..State::none()
    };
    for (of, state) in [
        (&webhook, &state),
        (&webhook, &without_private),
        (&destination, &no_uuid),
    ] {
        let plan = plan_removal(of, state).await;
        assert_eq!(plan.diagnostics, []);
        assert_eq!(of.shape.decode(plan.planned_state.as_ref()), Value::Null);
        assert_eq!(plan.planned_private, state.private);
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}
