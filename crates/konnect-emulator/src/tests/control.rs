//! Control calls over HTTP and methods of the handle.

use serde_json::{Value, json};

use crate::tests::{Reply, TOKEN, call, create, get, raw, start};
use crate::{ControlError, Emulator, Fault, FaultRule};

/// A control call as `curl -d` sends it: without a token, with the content type of a form.
async fn control(konnect: &Emulator, method: &str, path: &str, body: Value) -> Reply {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    Reply::parse(
        &raw(
            konnect,
            method,
            &format!("/_emulator/{path}"),
            &headers,
            body.as_bytes(),
        )
        .await,
    )
}

#[tokio::test]
async fn requests_any_are_recorded_unchanged() {
    let konnect = start().await;
    let body = json!({"name": ""});
    call(
        &konnect,
        "POST",
        "/eu/v3/audit-log-destinations?x=%5B1%5D",
        body.clone(),
    )
    .await
    .problem(400);
    raw(
        &konnect,
        "GET",
        "/v2/audit-log-webhook",
        &[("x-many", "a"), ("X-Many", "b")],
        b"",
    )
    .await;
    let log = konnect.requests();
    assert_eq!(log.len(), 2);
    assert_eq!((log[0].number, log[1].number), (1, 2));
    assert!(log[0].elapsed_ms <= log[1].elapsed_ms);
    assert_eq!(
        (
            log[0].method.as_str(),
            log[0].path.as_str(),
            log[0].region.as_str(),
            log[0].status
        ),
        ("POST", "/eu/v3/audit-log-destinations?x=%5B1%5D", "eu", Some(400))
    );
    assert_eq!(
        (log[0].body.as_str(), log[0].header("Authorization")),
        (body.to_string().as_str(), Some(TOKEN))
    );
    assert_eq!((log[1].region.as_str(), log[1].status), ("us", Some(401)));
    assert_eq!(
        (log[1].header("authorization"), log[1].header("x-many")),
        (None, Some("a, b"))
    );

    assert_eq!(
        control(&konnect, "GET", "requests", Value::Null).await.json(),
        json!(log)
    );
    assert_eq!(
        control(&konnect, "DELETE", "requests", Value::Null).await.status,
        204
    );
    assert!(konnect.requests().is_empty(), "control calls are not recorded");
    get(&konnect, "/v2/audit-log-webhook").await;
    assert_eq!(konnect.requests()[0].number, 3);
    konnect.clear_requests();
    assert!(konnect.requests().is_empty());
}

#[tokio::test]
async fn faults_control_calls_set_list_and_clear() {
    let konnect = start().await;
    let rule = json!({"method": "POST", "path": "/audit-log-destinations", "times": 1,
        "fault": {"kind": "status", "code": 503, "headers": {"retry-after": "0"}}});
    assert_eq!(control(&konnect, "POST", "faults", rule).await.status, 201);
    assert_eq!(
        konnect.faults(),
        [FaultRule::new(Fault::retry_after(503, 0))
            .method("POST")
            .path("/audit-log-destinations")]
    );
    let more =
        json!([{"times": null, "skip": 2, "fault": {"kind": "drop_after"}}, {"fault": {"kind": "truncate"}}]);
    assert_eq!(control(&konnect, "POST", "faults", more).await.status, 201);
    let listed = control(&konnect, "GET", "faults", Value::Null).await.json();
    assert_eq!(listed, json!(konnect.faults()));
    assert_eq!(
        (&listed[1], listed[2]["times"].clone()),
        (
            &json!({"skip": 2, "times": null, "fault": {"kind": "drop_after"}}),
            json!(1)
        )
    );
    assert_eq!(
        control(&konnect, "DELETE", "faults", Value::Null).await.status,
        204
    );
    assert!(konnect.faults().is_empty());

    for wrong in [
        json!({"fault": {"kind": "explode"}}),
        json!({"fault": {"kind": "delay"}}),
        json!({"fault": {"kind": "delay", "ms": 1, "seconds": 1}}),
        json!({"fault": {"kind": "status", "code": 42}}),
        json!({"pathh": "x", "fault": {"kind": "truncate"}}),
        json!([{"fault": {"kind": "truncate"}}, {"fault": {}}]),
        json!("text"),
    ] {
        let reply = control(&konnect, "POST", "faults", wrong.clone()).await;
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(reply.json()["detail"].as_str().unwrap().len() > 10);
    }
    assert!(konnect.faults().is_empty());
}

