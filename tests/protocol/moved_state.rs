//! States of Kong's provider: `moved` blocks, and `state replace-provider`.

use serde_json::{Value as Json, json};
use terraform_plugin::Value;
use terraform_plugin::testing::stored;
use terraform_plugin::testing::terraform::{Resource, State};
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{DESTINATION, Konnect};

/// The registries of Kong's provider.
const KONG_TYPE: [&str; 3] = [
    "registry.terraform.io/kong/konnect",
    "registry.opentofu.org/kong/konnect",
    "mirror.example.com/kong/konnect",
];
const KONG: &str = KONG_TYPE[0];
const ENDPOINT: &str = "https://siem.example.com/collector";
const SECRET: &str = "Splunk s3cret";

/// Configures the webhook of a region as Kong's provider does, and returns its state. Versions store different further
/// attributes.
fn kongs_webhook(konnect: &Konnect, region: &str) -> Json {
    let webhook = json!({
        "enabled": true, "endpoint": ENDPOINT, "authorization": SECRET, "log_format": "json",
        "skip_ssl_verification": true,
    });
    let there = konnect.emulator.edit_webhook(region, webhook.clone()).unwrap();
    let mut state = webhook;
    state["updated_at"] = there["updated_at"].clone();
    state
}

/// Creates a destination as Kong's provider does, and returns its state.
async fn kongs_destination(konnect: &Konnect, region: &str) -> Json {
    let resource = konnect.destination();
    let config = resource.shape.object(&[
        ("region", region.into()),
        ("name", "siem".into()),
        ("endpoint", ENDPOINT.into()),
        ("authorization", SECRET.into()),
        ("log_format", "cps".into()),
    ]);
    let state = resource
        .apply(&resource.plan(&State::none(), &config).await)
        .await;
    assert_no_errors(&state.diagnostics);
    konnect.emulator.clear_requests();
    let text = |name: &str| state.value.get(name).as_str().unwrap().to_owned();
    json!({
        "id": text("id"), "name": "siem", "endpoint": ENDPOINT, "authorization": SECRET, "log_format": "cps",
        "skip_ssl_verification": false, "created_at": text("created_at"), "updated_at": "0001-01-01T00:00:0Z",
    })
}

fn webhook_config(of: &Resource, region: &str, authorization: &str) -> Value {
    of.shape.object(&[
        ("region", region.into()),
        ("endpoint", ENDPOINT.into()),
        (authorization, SECRET.into()),
        ("log_format", "json".into()),
        ("skip_ssl_verification", true.into()),
    ])
}

fn destination_config(of: &Resource, authorization: &str) -> Value {
    of.shape.object(&[
        ("name", "siem".into()),
        ("endpoint", ENDPOINT.into()),
        (authorization, SECRET.into()),
        ("log_format", "cps".into()),
    ])
}

/// Asserts that a moved state leads to an empty plan, with reads only.
async fn assert_converges(
    konnect: &Konnect,
    of: &Resource,
    moved: &State,
    config: &Value,
    region: &str,
) -> State {
    assert_no_errors(&moved.diagnostics);
    assert_eq!(moved.value.get("region"), &Value::Null);
    assert_eq!(moved.identity, None, "it has none as long as the region is open");
    assert_eq!(
        konnect.requests(),
        0,
        "a move is made before the provider is configured"
    );

    let read = of.read(moved).await;
    assert_no_errors(&read.diagnostics);
    assert_eq!(read.value, moved.value);
    assert_eq!(konnect.requests(), 0, "nobody knows yet which region to ask");

    let plan = of.plan(&read, config).await;
    assert_no_errors(&plan.diagnostics);
    assert!(
        plan.requires_replace.is_empty(),
        "the region is learnt, not changed"
    );
    assert_eq!(plan.planned.get("region"), &region.into());
    assert_eq!(
        plan.identity.as_ref().map(|i| i.get("region").clone()),
        Some(region.into())
    );
    assert_eq!(konnect.requests(), 0);

    let state = of.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    assert_eq!(konnect.methods(), ["GET"], "nothing is changed");
    let read = of.read(&state).await;
    assert_no_errors(&read.diagnostics);
    assert_eq!(read.value, state.value);
    let again = of.plan(&read, config).await;
    assert_eq!(again.planned, read.value);
    assert!(again.requires_replace.is_empty() && again.diagnostics.is_empty());
    read
}

