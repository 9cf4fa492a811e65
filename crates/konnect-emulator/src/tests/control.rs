//! The control API.

use serde_json::{Value, json};

use crate::tests::{COMMANDS, TOKEN, V2, V3, has, start};
use crate::{Fault, FaultRule};

#[tokio::test]
async fn requests_any_are_recorded_unchanged() {
    let konnect = start().await;
    let body = json!({"name": ""});
    let path = "/eu/v3/audit-log-destinations?x=%5B1%5D";
    konnect.post(path, body.clone()).await.is(400);
    let many = [("x-many", "a"), ("X-Many", "b")];
    konnect.get_with("/v2/audit-log-webhook", &many).await.is(401);
    let log = konnect.requests();
    let body = body.to_string();
    let first =
        json!({"number": 1, "method": "POST", "path": path, "region": "eu", "status": 400, "body": body});
    has(&json!(log[0]), &first);
    assert!(log[0].has_authorization(TOKEN));
    has(
        &json!(log[1]),
        &json!({"number": 2, "region": "us", "status": 401}),
    );
    let headers = (log[1].header("authorization"), log[1].header("x-many"));
    assert_eq!((headers, log.len()), ((None, Some("a, b")), 2));

    konnect.shows("/_emulator/requests", &json!(log)).await;
    // As `curl -d` sends it: without a token, with the content type of a form.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    konnect
        .send("POST", COMMANDS, &form, b"{\"command\": \"clear_requests\"}")
        .await
        .is(204);
    assert!(konnect.requests().is_empty(), "control calls are not recorded");
    konnect.get(V2).await;
    assert_eq!(konnect.requests()[0].number, 3);
    konnect.clear_requests();
    assert!(konnect.requests().is_empty());
}

#[tokio::test]
async fn inject_sets_and_clears_faults() {
    let konnect = start().await;
    let inject = |rule: Value| json!({"command": "inject", "rule": rule});
    let body = |status: u16, headers: Value| json!({"fault": {"kind": "body", "status": status, "headers": headers}});
    let rule = json!({"method": "POST", "path": "/audit-log-destinations", "times": 1,
        "fault": {"kind": "status", "code": 503, "headers": {"retry-after": "0"}}});
    let more = json!({"times": null, "skip": 2, "fault": {"kind": "drop_after"}});
    let calls = json!([
        ["POST", COMMANDS, inject(rule), 204],
        ["POST", COMMANDS, inject(more.clone()), 204],
        [
            "POST",
            COMMANDS,
            inject(json!({"fault": {"kind": "explode"}})),
            400
        ],
        ["POST", COMMANDS, inject(json!({"fault": {"kind": "delay"}})), 400],
        [
            "POST",
            COMMANDS,
            inject(json!({"fault": {"kind": "delay", "ms": 1, "seconds": 1}})),
            400
        ],
        [
            "POST",
            COMMANDS,
            inject(json!({"fault": {"kind": "status", "code": 42}})),
            400
        ],
        [
            "POST",
            COMMANDS,
            inject(json!({"fault": {"kind": "status", "code": 999}})),
            400
        ],
        ["POST", COMMANDS, inject(body(200, json!({"a b": ""}))), 400],
        ["POST", COMMANDS, inject(body(200, json!({"a": "\n"}))), 400],
        ["POST", COMMANDS, inject(body(0, json!({}))), 400],
        [
            "POST",
            COMMANDS,
            inject(json!({"pathh": "x", "fault": {"kind": "truncate"}})),
            400
        ],
        ["POST", COMMANDS, inject(json!("text")), 400],
    ]);
    konnect.run(calls).await;
    let expected = FaultRule::new(Fault::retry_after(503, 0))
        .method("POST")
        .path("/audit-log-destinations");
    assert_eq!((&konnect.faults()[0], konnect.faults().len()), (&expected, 2));
    konnect.shows("/_emulator/faults", &json!([expected, more])).await;
    konnect
        .post(COMMANDS, json!({"command": "clear_faults"}))
        .await
        .is(204);
    assert!(konnect.faults().is_empty());
}