#[tokio::test]
async fn edit_destination_bypasses_checks() {
    let konnect = start().await;
    let id = create(&konnect, "eu", "a").await;
    let path = format!("/eu/v3/audit-log-destinations/{id}");
    let edit = json!({"name": "drifted", "log_format": "parquet", "authorization": "stolen"});
    let reply = control(&konnect, "PATCH", &format!("eu/destinations/{id}"), edit).await;
    assert_eq!(
        (reply.status, reply.json()["authorization"].clone()),
        (200, json!("stolen"))
    );
    let shown = get(&konnect, &path).await.json();
    assert_eq!(
        (&shown["name"], &shown["log_format"]),
        (&json!("drifted"), &json!("parquet"))
    );
    assert!(shown["updated_at"].as_str() > shown["created_at"].as_str());
    let zero = "0001-01-01T00:00:00Z";
    konnect
        .edit_destination("eu", &id, json!({"updated_at": zero}))
        .unwrap();
    assert_eq!(get(&konnect, &path).await.json()["updated_at"], zero);

    for wrong in [
        json!({"id": "x"}),
        json!({"nome": "x"}),
        json!({"name": 1}),
        json!([]),
    ] {
        let error = konnect.edit_destination("eu", &id, wrong.clone()).unwrap_err();
        assert!(matches!(error, ControlError::Invalid(_)), "{wrong}: {error}");
    }
    let error = konnect.edit_destination("us", &id, json!({})).unwrap_err();
    assert!(matches!(error, ControlError::NoDestination { .. }));

    konnect
        .edit_webhook("eu", json!({"audit_log_destination_id": id, "enabled": true}))
        .unwrap();
    assert_eq!(
        control(&konnect, "DELETE", &format!("eu/destinations/{id}"), Value::Null)
            .await
            .status,
        204
    );
    get(&konnect, &path).await.problem(404);
    let dangling = get(&konnect, "/eu/v3/audit-log-webhook").await.json();
    assert_eq!(dangling, json!({"audit_log_destination_id": id, "enabled": true}));
    assert_eq!(
        get(&konnect, "/eu/v2/audit-log-webhook").await.json()["endpoint"],
        "unconfigured"
    );
    assert!(matches!(
        konnect.remove_destination("eu", &id),
        Err(ControlError::NoDestination { .. })
    ));
    control(&konnect, "DELETE", &format!("eu/destinations/{id}"), Value::Null)
        .await
        .problem(404);
}

#[tokio::test]
async fn edit_webhook_bypasses_checks() {
    let konnect = start().await;
    let v2 = "/eu/v2/audit-log-webhook";
    let v3 = "/eu/v3/audit-log-webhook";
    let edit = json!({"endpoint": "https://a.example/", "enabled": true});
    assert_eq!(control(&konnect, "PATCH", "eu/webhook", edit).await.status, 200);
    assert_eq!(get(&konnect, v2).await.json()["endpoint"], "https://a.example/");
    konnect
        .edit_webhook("eu", json!({"log_format": "cps", "authorization": "x"}))
        .unwrap();
    let shown = get(&konnect, v2).await.json();
    assert_eq!(
        (&shown["log_format"], &shown["endpoint"]),
        (&json!("cps"), &json!("https://a.example/"))
    );
    konnect
        .edit_webhook("eu", json!({"audit_log_destination_id": "unknown"}))
        .unwrap();
    assert_eq!(
        get(&konnect, v3).await.json(),
        json!({"audit_log_destination_id": "unknown", "enabled": true})
    );

    let both = json!({"audit_log_destination_id": "x", "endpoint": "y"});
    for wrong in [
        both,
        json!({"enabled": 1}),
        json!({"form": "emptied"}),
        json!({"log_format": "cef"}),
    ] {
        konnect.edit_webhook("eu", wrong).unwrap_err();
    }
    let delivery = json!({"code": 401, "message": "Unauthenticated"});
    assert_eq!(
        control(&konnect, "POST", "eu/deliveries", delivery.clone())
            .await
            .status,
        204
    );
    assert_eq!(
        get(&konnect, &format!("{v3}/status")).await.json()["last_response_code"],
        401
    );
    konnect.edit_webhook("eu", json!({"enabled": false})).unwrap();
    let status = get(&konnect, &format!("{v3}/status")).await.json();
    assert_eq!(
        (&status["webhook_enabled"], &status["webhook_status"]),
        (&json!(false), &json!("inactive"))
    );

    assert_eq!(
        control(&konnect, "DELETE", "eu/webhook", Value::Null)
            .await
            .status,
        204
    );
    get(&konnect, v3).await.problem(404);
    control(&konnect, "POST", "eu/deliveries", delivery)
        .await
        .problem(404);
}

