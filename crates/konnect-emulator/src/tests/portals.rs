//! Portals and their webhooks.

use serde_json::json;

use crate::tests::start;

fn path(portal: &str) -> String {
    format!("/eu/v3/portals/{portal}/audit-log-webhook")
}

#[tokio::test]
async fn portal_is_read_as_it_is_listed() {
    let emulator = start().await;
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let listed = emulator.read("/eu/v3/portals").await;
    let url = format!("/eu/v3/portals/{}", portal.to_ascii_uppercase());
    emulator.shows(&url, &listed["data"][0]).await;
    emulator.get(&url.replace("eu", "us")).await.problem(404);
}

#[tokio::test]
async fn webhook_patch_get_and_delete_follow_each_other() {
    let emulator = start().await;
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let url = path(&portal);
    emulator.get(&url).await.problem(404);
    emulator
        .shows(
            &format!("{url}/status"),
            &json!({"webhook_enabled": false, "webhook_status": "unconfigured"}),
        )
        .await;
    let id = emulator.create("global", "siem").await;
    let body = json!({"audit_log_destination_id": id, "enabled": true});
    let patched = emulator.patch(&url, body.clone()).await;
    let mut shown = body.clone();
    shown["include_principal_name"] = json!(false);
    assert_eq!(patched.is(200).json(), shown.clone());
    let reply = emulator
        .patch(&url, json!({"include_principal_name": true}))
        .await;
    shown["include_principal_name"] = json!(true);
    assert_eq!(reply.json(), shown);
    emulator.shows(&url, &shown).await;
    let region = json!({"audit_log_destination_id": id, "include_principal_name": true});
    let refused = emulator.patch("/eu/v3/audit-log-webhook", region).await;
    assert_eq!(refused.faulty_fields(), ["include_principal_name"]);
    emulator
        .record_delivery(("eu", &portal), 401, "Unauthorized", None)
        .unwrap();
    emulator
        .has(
            &format!("{url}/status"),
            &json!({"webhook_status": "inactive", "last_response_code": 401}),
        )
        .await;
    // The webhook of the region is separate.
    emulator.get("/eu/v3/audit-log-webhook").await.problem(404);
    let destination = format!("/global/v3/audit-log-destinations/{id}");
    emulator.delete(&destination).await.is(409);

    for _ in 0..2 {
        emulator.delete(&url).await.is(204);
    }
    emulator
        .shows(
            &url,
            &json!({"audit_log_destination_id": "", "enabled": false, "include_principal_name": false}),
        )
        .await;
    emulator.delete(&destination).await.is(204);
}

#[tokio::test]
async fn remove_portal_releases_its_destination() {
    let emulator = start().await;
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let id = emulator.create("eu", "siem").await;
    let body = json!({"audit_log_destination_id": id, "enabled": true});
    emulator.patch(&path(&portal), body).await.is(200);
    emulator.remove_portal("eu", &portal).unwrap();
    emulator.get(&path(&portal)).await.problem(404);
    let destination = format!("/eu/v3/audit-log-destinations/{id}");
    emulator.delete(&destination).await.is(204);
    assert!(emulator.remove_portal("eu", &portal).is_err());
}
