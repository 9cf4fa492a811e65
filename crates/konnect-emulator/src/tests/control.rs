//! Commands, as methods of the handle and over HTTP.

use serde_json::{Value, json};

use crate::tests::{Reply, TOKEN, has, start};
use crate::{Conditions, Emulator, Fault, FaultRule, RandomFaults, RateLimit};

const COMMANDS: &str = "/_emulator/commands";
const V2: &str = "/eu/v2/audit-log-webhook";
const V3: &str = "/eu/v3/audit-log-webhook";

impl Emulator {
    /// What a control call shows.
    async fn shown(&self, what: &str) -> Value {
        self.read(&format!("/_emulator/{what}")).await
    }

    /// A command as `curl -d` sends it: without a token, with the content type of a form.
    async fn command(&self, command: Value) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let body = command.to_string();
        self.send("POST", COMMANDS, &headers, body.as_bytes()).await
    }
}

#[tokio::test]
async fn requests_any_are_recorded_unchanged() {
    let konnect = start().await;
    let body = json!({"name": ""});
    let path = "/eu/v3/audit-log-destinations?x=%5B1%5D";
    konnect.post(path, body.clone()).await.is(400);
    let headers = [("x-many", "a"), ("X-Many", "b")];
    konnect.raw("GET", "/v2/audit-log-webhook", &headers, b"").await;
    let log = konnect.requests();
    assert_eq!(log.len(), 2);
    assert_eq!((log[0].number, log[1].number), (1, 2));
    let first =
        json!({"method": "POST", "path": path, "region": "eu", "status": 400, "body": body.to_string()});
    has(&json!(log[0]), &first);
    assert!(log[0].has_authorization(TOKEN));
    assert_eq!((log[1].region.as_str(), log[1].status), ("us", Some(401)));
    assert_eq!(
        (log[1].header("authorization"), log[1].header("x-many")),
        (None, Some("a, b"))
    );

    assert_eq!(konnect.shown("requests").await, json!(log));
    konnect
        .command(json!({"command": "clear_requests"}))
        .await
        .is(204);
    assert!(konnect.requests().is_empty(), "control calls are not recorded");
    konnect.get("/v2/audit-log-webhook").await;
    assert_eq!(konnect.requests()[0].number, 3);
    konnect.clear_requests();
    assert!(konnect.requests().is_empty());
}

#[tokio::test]
async fn command_inject_sets_and_clears_faults() {
    let konnect = start().await;
    let inject = |rule: Value| json!({"command": "inject", "rule": rule});
    let rule = json!({"method": "POST", "path": "/audit-log-destinations", "times": 1,
        "fault": {"kind": "status", "code": 503, "headers": {"retry-after": "0"}}});
    konnect.command(inject(rule)).await.is(204);
    let more = json!({"times": null, "skip": 2, "fault": {"kind": "drop_after"}});
    konnect.command(inject(more.clone())).await.is(204);
    let expected = FaultRule::new(Fault::retry_after(503, 0))
        .method("POST")
        .path("/audit-log-destinations");
    assert_eq!(konnect.faults()[0], expected);
    let listed = konnect.shown("faults").await;
    assert_eq!((&listed, &listed[1]), (&json!(konnect.faults()), &more));
    konnect.command(json!({"command": "clear_faults"})).await.is(204);
    for wrong in [
        json!({"fault": {"kind": "explode"}}),
        json!({"fault": {"kind": "delay"}}),
        json!({"fault": {"kind": "delay", "ms": 1, "seconds": 1}}),
        json!({"fault": {"kind": "status", "code": 42}}),
        json!({"pathh": "x", "fault": {"kind": "truncate"}}),
        json!("text"),
    ] {
        konnect.command(inject(wrong)).await.is(400);
    }
    assert!(konnect.faults().is_empty());
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
    let state = konnect.shown("state").await;
    assert_eq!(state, konnect.snapshot());
    assert_eq!(
        state["regions"]["global"]["destinations"][&id]["authorization"],
        "Bearer s3cret"
    );
    konnect.command(json!({"command": "reset"})).await.is(204);
    assert!(konnect.snapshot()["regions"].as_object().unwrap().is_empty());
    assert!(konnect.requests().is_empty() && konnect.faults().is_empty());
}

#[tokio::test]
async fn control_unknown_call_is_refused() {
    let konnect = start().await;
    konnect.get("/_emulator/nonsense").await.problem(404);
    konnect.post("/_emulator/state", json!({})).await.is(405);
    for wrong in [
        json!({"command": "explode"}),
        json!({}),
        json!({"command": "reset", "colour": 1}),
    ] {
        konnect.command(wrong).await.is(400);
    }
    assert!(konnect.requests().is_empty());
}

#[tokio::test]
async fn set_conditions_limits_and_disturbs_requests() {
    let konnect = start().await;
    let limit = json!({"rate_limit": {"per_second": 1, "burst": 1}});
    let set = json!({"command": "set_conditions", "conditions": limit});
    konnect.command(set).await.is(204);
    let list = "/global/v3/audit-log-destinations";
    konnect.get(list).await.is(200);
    let refused = konnect.get(list).await;
    assert_eq!(
        (refused.status, refused.headers["retry-after"].as_str()),
        (429, "1")
    );
    // Rules take precedence over conditions.
    konnect.inject(FaultRule::new(Fault::status(418))).unwrap();
    konnect.get(list).await.is(418);

    let random = |percent, faults| Conditions {
        random_faults: Some(RandomFaults {
            seed: 1,
            percent,
            faults,
        }),
        ..Conditions::default()
    };
    konnect
        .set_conditions(random(100, vec![Fault::status(503)]))
        .unwrap();
    konnect.get(list).await.is(503);
    konnect.set_conditions(Conditions::default()).unwrap();
    konnect.get(list).await.is(200);
    let limit = |per_second, burst| Conditions {
        rate_limit: Some(RateLimit { per_second, burst }),
        ..Conditions::default()
    };
    for wrong in [
        limit(0, 1),
        limit(1, 0),
        random(101, vec![Fault::DropBefore]),
        random(5, Vec::new()),
        random(5, vec![Fault::status(99)]),
    ] {
        konnect.set_conditions(wrong).unwrap_err();
    }
}

#[tokio::test]
async fn most_connections_are_those_open_at_once() {
    let konnect = start().await;
    for _ in 0..3 {
        konnect.get("/v2/audit-log-webhook").await;
    }
    let open = [(); 2].map(|()| tokio::net::TcpStream::connect(konnect.address()));
    let open = futures_util::future::join_all(open).await;
    while konnect.most_connections() < open.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(konnect.most_connections(), 2);
}
