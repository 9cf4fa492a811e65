//! Each fault, as a client receives it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::tests::{
    Reply, TOKEN, call, create, expect, find, get, new_destination, raw, send, start, start_with,
};
use crate::{Behavior, Emulator, Fault, FaultRule, Headers};

const LIST: &str = "/global/v3/audit-log-destinations";

/// Sends a valid create and returns the received bytes.
async fn post(konnect: &Emulator) -> Vec<u8> {
    let headers = [("authorization", TOKEN), ("content-type", "application/json")];
    raw(
        konnect,
        "POST",
        LIST,
        &headers,
        new_destination("a").to_string().as_bytes(),
    )
    .await
}

fn stored(konnect: &Emulator) -> usize {
    konnect.snapshot()["regions"]["global"]["destinations"]
        .as_object()
        .map_or(0, serde_json::Map::len)
}

/// Applies a fault to one create. Returns the bytes, the number of destinations then, and the status in the log.
async fn call_with_fault(fault: Fault) -> (Vec<u8>, usize, Option<u16>) {
    let konnect = start().await;
    konnect.inject(FaultRule::new(fault)).unwrap();
    let bytes = post(&konnect).await;
    let outcome = (bytes, stored(&konnect), konnect.requests()[0].status);
    assert_eq!(
        Reply::parse(&post(&konnect).await).status,
        201,
        "the fault applies once"
    );
    outcome
}

#[tokio::test]
async fn fault_status_returns_problem_without_change() {
    let (bytes, stored, logged) = call_with_fault(Fault::retry_after(503, 7)).await;
    let reply = Reply::parse(&bytes);
    reply.problem(503);
    assert_eq!(
        (reply.headers["retry-after"].as_str(), stored, logged),
        ("7", 0, Some(503))
    );

    let custom: Fault = serde_json::from_value(
        json!({"kind": "status", "code": 502, "body": "<html>", "content_type": "text/html"}),
    )
    .unwrap();
    let reply = Reply::parse(&call_with_fault(custom).await.0);
    assert_eq!((reply.status, reply.body.as_slice()), (502, b"<html>".as_slice()));
    assert_eq!(reply.headers["content-type"], "text/html");
}

#[tokio::test]
async fn fault_drop_sends_nothing() {
    assert_eq!(call_with_fault(Fault::DropBefore).await, (Vec::new(), 0, None));
    assert_eq!(call_with_fault(Fault::DropAfter).await, (Vec::new(), 1, None));
}

#[tokio::test]
async fn fault_truncate_shortens_body() {
    let (bytes, stored, logged) = call_with_fault(Fault::Truncate).await;
    let reply = Reply::parse(&bytes);
    let announced: usize = reply.headers["content-length"].parse().unwrap();
    assert_eq!(
        (reply.status, reply.body.len(), stored, logged),
        (201, announced / 2, 1, Some(201))
    );
    assert!(reply.headers["date"].ends_with(" GMT"));
}

#[tokio::test]
async fn fault_truncate_header_ends_in_head() {
    let (bytes, stored, logged) = call_with_fault(Fault::TruncateHeader).await;
    assert!(bytes.starts_with(b"HTTP/1.1 201 Created\r\n"));
    assert_eq!((find(&bytes, b"\r\n\r\n"), stored, logged), (None, 1, None));
}

#[tokio::test]
async fn fault_malformed_is_complete_http() {
    let (bytes, stored, _) = call_with_fault(Fault::Malformed).await;
    let reply = Reply::parse(&bytes);
    assert_eq!((reply.status, stored), (201, 1));
    assert_eq!(reply.headers["content-length"], reply.body.len().to_string());
    assert!(!reply.body.is_empty());
    serde_json::from_slice::<Value>(&reply.body).unwrap_err();

    let konnect = start().await;
    konnect.inject(FaultRule::new(Fault::Malformed).times(2)).unwrap();
    let without_body = call(&konnect, "DELETE", "/eu/v3/audit-log-webhook", Value::Null).await;
    let without_success = get(&konnect, "/eu/v3/nothing").await;
    for reply in [without_body, without_success] {
        assert_eq!(reply.status, 200);
        serde_json::from_slice::<Value>(&reply.body).unwrap_err();
    }
}

#[tokio::test]
async fn fault_body_is_sent_exactly() {
    let reply = Reply::parse(
        &call_with_fault(Fault::body("text/html", "<h1>Login</h1>"))
            .await
            .0,
    );
    assert_eq!(
        (reply.status, reply.body.as_slice()),
        (200, b"<h1>Login</h1>".as_slice())
    );
    assert_eq!(reply.headers["content-type"], "text/html");

    let empty: Fault = serde_json::from_value(json!({"kind": "body", "handle": true})).unwrap();
    let (bytes, stored, _) = call_with_fault(empty).await;
    let reply = Reply::parse(&bytes);
    assert_eq!((reply.status, reply.body.len(), stored), (200, 0, 1));
    assert_eq!(reply.headers["content-type"], "application/json");

    let redirect = Fault::Body {
        handle: false,
        status: 307,
        headers: Headers::from([("location".to_owned(), "http://elsewhere.example/".to_owned())]),
        body: String::new(),
    };
    let (bytes, stored, _) = call_with_fault(redirect).await;
    let reply = Reply::parse(&bytes);
    assert_eq!(
        (reply.status, reply.headers["location"].as_str(), stored),
        (307, "http://elsewhere.example/", 0)
    );

    // Too much for one write: the wire must continue.
    let body = "seventeen letters".repeat(1_500_000);
    let impossible = Fault::Body {
        handle: true,
        status: 204,
        headers: Headers::new(),
        body: body.clone(),
    };
    let reply = Reply::parse(&call_with_fault(impossible).await.0);
    assert_eq!(reply.status, 204);
    assert!(
        reply.body == body.as_bytes(),
        "{} of {} bytes",
        reply.body.len(),
        body.len()
    );
}

