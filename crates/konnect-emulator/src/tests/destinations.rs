//! The destination calls.

use serde_json::json;

use crate::Behavior;
use crate::tests::{LIST, find, has, new_destination, start, start_with};

#[tokio::test]
async fn destination_create_to_delete_each_call_succeeds() {
    let konnect = start().await;
    for version in ["v2", "v3"] {
        let list = format!("/global/{version}/audit-log-destinations");
        let created = konnect.post(&list, new_destination("one")).await.is(201);
        assert_eq!(created.headers["content-type"], "application/json");
        assert!(created.headers["date"].ends_with(" GMT"));
        let shown = created.json();
        let created_at = shown["created_at"].as_str().unwrap();
        let time = (created_at.len(), &created_at[19..20], &created_at[23..]);
        assert_eq!(time, (24, ".", "Z"));
        has(
            &shown,
            &json!({
                "name": "one", "endpoint": "https://siem.example.com/in", "log_format": "json",
                "skip_ssl_verification": false, "updated_at": "0001-01-01T00:00:00Z",
            }),
        );

        let one = format!("{list}/{}", shown["id"].as_str().unwrap());
        konnect.shows(&one, &shown).await;
        let mut updates = vec![created_at.to_owned()];
        let mut expected = shown.clone();
        for (field, value) in [("name", json!("two")), ("skip_ssl_verification", json!(true))] {
            let patched = konnect.patch(&one, json!({field: value})).await.is(200).json();
            updates.push(patched["updated_at"].as_str().unwrap().to_owned());
            expected[field] = value;
            expected["updated_at"] = patched["updated_at"].clone();
            assert_eq!(patched, expected);
        }
        assert!(
            updates.is_sorted_by(|earlier, later| earlier < later),
            "{updates:?}"
        );
        let calls = json!([
            ["DELETE", one, null, 204],
            ["GET", one, null, 404],
            ["DELETE", one, null, 404],
            ["PATCH", one, {"name": "x"}, 404],
        ]);
        konnect.run(calls).await;
    }
}

#[tokio::test]
async fn destination_authorization_is_never_returned() {
    let konnect = start().await;
    let created = konnect.post(LIST, new_destination("a")).await;
    let id = created.json()["id"].as_str().unwrap().to_owned();
    let one = format!("{LIST}/{id}");
    let authorization = "Bearer s3cret-2";
    let patched = konnect.patch(&one, json!({"authorization": authorization})).await;
    for reply in [created, patched, konnect.get(&one).await, konnect.get(LIST).await] {
        assert!(find(&reply.body, b"authorization").is_none() && find(&reply.body, b"s3cret").is_none());
    }
    let stored = &konnect.snapshot()["regions"]["global"]["destinations"][&id];
    assert_eq!(stored["authorization"], authorization);
}

#[tokio::test]
async fn destination_any_host_shows_changes_and_deletes_it() {
    let konnect = start().await;
    for (creator, other) in [("global", "eu"), ("eu", "global"), ("us", "me")] {
        let id = konnect.create(creator, "a").await;
        let path = format!("/{other}/v2/audit-log-destinations/{id}");
        let renamed = konnect.patch(&path, json!({"name": "b"})).await.json();
        let stored = konnect.snapshot()["regions"]["global"]["destinations"][&id].clone();
        assert_eq!(stored["name"], "b");
        let url = format!("/{other}/v3/audit-log-webhook");
        let calls = json!([
            ["GET", format!("/{creator}/v3/audit-log-destinations"), null, 200, {"data": [renamed]}],
            ["PATCH", url, {"audit_log_destination_id": id, "enabled": false}, 200],
            ["DELETE", path, null, 409],
            ["DELETE", url, null, 204],
            ["DELETE", path, null, 204],
        ]);
        konnect.run(calls).await;
    }
}

#[tokio::test]
async fn separate_destinations_other_host_does_not_find_them() {
    let konnect = start_with(Behavior {
        separate_destinations: true,
        ..Behavior::default()
    })
    .await;
    let id = konnect.create("eu", "a").await;
    let global = konnect.create("global", "b").await;
    let unprefixed = konnect.post("/v3/audit-log-destinations", new_destination("a"));
    let us = unprefixed.await.json();
    let us_id = us["id"].as_str().unwrap();
    let webhook = "/us/v3/audit-log-webhook";
    let calls = json!([
        ["GET", format!("/eu/v2/audit-log-destinations/{id}"), null, 200],
        ["GET", format!("/v3/audit-log-destinations/{id}"), null, 404],
        ["GET", format!("/us/v3/audit-log-destinations/{id}"), null, 404],
        ["GET", format!("/global/v3/audit-log-destinations/{id}"), null, 404],
        ["GET", format!("/mars/v3/audit-log-destinations/{id}"), null, 404],
        // Only those of `global` can be used everywhere.
        ["PATCH", webhook, {"audit_log_destination_id": id}, 404],
        ["PATCH", webhook, {"audit_log_destination_id": global}, 200],
        ["GET", format!("/us/v3/audit-log-destinations/{us_id}"), null, 200, us],
    ]);
    konnect.run(calls).await;
}
