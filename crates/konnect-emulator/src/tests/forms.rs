//! Values and responses in other forms than usual, and changes that take effect with a delay.

use std::time::Duration;

use serde_json::json;

use crate::tests::{start, start_with};
use crate::{Behavior, EndpointForm};

const LIST: &str = "/global/v3/audit-log-destinations";
const V2: &str = "/eu/v2/audit-log-webhook";

#[tokio::test]
async fn endpoint_form_applies_to_destinations_and_webhooks() {
    let konnect = start().await;
    let endpoint = "https://siem.example.com:443/in?a=b";
    let body = json!({"name": "a", "endpoint": endpoint, "authorization": "x", "log_format": "cef"});
    let id = konnect.post(LIST, body).await.json()["id"].clone();
    let webhook = json!({"endpoint": endpoint, "authorization": "x"});
    konnect.patch(V2, webhook).await;
    for (endpoint_form, expected) in [
        (EndpointForm::AsSent, endpoint),
        (
            EndpointForm::TrailingSlash,
            "https://siem.example.com:443/in?a=b/",
        ),
        (EndpointForm::UpperCaseHost, "HTTPS://SIEM.EXAMPLE.COM:443/in?a=b"),
        (
            EndpointForm::WithoutDefaultPort,
            "https://siem.example.com/in?a=b",
        ),
    ] {
        konnect.set_behavior(Behavior {
            endpoint_form,
            ..Behavior::default()
        });
        let one = format!("{LIST}/{}", id.as_str().unwrap());
        for path in [one.as_str(), V2] {
            assert_eq!(konnect.read(path).await["endpoint"], expected);
        }
    }
    assert_eq!(
        konnect.read("/us/v2/audit-log-webhook").await["endpoint"],
        "unconfigured"
    );
}

#[tokio::test]
async fn ids_and_names_in_another_form_are_still_known() {
    let konnect = start_with(Behavior {
        upper_case_ids: true,
        decomposed_names: true,
        ..Behavior::default()
    })
    .await;
    let body =
        json!({"name": "\u{e4}", "endpoint": "https://a.example", "authorization": "x", "log_format": "cef"});
    let made = konnect.post(LIST, body).await.json();
    assert_eq!(made["name"], "a\u{308}");
    let id = made["id"].as_str().unwrap();
    assert_eq!(id, id.to_ascii_uppercase());
    konnect.shows(&format!("{LIST}/{id}"), &made).await;
    let webhook = json!({"audit_log_destination_id": id, "enabled": true});
    let v3 = "/eu/v3/audit-log-webhook";
    assert_eq!(konnect.patch(v3, webhook.clone()).await.json(), webhook);
    let portal = konnect.add_portal("eu", "\u{e4}").unwrap().to_ascii_uppercase();
    konnect
        .has(
            &format!("/eu/v3/portals/{portal}"),
            &json!({"id": portal, "name": "a\u{308}"}),
        )
        .await;
}

#[tokio::test]
async fn delete_destination_released_conflicts_during_lag() {
    let emulator = start().await;
    emulator.set_behavior(Behavior {
        in_use_lag_ms: 3_600_000,
        ..Behavior::default()
    });
    let id = emulator.create("global", "a").await;
    let unused = emulator.create("global", "b").await;
    let (webhook, path) = (
        "/eu/v3/audit-log-webhook",
        format!("/global/v3/audit-log-destinations/{id}"),
    );
    let body = json!({"audit_log_destination_id": id, "enabled": true});
    emulator.patch(webhook, body).await.is(200);
    emulator.delete(webhook).await.is(204);
    emulator.delete(&path).await.is(409);
    let other = format!("/global/v3/audit-log-destinations/{unused}");
    emulator.delete(&other).await.is(204);
    emulator.advance_clock(Duration::from_mins(61));
    emulator.delete(&path).await.is(204);
}

#[tokio::test]
async fn patch_webhook_new_global_destination_is_not_found_during_lag() {
    let emulator = start().await;
    emulator.set_behavior(Behavior {
        new_destination_lag_ms: 3_600_000,
        separate_destinations: true,
        ..Behavior::default()
    });
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let paths = [
        "/eu/v3/audit-log-webhook".to_owned(),
        format!("/eu/v3/portals/{portal}/audit-log-webhook"),
    ];
    let global = json!({"audit_log_destination_id": emulator.create("global", "a").await});
    let own = json!({"audit_log_destination_id": emulator.create("eu", "b").await});
    for path in &paths {
        emulator.patch(path, global.clone()).await.is(404);
        emulator.patch(path, own.clone()).await.is(200);
    }
    emulator.advance_clock(Duration::from_mins(61));
    for path in &paths {
        emulator.patch(path, global.clone()).await.is(200);
    }
}