#[tokio::test]
async fn server_capabilities_include_move_resource_state() {
    let konnect = Konnect::start().await;
    let capabilities = konnect.schema.server_capabilities.unwrap();
    assert!(capabilities.move_resource_state);
    konnect.end().await;
}

#[tokio::test]
async fn move_kong_webhook_from_any_registry_sends_no_write() {
    let konnect = Konnect::configured().await;
    let webhook = konnect.webhook();
    let state = kongs_webhook(&konnect, "au");
    for kong in KONG_TYPE {
        let moved = webhook.move_state(kong, "konnect_audit_log", &state).await;
        let config = webhook_config(&webhook, "au", "authorization");
        assert_converges(&konnect, &webhook, &moved, &config, "au").await;
        konnect.emulator.clear_requests();
    }
    konnect.end().await;
}

#[tokio::test]
async fn move_kong_destination_from_any_registry_sends_no_write() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let state = kongs_destination(&konnect, "global").await;
    for kong in KONG_TYPE {
        let moved = destination.move_state(kong, DESTINATION, &state).await;
        let config = destination_config(&destination, "authorization");
        assert_converges(&konnect, &destination, &moved, &config, "global").await;
        konnect.emulator.clear_requests();
    }
    konnect.end().await;
}

/// After `state replace-provider`, Terraform upgrades Kong's state with this provider.
#[tokio::test]
async fn upgrade_kong_destination_state_sends_no_write() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let mut state = kongs_destination(&konnect, "eu").await;
    state["added_later"] = json!({"by": ["Kong"]});
    let upgraded = destination.upgrade(0, stored(&state)).await;
    assert_no_errors(&upgraded.diagnostics);
    let found = State {
        value: destination.shape.decode(upgraded.upgraded_state.as_ref()),
        ..State::none()
    };
    let mut config = destination_config(&destination, "authorization");
    config.set("region", "eu".into());
    // The first refresh sets the attributes that Kong's provider does not have.
    let read = destination.read(&found).await;
    assert_no_errors(&read.diagnostics);
    assert_converges(&konnect, &destination, &read, &config, "eu").await;
    konnect.end().await;
}

/// A change to the write-only argument with the move is an update in place, which removes the secret from the state.
#[tokio::test]
async fn move_to_write_only_removes_secret_from_state() {
    let konnect = Konnect::configured().await;
    let (webhook, destination) = (konnect.webhook(), konnect.destination());
    let webhooks = kongs_webhook(&konnect, "eu");
    let destinations = kongs_destination(&konnect, "global").await;
    for (resource, type_name, state, config) in [
        (
            &webhook,
            "konnect_audit_log",
            &webhooks,
            webhook_config(&webhook, "eu", "authorization_wo"),
        ),
        (
            &destination,
            DESTINATION,
            &destinations,
            destination_config(&destination, "authorization_wo"),
        ),
    ] {
        let moved = resource.move_state(KONG, type_name, state).await;
        let plan = resource.plan(&resource.read(&moved).await, &config).await;
        assert_no_errors(&plan.diagnostics);
        assert!(plan.requires_replace.is_empty());
        let state = resource.apply(&plan).await;
        assert_no_errors(&state.diagnostics);
        assert_eq!(konnect.methods(), ["PATCH"]);
        assert_eq!(state.value.get("authorization"), &Value::Null);
        let private = String::from_utf8(state.private.clone()).unwrap();
        assert!(!private.contains("s3cret"));
        let read = resource.read(&state).await;
        assert_eq!(resource.plan(&read, &config).await.planned, read.value);
        konnect.emulator.clear_requests();
    }
    konnect.end().await;
}

