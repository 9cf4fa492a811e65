//! Values and responses in other forms than usual, and changes that take effect with a delay.

use std::time::Duration;

use serde_json::json;

use crate::tests::{LIST, V2, V3, start, start_with};
use crate::{Behavior, EndpointForm};

#[tokio::test]
async fn endpoint_form_applies_to_destinations_and_webhooks() {
    let konnect = start().await;
    let endpoint = "https://siem.example.com:443/in?a=b";
    let body = json!({"name": "a", "endpoint": endpoint, "authorization": "x", "log_format": "cef"});
    let id = konnect.post(LIST, body).await.json()["id"].clone();
    let one = format!("{LIST}/{}", id.as_str().unwrap());
    konnect
        .patch(V2, json!({"endpoint": endpoint, "authorization": "x"}))
        .await
        .is(200);
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
        let calls = json!([
            ["GET", one, null, 200, {"endpoint": expected}],
            ["GET", V2, null, 200, {"endpoint": expected}],
            ["GET", "/us/v2/audit-log-webhook", null, 200, {"endpoint": "unconfigured"}],
        ]);
        konnect.run(calls).await;
    }
}

#[tokio::test]
async fn ids_and_names_in_another_form_are_still_known() {
    let konnect = start_with(Behavior {
        upper_case_ids: true,
        decomposed_names: true,
        ..Behavior::default()
    })
    .await;
    let id = konnect.create("global", "\u{e4}").await;
    assert_eq!(id, id.to_ascii_uppercase());
    let portal = konnect.add_portal("eu", "\u{e4}").unwrap().to_ascii_uppercase();
    let webhook = json!({"audit_log_destination_id": id, "enabled": true});
    let calls = json!([
        ["GET", format!("{LIST}/{id}"), null, 200, {"id": id, "name": "a\u{308}"}],
        ["PATCH", V3, webhook, 200, webhook],
        ["GET", format!("/eu/v3/portals/{portal}"), null, 200, {"id": portal, "name": "a\u{308}"}],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn ignore_null_treats_a_field_as_absent() {
    let konnect = start().await;
    let body = json!({"endpoint": "https://a.example", "authorization": "x", "log_format": null});
    konnect.run(json!([["PATCH", V2, body, 400]])).await;
    konnect.set_behavior(Behavior {
        ignore_null: true,
        ..Behavior::default()
    });
    konnect
        .run(json!([["PATCH", V2, body, 200, {"log_format": "cef"}]]))
        .await;
}

#[tokio::test]
async fn delete_destination_released_conflicts_during_lag() {
    let konnect = start_with(Behavior {
        in_use_lag_ms: 3_600_000,
        ..Behavior::default()
    })
    .await;
    let id = konnect.create("global", "a").await;
    let unused = konnect.create("global", "b").await;
    let path = format!("{LIST}/{id}");
    let calls = json!([
        ["PATCH", V3, {"audit_log_destination_id": id, "enabled": true}, 200],
        ["DELETE", V3, null, 204],
        ["DELETE", path, null, 409],
        ["DELETE", format!("{LIST}/{unused}"), null, 204],
    ]);
    konnect.run(calls).await;
    konnect.advance_clock(Duration::from_mins(61));
    konnect.delete(&path).await.is(204);
}

#[tokio::test]
async fn patch_webhook_new_global_destination_is_not_found_during_lag() {
    let konnect = start_with(Behavior {
        new_destination_lag_ms: 3_600_000,
        separate_destinations: true,
        ..Behavior::default()
    })
    .await;
    let portal = konnect.add_portal("eu", "Developers").unwrap();
    let portal = format!("/eu/v3/portals/{portal}/audit-log-webhook");
    let global = json!({"audit_log_destination_id": konnect.create("global", "a").await});
    let own = json!({"audit_log_destination_id": konnect.create("eu", "b").await});
    for status in [404, 200] {
        let calls = json!([
            ["PATCH", V3, global, status],
            ["PATCH", V3, own, 200],
            ["PATCH", portal, global, status],
            ["PATCH", portal, own, 200],
        ]);
        konnect.run(calls).await;
        konnect.advance_clock(Duration::from_mins(61));
    }
}