#[tokio::test]
async fn fault_delay_precedes_response() {
    let start = Instant::now();
    let (bytes, stored, logged) = call_with_fault(Fault::Delay { ms: 150 }).await;
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!((Reply::parse(&bytes).status, stored, logged), (201, 1, Some(201)));
}

#[tokio::test]
async fn fault_huge_has_no_content_length() {
    let (bytes, stored, _) = call_with_fault(Fault::Huge { bytes: 300_000 }).await;
    let reply = Reply::parse(&bytes);
    assert_eq!((reply.status, reply.body.len(), stored), (200, 300_000, 0));
    assert!(!reply.headers.contains_key("content-length"));
}

#[tokio::test]
async fn fault_drip_ends_with_client() {
    let konnect = start().await;
    konnect
        .inject(FaultRule::new(Fault::Drip { interval_ms: 1 }))
        .unwrap();
    let mut stream = send(&konnect, "GET", LIST, &[("authorization", TOKEN)], b"").await;
    let mut bytes = Vec::new();
    // A chunk of one byte has six bytes: its length, a line end, the byte, a line end.
    let head = loop {
        let mut buffer = [0; 64];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "a drip does not end");
        bytes.extend_from_slice(&buffer[..count]);
        match find(&bytes, b"\r\n\r\n") {
            Some(head) if bytes.len() >= head + 4 + 20 * 6 => break head,
            _ => {}
        }
    };
    assert!(bytes[head + 4..].starts_with(b"1\r\n \r\n1\r\n \r\n"));
    drop(stream);
    assert_eq!(get(&konnect, LIST).await.status, 200);
}

#[tokio::test]
async fn fault_clock_skew_changes_date_only() {
    let year = |reply: &Reply| reply.headers["date"][12..16].parse::<i32>().unwrap();
    let honest = year(&Reply::parse(&call_with_fault(Fault::Delay { ms: 0 }).await.0));
    let (bytes, stored, _) = call_with_fault(Fault::ClockSkew {
        seconds: -10 * 366 * 86_400,
    })
    .await;
    let reply = Reply::parse(&bytes);
    assert_eq!((reply.status, stored), (201, 1));
    assert!(
        (10..=11).contains(&(honest - year(&reply))),
        "{}",
        reply.headers["date"]
    );
}

#[tokio::test]
async fn fault_headers_replace_own() {
    let headers = Headers::from([("content-type".to_owned(), "text/plain".to_owned())]);
    let (bytes, stored, logged) = call_with_fault(Fault::Headers { headers }).await;
    let reply = Reply::parse(&bytes);
    assert_eq!(
        (reply.headers["content-type"].as_str(), stored, logged),
        ("text/plain", 1, Some(201))
    );
    assert_eq!(reply.json()["name"], "a");
}

