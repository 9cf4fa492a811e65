//! States of Kong's providers, in forms and orders of calls that a CLI does not produce. `tests/terraform/migration.rs`
//! migrates with `moved` blocks.

use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{DESTINATION, Konnect};

const KONG: &str = "registry.terraform.io/kong/konnect";
const ENDPOINT: &str = "https://siem.example.com/collector";
const PORTAL_WEBHOOK: &str = "konnect_portal_audit_log_webhook";
const ID: &str = "11111111-2222-4333-8444-555555555555";

/// A move is made before the provider is configured, and from any registry or mirror.
#[tokio::test]
async fn move_from_any_registry_sends_no_request() {
    let konnect = Konnect::start().await;
    let (webhook, destination) = (konnect.webhook(), konnect.destination());
    let region = json!({"endpoint": ENDPOINT, "enabled": true, "added_later": {"by": ["Kong"]}});
    let portal =
        json!({"portal_id": ID, "audit_log_destination_id": ID, "enabled": true, "added_later": [1]});
    let of_destination = json!({"id": ID, "name": "", "skip_ssl_verification": null, "labels": [1]});
    for host in [
        "registry.terraform.io",
        "registry.opentofu.org",
        "mirror.example.com",
    ] {
        for (resource, provider, type_name, state) in [
            (&webhook, "kong/konnect", "konnect_audit_log", &region),
            (&webhook, "kong/konnect", PORTAL_WEBHOOK, &portal),
            (&webhook, "kong/konnect-beta", PORTAL_WEBHOOK, &portal),
            (&destination, "kong/konnect", DESTINATION, &of_destination),
        ] {
            let moved = resource
                .move_state(&format!("{host}/{provider}"), type_name, state)
                .await;
            assert_no_errors(&moved.diagnostics);
            assert_eq!(moved.private, b"", "no record of a target");
            if type_name != DESTINATION {
                assert_eq!(moved.value.get("region"), &Value::Null);
                assert_eq!(moved.identity, None, "as long as the region is open");
            }
        }
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

/// The state of a moved webhook has no region, and a guess could remove another one.
#[tokio::test]
async fn destroy_of_a_moved_webhook_without_a_region_removes_nothing() {
    let konnect = Konnect::configured().await;
    let webhook = konnect.webhook();
    let state = json!({"endpoint": ENDPOINT, "enabled": true});
    let moved = webhook.move_state(KONG, "konnect_audit_log", &state).await;
    let read = webhook.read(&moved).await;
    assert_eq!(read.value, moved.value);
    let removed = webhook.apply(&read.removal()).await;
    assert_no_errors(&removed.diagnostics);
    assert_eq!(removed.diagnostics[0].summary, "Webhook was left in place");
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn move_from_unsupported_source_errors_with_supported_one() {
    let konnect = Konnect::start().await;
    let state = json!({"id": ID, "endpoint": ENDPOINT});
    for (resource, provider, type_name) in [
        (
            konnect.webhook(),
            "registry.terraform.io/evil/konnect",
            "konnect_audit_log",
        ),
        (konnect.webhook(), KONG, "konnect_gateway_control_plane"),
        (konnect.webhook(), KONG, DESTINATION),
        (
            konnect.webhook(),
            "registry.terraform.io/kong/konnect-gamma",
            PORTAL_WEBHOOK,
        ),
        (
            konnect.webhook(),
            "evil/registry.terraform.io/kong/konnect",
            "konnect_audit_log",
        ),
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