#[tokio::test]
async fn rule_matches_as_often_as_specified() {
    let konnect = start().await;
    let teapot = || FaultRule::new(Fault::status(418));
    let patch = teapot().method("patch");
    let twice = teapot()
        .path_end("/audit-log-webhook")
        .region("eu")
        .skip(1)
        .times(2);
    let always = teapot().path("[size]=3").always();
    for rule in [&patch, &twice, &always] {
        konnect.inject(rule.clone()).unwrap();
    }
    let calls = json!([
        ["GET", "/eu/v2/audit-log-webhook", null, 200],
        ["GET", "/eu/v2/audit-log-webhook/status", null, 200],
        ["GET", "/us/v2/audit-log-webhook", null, 200],
        ["GET", "/eu/v2/audit-log-webhook", null, 418],
        ["GET", "/eu/v2/audit-log-webhook?x=1", null, 418],
        ["GET", "/eu/v2/audit-log-webhook", null, 200],
        ["GET", "/eu/v2/audit-log-destinations?page[size]=3", null, 418],
        ["GET", "/eu/v2/audit-log-destinations?page[size]=3", null, 418],
    ]);
    konnect.run(calls).await;
    assert_eq!(konnect.faults(), [patch, always]);
    konnect.clear_faults();
    konnect
        .patch("/eu/v2/audit-log-webhook", json!({"enabled": false}))
        .await
        .is(200);
}

