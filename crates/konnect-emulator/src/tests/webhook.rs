//! The webhook of a region in both versions.

use serde_json::{Value, json};

use crate::Behavior;
use crate::tests::{find, has, start};

const V2: &str = "/eu/v2/audit-log-webhook";
const V3: &str = "/eu/v3/audit-log-webhook";
const NEVER: &str = "0001-01-01T00:00:00Z";

/// A webhook of the v3 form.
fn with_destination(id: &str, enabled: bool) -> Value {
    json!({"audit_log_destination_id": id, "enabled": enabled})
}

#[tokio::test]
async fn webhook_never_configured_is_unconfigured() {
    let konnect = start().await;
    let unconfigured = json!({"enabled": false, "endpoint": "unconfigured", "log_format": "cef",
        "skip_ssl_verification": false, "updated_at": NEVER});
    let status = json!({"webhook_enabled": false, "webhook_status": "unconfigured"});
    konnect.shows(V2, &unconfigured).await;
    konnect.get(V3).await.problem(404);
    for path in [V2, V3] {
        konnect.shows(&format!("{path}/status"), &status).await;
    }
    let off = json!({"enabled": false});
    let reply = konnect.patch(V2, off.clone()).await;
    assert_eq!(reply.is(200).json(), unconfigured.clone());
    let reply = konnect.patch(V3, off).await;
    assert_eq!(reply.is(200).json(), with_destination("", false));
    konnect.shows(V2, &unconfigured).await;
    konnect.get(V3).await.problem(404);
}

#[tokio::test]
async fn v2_patch_endpoint_is_kept() {
    let konnect = start().await;
    let whole = json!({"endpoint": "https://a.example/", "authorization": "Bearer s3cret"});
    let reply = konnect.patch(V2, whole).await;
    assert_eq!(reply.status, 200);
    assert!(find(&reply.body, b"s3cret").is_none());
    let shown = reply.json();
    let first_update = shown["updated_at"].as_str().unwrap().to_owned();
    assert_eq!(
        shown,
        json!({"enabled": false, "endpoint": "https://a.example/", "log_format": "cef",
            "skip_ssl_verification": false, "updated_at": first_update})
    );
    konnect.shows(V2, &shown).await;
    konnect.shows(V3, &with_destination("", false)).await;

    let part = json!({"enabled": true, "log_format": "cps", "skip_ssl_verification": true});
    let shown = konnect.patch(V2, part).await.json();
    has(
        &shown,
        &json!({"enabled": true, "log_format": "cps", "endpoint": "https://a.example/", "skip_ssl_verification": true}),
    );
    assert!(shown["updated_at"].as_str().unwrap() > first_update.as_str());
    let stored = &konnect.snapshot()["regions"]["eu"]["webhook"];
    has(
        stored,
        &json!({"form": "endpoint", "authorization": "Bearer s3cret"}),
    );
    let off = konnect.patch(V3, json!({"enabled": false})).await;
    assert_eq!(off.json(), with_destination("", false));
    assert_eq!(konnect.read(V2).await["endpoint"], "https://a.example/");
}

#[tokio::test]
async fn v3_patch_destination_of_any_host_is_accepted() {
    let konnect = start().await;
    let body = |id: &str| json!({"audit_log_destination_id": id});
    for region in ["eu", "global", "us"] {
        let id = konnect.create(region, "b").await;
        let reply = konnect.patch(V3, body(&id)).await;
        let shown = reply.is(200).json();
        assert_eq!(shown, with_destination(&id, false));
        konnect.shows(V3, &shown).await;
    }
    let on = konnect.patch(V3, json!({"enabled": true})).await.json();
    assert_eq!(on["enabled"], true);
    konnect.shows(V3, &on).await;
    konnect.get("/us/v3/audit-log-webhook").await.problem(404);

    konnect
        .has(
            V2,
            &json!({"endpoint": "https://siem.example.com/in", "log_format": "json", "enabled": true}),
        )
        .await;
    konnect.set_behavior(Behavior {
        v2_shows_destination: false,
        ..Behavior::default()
    });
    konnect
        .has(V2, &json!({"endpoint": "unconfigured", "enabled": true}))
        .await;
}

#[tokio::test]
async fn patch_other_version_switches_form() {
    let konnect = start().await;
    let id = konnect.create("eu", "a").await;
    konnect.patch(V3, with_destination(&id, true)).await;

    // v2 can disable and enable a webhook with a destination, but not set single fields of its delivery.
    konnect.patch(V2, json!({"enabled": false})).await.is(200);
    konnect.shows(V3, &with_destination(&id, false)).await;
    let reply = konnect.patch(V2, json!({"log_format": "cef"})).await;
    assert_eq!(reply.faulty_fields(), ["endpoint", "authorization"]);

    let own = json!({"endpoint": "https://b.example/", "authorization": "x", "enabled": true});
    konnect.patch(V2, own).await.is(200);
    konnect.shows(V3, &with_destination("", true)).await;
    let list = format!("/eu/v3/audit-log-destinations/{id}");
    konnect.delete(&list).await.is(204);

    let id = konnect.create("eu", "b").await;
    let reply = konnect.patch(V3, json!({"audit_log_destination_id": id})).await;
    assert_eq!(reply.json(), with_destination(&id, true));
    assert_eq!(konnect.read(V2).await["endpoint"], "https://siem.example.com/in");
    assert!(!konnect.snapshot().to_string().contains("b.example"));
}

#[tokio::test]
async fn v3_delete_repeated_empties_and_disables() {
    let konnect = start().await;
    let id = konnect.create("eu", "a").await;
    konnect.patch(V3, with_destination(&id, true)).await;
    for _ in 0..2 {
        konnect.delete(V3).await.is(204);
        konnect.shows(V3, &with_destination("", false)).await;
    }
    assert_eq!(konnect.read(V2).await["endpoint"], "unconfigured");
    assert_eq!(
        konnect.read(&format!("{V3}/status")).await["webhook_status"],
        "unconfigured"
    );
    let on = konnect.patch(V3, json!({"enabled": true})).await;
    assert_eq!(on.faulty_fields(), ["audit_log_destination_id"]);
    let reply = konnect.delete(V2).await;
    reply.problem(405);
    assert_eq!(reply.headers["allow"], "GET, PATCH");
}