#[tokio::test]
async fn fault_echo_returns_request() {
    let (bytes, stored, logged) = call_with_fault(Fault::Echo { status: 502 }).await;
    let text = String::from_utf8(Reply::parse(&bytes).body).unwrap();
    assert!(text.contains(&format!("authorization: {TOKEN}\n")), "{text}");
    assert!(text.contains(r#""authorization":"Bearer s3cret""#), "{text}");
    assert_eq!((stored, logged), (0, Some(502)));
}

#[tokio::test]
async fn requests_of_region_omit_others() {
    let konnect = start_with(Behavior {
        separate_destinations: true,
        ..Behavior::default()
    })
    .await;
    create(&konnect, "eu", "a").await;
    create(&konnect, "us", "b").await;
    let path = |of: &str| {
        konnect
            .requests_of(of)
            .into_iter()
            .map(|r| r.path)
            .collect::<Vec<_>>()
    };
    assert_eq!(path("eu"), ["/eu/v3/audit-log-destinations"]);
    assert_eq!(konnect.region("eu")["destinations"].as_object().unwrap().len(), 1);
    assert_eq!(konnect.region("au"), Value::Null);

    let rule = |of| FaultRule::new(Fault::status(500)).region(of).always();
    konnect.inject(rule("eu")).unwrap();
    konnect.inject(rule("us")).unwrap();
    konnect.clear_faults_of("eu");
    assert_eq!(konnect.faults(), [rule("us")]);

    konnect.reset_region("us");
    assert_eq!(
        (konnect.faults(), konnect.requests_of("us")),
        (Vec::new(), Vec::new())
    );
    assert_eq!((konnect.region("us"), path("eu").len()), (Value::Null, 1));
}

#[tokio::test]
async fn rule_matches_as_often_as_specified() {
    let konnect = start().await;
    let teapot = || FaultRule::new(Fault::status(418));
    let webhook = "/eu/v2/audit-log-webhook";
    konnect.inject(teapot().method("patch")).unwrap();
    konnect
        .inject(
            teapot()
                .path_end("/audit-log-webhook")
                .region("eu")
                .skip(1)
                .times(2),
        )
        .unwrap();
    konnect.inject(teapot().path("[size]=3").always()).unwrap();
    let mut statuses = Vec::new();
    for path in [
        webhook,
        "/eu/v2/audit-log-webhook/status",
        "/us/v2/audit-log-webhook",
        webhook,
        "/eu/v2/audit-log-webhook?x=1",
        webhook,
        "/eu/v2/audit-log-destinations?page[size]=3",
        "/eu/v2/audit-log-destinations?page[size]=3",
    ] {
        statuses.push(get(&konnect, path).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 418, 418, 200, 418, 418]);
    let left = konnect.faults();
    assert_eq!(
        left,
        [teapot().method("patch"), teapot().path("[size]=3").always()]
    );
    konnect.clear_faults();
    expect(&konnect, "PATCH", webhook, json!({"enabled": false}), 200).await;
}

#[tokio::test]
async fn rule_not_sendable_is_refused() {
    let konnect = start().await;
    let body = |status, name: &str, value: &str| Fault::Body {
        handle: false,
        status,
        headers: Headers::from([(name.to_owned(), value.to_owned())]),
        body: String::new(),
    };
    for fault in [
        Fault::status(100),
        Fault::status(999),
        body(200, "a b", ""),
        body(200, "a", "\n"),
        body(0, "a", ""),
    ] {
        konnect.inject(FaultRule::new(fault)).unwrap_err();
    }
    assert!(konnect.faults().is_empty());
}

#[tokio::test]
async fn fault_one_connection_leaves_others() {
    let konnect = start().await;
    konnect
        .inject(FaultRule::new(Fault::DropAfter).method("DELETE"))
        .unwrap();
    let id = create(&konnect, "global", "a").await;
    let one = format!("{LIST}/{id}");
    let (dropped, listed) = tokio::join!(
        raw(&konnect, "DELETE", &one, &[("authorization", TOKEN)], b""),
        get(&konnect, "/eu/v3/audit-log-destinations"),
    );
    assert_eq!((dropped.len(), listed.status), (0, 200));
    get(&konnect, &one).await.problem(404);
}

#[tokio::test]
async fn fault_hold_waits_until_cleared() {
    for handle in [false, true] {
        let konnect = start().await;
        konnect.inject(FaultRule::new(Fault::Hold { handle })).unwrap();
        let mut held = std::pin::pin!(post(&konnect));
        while konnect.requests().is_empty() || stored(&konnect) != usize::from(handle) {
            assert!(futures_util::poll!(held.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        // Other requests are not delayed, and do not release the held one.
        assert_eq!(get(&konnect, "/global/v3/audit-log-webhook").await.status, 404);
        assert!(futures_util::poll!(held.as_mut()).is_pending());
        assert_eq!(konnect.requests()[0].status, None);
        konnect.clear_faults();
        assert_eq!(Reply::parse(&held.await).status, 201);
        assert_eq!((stored(&konnect), konnect.requests()[0].status), (1, Some(201)));
    }
}

#[tokio::test]
async fn fault_stale_shows_the_object_before_its_last_change() {
    let konnect = start().await;
    let id = create(&konnect, "global", "a").await;
    let one = format!("/global/v3/audit-log-destinations/{id}");
    let stale = |times| {
        FaultRule::new(Fault::Stale)
            .method("GET")
            .path_end(&id)
            .times(times)
    };
    let first = get(&konnect, &one).await.json();
    let second = call(&konnect, "PATCH", &one, json!({"name": "b"})).await.json();
    // Changes of other objects do not matter.
    create(&konnect, "global", "other").await;
    konnect.inject(stale(2)).unwrap();
    for expected in [&first, &first, &second] {
        assert_eq!(get(&konnect, &one).await.json(), *expected);
    }
    call(&konnect, "DELETE", &one, Value::Null).await;
    konnect.inject(stale(1)).unwrap();
    assert_eq!(get(&konnect, &one).await.json(), second);
    get(&konnect, &one).await.problem(404);
    // A new object is not found at first.
    let new = create(&konnect, "global", "c").await;
    let path = format!("/global/v3/audit-log-destinations/{new}");
    konnect.inject(FaultRule::new(Fault::Stale)).unwrap();
    get(&konnect, &path).await.problem(404);
    // A request that changes something is not affected.
    konnect.inject(FaultRule::new(Fault::Stale)).unwrap();
    assert_eq!(
        call(&konnect, "PATCH", &path, json!({"name": "d"})).await.json()["name"],
        "d"
    );
}