#[tokio::test]
async fn edit_destination_bypasses_checks() {
    let konnect = start().await;
    let id = konnect.create("eu", "a").await;
    let path = format!("/eu/v3/audit-log-destinations/{id}");
    let set = json!({"name": "drifted", "log_format": "parquet", "authorization": "stolen"});
    let remove = json!({"command": "remove_destination", "region": "global", "id": id});
    let edit =
        |id: &str, set: Value| json!({"command": "edit_destination", "region": "eu", "id": id, "set": set});
    let zero = "0001-01-01T00:00:00Z";
    let webhook = json!({"audit_log_destination_id": id, "enabled": true});
    konnect.edit_webhook("eu", webhook.clone()).unwrap();
    let before = konnect.read(&path).await;
    let calls = json!([
        ["POST", COMMANDS, edit(&id, set), 200, {"authorization": "stolen"}],
        ["GET", path, null, 200, {"name": "drifted", "log_format": "parquet"}],
    ]);
    konnect.run(calls).await;
    assert!(konnect.read(&path).await["updated_at"].as_str() > before["created_at"].as_str());
    let calls = json!([
        ["POST", COMMANDS, edit(&id, json!({"updated_at": zero})), 200],
        ["GET", path, null, 200, {"updated_at": zero}],
        ["POST", COMMANDS, edit(&id, json!({"id": "x"})), 400],
        ["POST", COMMANDS, edit(&id, json!({"nome": "x"})), 400],
        ["POST", COMMANDS, edit(&id, json!({"name": 1})), 400],
        ["POST", COMMANDS, edit(&id, json!([])), 400],
        ["POST", COMMANDS, edit("11111111-2222-4333-8444-555555555555", json!({})), 404],
        ["POST", COMMANDS, remove, 204],
        ["GET", path, null, 404],
        ["GET", V3, null, 200, webhook],
        ["GET", V2, null, 200, {"endpoint": "unconfigured"}],
        ["POST", COMMANDS, remove, 404],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn edit_webhook_bypasses_checks() {
    let konnect = start().await;
    let status = format!("{V3}/status");
    let stream = json!({"region": "eu"});
    let edit = |set: Value| json!({"command": "edit_webhook", "stream": stream, "set": set});
    let delivery =
        json!({"command": "record_delivery", "stream": stream, "code": 401, "message": "Unauthenticated"});
    let url = "https://a.example/";
    let failing = json!({"webhook_enabled": false, "webhook_status": "inactive", "last_response_code": 401});
    let calls = json!([
        ["POST", COMMANDS, edit(json!({"endpoint": url, "enabled": true})), 200],
        ["GET", V2, null, 200, {"endpoint": url}],
        ["POST", COMMANDS, edit(json!({"log_format": "cps", "authorization": "x"})), 200],
        ["GET", V2, null, 200, {"log_format": "cps", "endpoint": url}],
        ["POST", COMMANDS, edit(json!({"audit_log_destination_id": "unknown"})), 200],
        ["GET", V3, null, 200, {"audit_log_destination_id": "unknown", "enabled": true}],
        ["POST", COMMANDS, edit(json!({"audit_log_destination_id": "x", "endpoint": "y"})), 400],
        ["POST", COMMANDS, edit(json!({"enabled": 1})), 400],
        ["POST", COMMANDS, edit(json!({"form": "emptied"})), 400],
        ["POST", COMMANDS, edit(json!({"log_format": "cef"})), 400],
        ["POST", COMMANDS, delivery, 204],
        ["POST", COMMANDS, edit(json!({"enabled": false})), 200],
        ["GET", status, null, 200, failing],
        ["POST", COMMANDS, {"command": "remove_webhook", "stream": stream}, 204],
        ["GET", V3, null, 404],
        ["POST", COMMANDS, delivery, 404],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn state_is_shown_and_reset() {
    let konnect = start().await;
    let id = konnect.create("eu", "a").await;
    konnect.inject(FaultRule::new(Fault::Truncate).path("x")).unwrap();
    let state = konnect.snapshot();
    konnect.shows("/_emulator/state", &state).await;
    let stored = &state["regions"]["global"]["destinations"][&id];
    assert_eq!(stored["authorization"], "Bearer s3cret");
    konnect.post(COMMANDS, json!({"command": "reset"})).await.is(204);
    assert!(konnect.snapshot()["regions"].as_object().unwrap().is_empty());
    assert!(konnect.requests().is_empty() && konnect.faults().is_empty());
}

#[tokio::test]
async fn control_unknown_call_is_refused() {
    let konnect = start().await;
    let calls = json!([
        ["GET", "/_emulator/nonsense", null, 404],
        ["POST", "/_emulator/state", {}, 405],
        ["POST", COMMANDS, {"command": "explode"}, 400],
        ["POST", COMMANDS, {}, 400],
        ["POST", COMMANDS, {"command": "reset", "colour": 1}, 400],
    ]);
    konnect.run(calls).await;
    assert!(konnect.requests().is_empty());
}

#[tokio::test]
async fn set_conditions_limits_and_disturbs_requests() {
    let konnect = start().await;
    let set = |conditions: Value| json!({"command": "set_conditions", "conditions": conditions});
    let limit = |per_second, burst| set(json!({"rate_limit": {"per_second": per_second, "burst": burst}}));
    let random = |percent: u8, faults: Value| {
        set(json!({"random_faults": {"seed": 1, "percent": percent, "faults": faults}}))
    };
    let status = |code: u16| json!({"kind": "status", "code": code});
    let calls = json!([
        ["POST", COMMANDS, limit(1, 1), 204],
        ["GET", V2, null, 200],
        ["GET", V2, null, 429],
        // Rules take precedence over conditions.
        ["POST", COMMANDS, {"command": "inject", "rule": {"fault": status(418)}}, 204],
        ["GET", V2, null, 418],
        ["POST", COMMANDS, random(100, json!([status(503)])), 204],
        ["GET", V2, null, 503],
        ["POST", COMMANDS, set(json!({})), 204],
        ["GET", V2, null, 200],
        ["POST", COMMANDS, limit(0, 1), 400],
        ["POST", COMMANDS, limit(1, 0), 400],
        ["POST", COMMANDS, random(101, json!([status(503)])), 400],
        ["POST", COMMANDS, random(5, json!([])), 400],
        ["POST", COMMANDS, random(5, json!([status(99)])), 400],
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn most_connections_are_those_open_at_once() {
    let konnect = start().await;
    for _ in 0..3 {
        konnect.get(V2).await;
    }
    let open = [(); 2].map(|()| tokio::net::TcpStream::connect(konnect.address()));
    let open = futures_util::future::join_all(open).await;
    while konnect.most_connections() < open.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(konnect.most_connections(), 2);
}
