//! Invalid request bodies.

use serde_json::json;

use crate::tests::replay_job::window;
use crate::tests::{JOB, LIST, TOKEN, V2, V3, new_destination, start};

#[tokio::test]
async fn invalid_fields_are_all_named_and_change_nothing() {
    let konnect = start().await;
    let one = format!("{LIST}/{}", konnect.create("global", "a").await);
    let now = window(0, 0)["end_at"].clone();
    let week = 7 * 24 * 60 * 60;
    let url = "https://a.example/";
    let before = konnect.snapshot();
    let calls = json!([
        ["POST", LIST, {}, 400, "name endpoint authorization log_format"],
        ["PATCH", one, {"log_format": "cps", "name": ""}, 400, "name"],
        ["PATCH", one, {"log_format": "cps", "endpoint": "nonsense"}, 400, "endpoint"],
        ["PATCH", one, {"log_format": "cps", "created_at": "x"}, 400, "created_at"],
        ["PATCH", one, {"log_format": "cps", "authorization": "\t"}, 400, "authorization"],
        ["PATCH", V2, {}, 400, "endpoint authorization"],
        ["PATCH", V2, {"enabled": true}, 400, "endpoint authorization"],
        ["PATCH", V2, {"endpoint": url}, 400, "authorization"],
        ["PATCH", V2, {"authorization": "x", "enabled": false}, 400, "endpoint"],
        ["PATCH", V2, {"endpoint": "unconfigured", "authorization": "x"}, 400, "endpoint"],
        ["PATCH", V2, {"enabled": null, "log_format": "xml", "x": 1}, 400, "enabled endpoint authorization log_format x"],
        ["PATCH", V2, {"enabled": false, "audit_log_destination_id": "x"}, 400, "audit_log_destination_id"],
        ["PATCH", V3, {"enabled": true}, 400, "audit_log_destination_id"],
        ["PATCH", V3, {"audit_log_destination_id": null, "enabled": "yes", "endpoint": url}, 400, "enabled audit_log_destination_id endpoint"],
        ["PUT", JOB, {}, 400, "start_at end_at"],
        ["PUT", JOB, {"start_at": now}, 400, "end_at"],
        ["PUT", JOB, {"start_at": "yesterday", "end_at": now}, 400, "start_at"],
        ["PUT", JOB, {"start_at": 1, "end_at": now}, 400, "start_at"],
        ["PUT", JOB, {"start_at": now, "end_at": now, "status": "accepted"}, 400, "status"],
        ["PUT", JOB, window(week + 60, 0), 400, "start_at"],
        ["PUT", JOB, window(60, -60), 400, "end_at"],
        ["PUT", JOB, window(0, 60), 400, "end_at"],
    ]);
    konnect.run(calls).await;
    assert_eq!(konnect.snapshot(), before);
    // The bounds of a replay job are valid, and so is an empty window.
    let calls = json!([
        ["PUT", JOB, window(week - 60, 0), 202],
        ["PUT", JOB, window(60, 60), 202],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn invalid_fields_have_reasons() {
    let konnect = start().await;
    let wrong = json!({"name": " ", "endpoint": "http://a.example", "authorization": null, "log_format": "xml",
        "skip_ssl_verification": "no", "id": "x", "zeta": 1});
    let reply = konnect.post(LIST, wrong).await;
    let expected = [
        ("name", "cannot be blank"),
        ("endpoint", "must be a valid URL"),
        ("authorization", "must be a string"),
        ("log_format", "must be one of [cef, json, cps]"),
        ("skip_ssl_verification", "must be a boolean"),
        ("id", "unknown field"),
        ("zeta", "unknown field"),
    ];
    let expected = expected.map(|(field, reason)| (field.to_owned(), reason.to_owned()));
    assert_eq!(reply.problem(400), expected);
    let choices = &reply.json()["invalid_parameters"][3]["choices"];
    assert_eq!(*choices, json!(["cef", "json", "cps"]));
    for id in ["", "nonsense", "07ec3858066b4629bdc5d4aa893b424d"] {
        let reply = konnect.patch(V3, json!({"audit_log_destination_id": id})).await;
        let [(field, reason)] = <[_; 1]>::try_from(reply.problem(400)).unwrap();
        let expected = ("audit_log_destination_id", "destination id format is invalid");
        assert_eq!((field.as_str(), reason.as_str()), expected);
        assert_eq!(reply.json()["detail"], "Could not parse destination id");
    }
}

#[tokio::test]
async fn body_that_is_no_json_object_is_refused() {
    let konnect = start().await;
    let body = new_destination("a").to_string();
    let json = Some("application/json; charset=utf-8");
    for (content_type, body, field) in [
        (json, "", "body"),
        (json, "{", "body"),
        (json, "[]", "body"),
        (json, "null", "body"),
        (json, "\"text\"", "body"),
        (json, "{\"name\": \"a\",}", "body"),
        (None, &body, "content-type"),
        (Some("text/plain"), &body, "content-type"),
    ] {
        let mut headers = vec![("authorization", TOKEN)];
        headers.extend(content_type.map(|content_type| ("content-type", content_type)));
        let reply = konnect.send("POST", LIST, &headers, body.as_bytes()).await;
        assert_eq!(reply.faulty_fields(), [field], "{content_type:?}: {body}");
    }
    let headers = [
        ("authorization", TOKEN),
        ("content-type", "application/json; charset=utf-8"),
    ];
    konnect
        .send("POST", LIST, &headers, body.as_bytes())
        .await
        .is(201);
}
