//! The webhooks of a region, in both versions, and of a Dev Portal.

use serde_json::json;

use crate::Behavior;
use crate::tests::{V2, V3, find, has, start};

const V2_STATUS: &str = "/eu/v2/audit-log-webhook/status";
const V3_STATUS: &str = "/eu/v3/audit-log-webhook/status";

#[tokio::test]
async fn webhook_never_configured_is_unconfigured() {
    let konnect = start().await;
    let unconfigured = json!({"enabled": false, "endpoint": "unconfigured", "log_format": "cef",
        "skip_ssl_verification": false, "updated_at": "0001-01-01T00:00:00Z"});
    let status = json!({"webhook_enabled": false, "webhook_status": "unconfigured"});
    let off = json!({"enabled": false});
    let calls = json!([
        ["GET", V2, null, 200, unconfigured],
        ["GET", V3, null, 404],
        ["GET", V2_STATUS, null, 200, status],
        ["GET", V3_STATUS, null, 200, status],
        ["PATCH", V2, off, 200, unconfigured],
        ["PATCH", V3, off, 200, {"audit_log_destination_id": "", "enabled": false}],
        ["GET", V2, null, 200, unconfigured],
        ["GET", V3, null, 404],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn v2_patch_endpoint_is_kept() {
    let konnect = start().await;
    let url = "https://a.example/";
    let first = konnect.patch(V2, json!({"endpoint": url, "authorization": "Bearer s3cret"}));
    let first = first.await.is(200);
    assert!(find(&first.body, b"s3cret").is_none());
    let first = first.json();
    has(
        &first,
        &json!({"enabled": false, "endpoint": url, "log_format": "cef", "skip_ssl_verification": false}),
    );
    let part = json!({"enabled": true, "log_format": "cps", "skip_ssl_verification": true});
    let calls = json!([
        ["GET", V2, null, 200, first],
        ["GET", V3, null, 200, {"audit_log_destination_id": "", "enabled": false}],
        ["PATCH", V2, part, 200, part],
        ["PATCH", V3, {"enabled": false}, 200, {"audit_log_destination_id": "", "enabled": false}],
        ["GET", V2, null, 200, {"endpoint": url, "enabled": false, "log_format": "cps"}],
    ]);
    konnect.run(calls).await;
    assert!(konnect.read(V2).await["updated_at"].as_str() > first["updated_at"].as_str());
    let stored = &konnect.snapshot()["regions"]["eu"]["webhook"];
    has(
        stored,
        &json!({"form": "endpoint", "authorization": "Bearer s3cret"}),
    );
}

#[tokio::test]
async fn v3_patch_destination_of_any_host_is_accepted() {
    let konnect = start().await;
    for region in ["eu", "global", "us"] {
        let id = json!({"audit_log_destination_id": konnect.create(region, "b").await});
        let calls = json!([
            ["PATCH", V3, id, 200, id],
            ["PATCH", V3, {"enabled": true}, 200, {"enabled": true}],
            ["GET", V3, null, 200, id],
            ["GET", "/us/v3/audit-log-webhook", null, 404],
            ["GET", V2, null, 200, {"endpoint": "https://siem.example.com/in", "log_format": "json", "enabled": true}],
            ["DELETE", V3, null, 204],
        ]);
        konnect.run(calls).await;
    }
    let id = konnect.create("eu", "b").await;
    konnect.set_behavior(Behavior {
        v2_shows_destination: false,
        ..Behavior::default()
    });
    let calls = json!([
        ["PATCH", V3, {"audit_log_destination_id": id, "enabled": true}, 200],
        ["GET", V2, null, 200, {"endpoint": "unconfigured", "enabled": true}],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn patch_other_version_switches_form() {
    let konnect = start().await;
    let (a, b) = (konnect.create("eu", "a").await, konnect.create("eu", "b").await);
    let own = json!({"endpoint": "https://b.example/", "authorization": "x", "enabled": true});
    let calls = json!([
        ["PATCH", V3, {"audit_log_destination_id": a, "enabled": true}, 200],
        // v2 can disable and enable a webhook with a destination, but not set single fields of its delivery.
        ["PATCH", V2, {"enabled": false}, 200],
        ["GET", V3, null, 200, {"audit_log_destination_id": a, "enabled": false}],
        ["PATCH", V2, {"log_format": "cef"}, 400, "endpoint authorization"],
        ["PATCH", V2, own, 200],
        ["GET", V3, null, 200, {"audit_log_destination_id": "", "enabled": true}],
        ["DELETE", format!("/eu/v3/audit-log-destinations/{a}"), null, 204],
        ["PATCH", V3, {"audit_log_destination_id": b}, 200, {"enabled": true}],
        ["GET", V2, null, 200, {"endpoint": "https://siem.example.com/in"}],
    ]);
    konnect.run(calls).await;
    assert!(!konnect.snapshot().to_string().contains("b.example"));
}

#[tokio::test]
async fn v3_delete_repeated_empties_and_disables() {
    let konnect = start().await;
    let id = konnect.create("eu", "a").await;
    let empty = json!({"audit_log_destination_id": "", "enabled": false});
    let calls = json!([
        ["PATCH", V3, {"audit_log_destination_id": id, "enabled": true}, 200],
        ["DELETE", V3, null, 204],
        ["GET", V3, null, 200, empty],
        ["DELETE", V3, null, 204],
        ["GET", V3, null, 200, empty],
        ["GET", V2, null, 200, {"endpoint": "unconfigured"}],
        ["GET", V3_STATUS, null, 200, {"webhook_status": "unconfigured"}],
        ["PATCH", V3, {"enabled": true}, 400, "audit_log_destination_id"],
    ]);
    konnect.run(calls).await;
    let reply = konnect.delete(V2).await.is(405);
    assert_eq!(reply.headers["allow"], "GET, PATCH");
}

#[tokio::test]
async fn portal_webhook_is_separate() {
    let konnect = start().await;
    let portal = konnect.add_portal("eu", "Developers").unwrap();
    let url = format!("/eu/v3/portals/{portal}/audit-log-webhook");
    let status = format!("{url}/status");
    let id = konnect.create("global", "siem").await;
    let destination = format!("/global/v3/audit-log-destinations/{id}");
    let with_name = json!({"audit_log_destination_id": id, "include_principal_name": true});
    let calls = json!([
        ["GET", url, null, 404],
        ["GET", status, null, 200, {"webhook_enabled": false, "webhook_status": "unconfigured"}],
        ["PATCH", url, {"audit_log_destination_id": id, "enabled": true}, 200, {"include_principal_name": false}],
        ["PATCH", url, {"include_principal_name": true}, 200, with_name],
        ["GET", url, null, 200, with_name],
        ["PATCH", V3, with_name, 400, "include_principal_name"],
        ["GET", V3, null, 404],
        ["DELETE", destination, null, 409],
    ]);
    konnect.run(calls).await;
    konnect
        .record_delivery(("eu", &portal), 401, "Unauthorized", None)
        .unwrap();
    let empty = json!({"audit_log_destination_id": "", "enabled": false, "include_principal_name": false});
    let calls = json!([
        ["GET", status, null, 200, {"webhook_status": "inactive", "last_response_code": 401}],
        ["DELETE", url, null, 204],
        ["DELETE", url, null, 204],
        ["GET", url, null, 200, empty],
        ["PATCH", url, {"audit_log_destination_id": id}, 200],
    ]);
    konnect.run(calls).await;
    // A portal releases its destination when it is removed.
    konnect.remove_portal("eu", &portal).unwrap();
    konnect
        .run(json!([
            ["GET", url, null, 404],
            ["DELETE", destination, null, 204]
        ]))
        .await;
    konnect.remove_portal("eu", &portal).unwrap_err();
}
