//! Portals and their webhooks.

use serde_json::json;

use crate::tests::{Reply, start};

fn path(portal: &str) -> String {
    format!("/eu/v3/portals/{portal}/audit-log-webhook")
}

fn names(reply: &Reply) -> Vec<String> {
    let data = reply.json()["data"].as_array().unwrap().clone();
    data.iter()
        .map(|portal| portal["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn list_numbered_pages_hold_all_in_order() {
    let emulator = start().await;
    for number in 1..=25 {
        emulator.add_portal("eu", &format!("portal {number}")).unwrap();
    }
    emulator.add_portal("us", "elsewhere").unwrap();
    let first = emulator.get("/eu/v3/portals").await;
    assert_eq!(
        (names(&first).len(), names(&first)[9].as_str()),
        (10, "portal 10")
    );
    assert_eq!(
        first.json()["meta"],
        json!({"page": {"number": 1, "size": 10, "total": 25}})
    );
    let last = emulator.get("/eu/v3/portals?page[size]=10&page[number]=3").await;
    assert_eq!(
        names(&last),
        ["portal 21", "portal 22", "portal 23", "portal 24", "portal 25"]
    );
    let beyond = emulator.get("/eu/v3/portals?page%5Bnumber%5D=4").await;
    assert!(names(&beyond).is_empty());
    let filtered = emulator
        .get("/eu/v3/portals?filter[name][contains]=portal%202")
        .await;
    assert_eq!(
        (names(&filtered).len(), &filtered.json()["meta"]["page"]["total"]),
        (7, &json!(7))
    );
    let one = emulator.get("/eu/v3/portals?filter[name][eq]=portal+2").await;
    assert_eq!(names(&one), ["portal 2"]);
    for (query, field) in [
        ("page[size]=0&page[size]=x", "page[size]"),
        ("page[number]=x", "page[number]"),
        ("filter[colour]=red", "filter[colour]"),
    ] {
        let reply = emulator.get(&format!("/eu/v3/portals?{query}")).await;
        assert_eq!(reply.faulty_fields(), [field]);
    }
    // `global` has no portals.
    emulator.get("/global/v3/portals").await.problem(404);
    let portal = emulator.add_portal("eu", "last").unwrap();
    let listed = emulator.read("/eu/v3/portals?filter[name][eq]=last").await;
    let url = format!("/eu/v3/portals/{}", portal.to_ascii_uppercase());
    emulator.shows(&url, &listed["data"][0]).await;
    emulator
        .get(&format!("/us/v3/portals/{portal}"))
        .await
        .problem(404);
    emulator.get("/eu/v2/portals").await.problem(404);
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