/// Versions of Kong's provider differ: missing and additional attributes are accepted.
#[tokio::test]
async fn move_with_missing_or_extra_attributes_succeeds() {
    let konnect = Konnect::configured().await;
    let (webhook, destination) = (konnect.webhook(), konnect.destination());
    let mut more = kongs_webhook(&konnect, "eu");
    more["status"] = json!({"last_attempt_at": null});
    more["id"] = json!("x");
    let fewer = json!({"enabled": true, "endpoint": ENDPOINT});
    for state in [&more, &fewer] {
        let moved = webhook.move_state(KONG, "konnect_audit_log", state).await;
        let config = webhook_config(&webhook, "eu", "authorization");
        ends_empty(&webhook, &moved, &config).await;
    }
    let mut more = kongs_destination(&konnect, "global").await;
    more["labels"] = json!([1]);
    let fewer = json!({"id": more["id"], "skip_ssl_verification": null, "name": ""});
    for state in [&more, &fewer] {
        let moved = destination.move_state(KONG, DESTINATION, state).await;
        let config = destination_config(&destination, "authorization");
        ends_empty(&destination, &moved, &config).await;
    }
    konnect.end().await;
}

async fn ends_empty(of: &Resource, moved: &State, config: &Value) {
    assert_no_errors(&moved.diagnostics);
    let plan = of.plan(&of.read(moved).await, config).await;
    assert_no_errors(&plan.diagnostics);
    assert!(plan.requires_replace.is_empty());
    let state = of.apply(&plan).await;
    assert_no_errors(&state.diagnostics);
    let read = of.read(&state).await;
    let again = of.plan(&read, config).await;
    assert_eq!(again.planned, read.value);
}

#[tokio::test]
async fn move_from_unsupported_source_errors_with_supported_one() {
    let konnect = Konnect::start().await;
    let state = json!({"id": "11111111-2222-4333-8444-555555555555", "endpoint": ENDPOINT});
    for (resource, provider, type_name) in [
        (
            konnect.webhook(),
            "registry.terraform.io/evil/konnect",
            "konnect_audit_log",
        ),
        (
            konnect.webhook(),
            "registry.terraform.io/kong/konnect-beta",
            "konnect_audit_log",
        ),
        (konnect.webhook(), KONG, "konnect_gateway_control_plane"),
        (konnect.webhook(), KONG, DESTINATION),
        (konnect.destination(), KONG, "konnect_audit_log"),
        (
            konnect.destination(),
            "registry.terraform.io/hashicorp/null",
            "null_resource",
        ),
        (konnect.destination(), "", ""),
    ] {
        let refused = resource.move_state(provider, type_name, &state).await;
        let said = error(&refused.diagnostics);
        let taken = if resource.type_name == DESTINATION {
            "konnect_audit_log_destination of kong/konnect"
        } else {
            "konnect_audit_log of kong/konnect"
        };
        assert!(said.contains(taken) && said.contains(provider), "{said}");
        assert_eq!((refused.value, refused.identity), (Value::Null, None));
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn move_invalid_state_errors_without_value() {
    let konnect = Konnect::start().await;
    for state in [
        json!({}),
        json!(null),
        json!(["s3cret"]),
        json!("s3cret"),
        json!({"endpoint": "unconfigured", "id": "s3cret", "authorization": "s3cret"}),
        json!({"endpoint": {"s3cret": 1}, "id": 7}),
    ] {
        for (resource, type_name) in [
            (konnect.webhook(), "konnect_audit_log"),
            (konnect.destination(), DESTINATION),
        ] {
            let refused = resource.move_state(KONG, type_name, &state).await;
            let said = error(&refused.diagnostics);
            assert!(!said.contains("s3cret"), "{said}");
            assert_eq!(refused.value, Value::Null);
        }
    }
    konnect.end().await;
}