#[tokio::test]
async fn state_control_call_shows_and_resets() {
    let konnect = start().await;
    let id = create(&konnect, "eu", "a").await;
    konnect.inject(FaultRule::new(Fault::Truncate)).unwrap();
    let state = control(&konnect, "GET", "state", Value::Null).await.json();
    assert_eq!(state, konnect.snapshot());
    assert_eq!(
        state["regions"]["eu"]["destinations"][&id]["authorization"],
        "Bearer s3cret"
    );
    assert_eq!(control(&konnect, "POST", "reset", Value::Null).await.status, 204);
    assert!(konnect.snapshot()["regions"].as_object().unwrap().is_empty());
    assert!(konnect.requests().is_empty() && konnect.faults().is_empty());
}

#[tokio::test]
async fn control_unknown_call_is_refused() {
    let konnect = start().await;
    control(&konnect, "GET", "nonsense", Value::Null)
        .await
        .problem(404);
    control(&konnect, "POST", "state", Value::Null).await.problem(405);
    for region in ["api", "a_b"] {
        let reply = control(
            &konnect,
            "PATCH",
            &format!("{region}/webhook"),
            json!({"enabled": true}),
        )
        .await;
        assert_eq!(reply.status, 400);
    }
    assert!(konnect.requests().is_empty());
}

#[tokio::test]
async fn conditions_control_call_sets_and_clears() {
    let konnect = start().await;
    let limited = json!({"rate_limit": {"per_second": 1, "burst": 1}});
    assert_eq!(control(&konnect, "PUT", "conditions", limited).await.status, 204);
    let list = "/global/v3/audit-log-destinations";
    assert_eq!(call(&konnect, "GET", list, Value::Null).await.status, 200);
    let refused = call(&konnect, "GET", list, Value::Null).await;
    assert_eq!(
        (refused.status, refused.headers["retry-after"].as_str()),
        (429, "1")
    );
    let response = control(&konnect, "GET", "conditions", Value::Null).await.json();
    assert_eq!(response["rate_limit"], json!({"per_second": 1, "burst": 1}));
    // Rules take precedence over conditions.
    konnect.inject(FaultRule::new(Fault::status(418))).unwrap();
    assert_eq!(call(&konnect, "GET", list, Value::Null).await.status, 418);

    let random =
        json!({"random_faults": {"seed": 1, "percent": 100, "faults": [{"kind": "status", "code": 503}]}});
    assert_eq!(control(&konnect, "PUT", "conditions", random).await.status, 204);
    assert_eq!(call(&konnect, "GET", list, Value::Null).await.status, 503);
    assert_eq!(
        control(&konnect, "PUT", "conditions", json!({})).await.status,
        204
    );
    assert_eq!(call(&konnect, "GET", list, Value::Null).await.status, 200);
    for wrong in [
        json!({"rate_limit": {"per_second": 0, "burst": 1}}),
        json!({"random_faults": {"seed": 1, "percent": 101, "faults": [{"kind": "drop_before"}]}}),
        json!({"random_faults": {"seed": 1, "percent": 5, "faults": []}}),
        json!({"random_faults": {"seed": 1, "percent": 5, "faults": [{"kind": "status", "code": 99}]}}),
        json!({"rain": 1}),
    ] {
        assert_eq!(
            control(&konnect, "PUT", "conditions", wrong.clone()).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn connections_open_and_closed_are_counted() {
    let konnect = start().await;
    let before = konnect.connections();
    let one = tokio::net::TcpStream::connect(konnect.address()).await.unwrap();
    let other = tokio::net::TcpStream::connect(konnect.address()).await.unwrap();
    let response = control(&konnect, "GET", "connections", Value::Null).await.json();
    assert_eq!(
        response["accepted"],
        before.accepted + 3,
        "two, and the one that asks"
    );
    assert_eq!(response["most"], 3);
    drop((one, other));
    while konnect.connections().open > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(konnect.connections().most, 3);
}

#[tokio::test]
async fn add_destinations_count_is_added() {
    let konnect = start().await;
    let added = control(&konnect, "POST", "eu/destinations", json!({"count": 3})).await;
    assert_eq!(added.status, 201);
    let ids = added.json();
    let listed = call(&konnect, "GET", "/eu/v3/audit-log-destinations", Value::Null)
        .await
        .json();
    let listed: Vec<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["id"].clone())
        .collect();
    assert_eq!(json!(listed), ids);
}
