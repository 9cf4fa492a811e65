//! Start and stop, and the common rules of all calls.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use jiff::fmt::rfc2822::DateTimeParser;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::organization::clock;
use crate::tests::{TOKEN, new_destination, start};
use crate::{Conditions, Emulator, EmulatorOptions, Fault, FaultRule};

#[tokio::test]
async fn token_unknown_form_is_unauthorized() {
    let konnect = start().await;
    let path = "/v3/audit-log-destinations";
    for wrong in [
        "Bearer",
        "Bearer ",
        "Bearer secret",
        "Basic kpat_x",
        "kpat_x",
        "Bearer Kpat_x",
    ] {
        konnect
            .get_with(path, &[("authorization", wrong)])
            .await
            .problem(401);
    }
    // Without a token, the body is not validated.
    konnect.send("POST", path, &[], b"{").await.problem(401);
    for right in ["Bearer kpat_x", "Bearer spat_x", "bearer kpat_"] {
        konnect.get_with(path, &[("authorization", right)]).await.is(200);
    }
}

#[tokio::test]
async fn route_or_method_undeclared_is_refused() {
    let konnect = start().await;
    let calls = json!([
        ["GET", "/", null, 404],
        ["GET", "/eu", null, 404],
        ["GET", "/v3", null, 404],
        ["GET", "/v1/audit-log-webhook", null, 404],
        ["GET", "/eu/eu/v3/audit-log-webhook", null, 404],
        ["GET", "/v3/audit-log-webhook/", null, 404],
        ["GET", "/v4/audit-log-webhook", null, 404],
        ["GET", "/v3/audit-log-destinations/", null, 404],
        ["GET", "/v3/audit-log-webhook/jwks.json", null, 404],
        ["GET", "/global/v2/organizations/me", null, 404],
        ["GET", "/v3/portals//audit-log-webhook", null, 404],
        ["GET", "/v3/portals/", null, 404],
        ["GET", "/v3/control-planes", null, 404],
        ["GET", "/global/v2/available-regions", null, 404],
        ["DELETE", "/v3/audit-log-destinations", {}, 405],
        ["PUT", "/v2/audit-log-destinations/x", {}, 405],
        ["POST", "/v3/audit-log-webhook", {}, 405],
    ]);
    konnect.run(calls).await;
    let reply = konnect
        .patch("/v2/audit-log-webhook/status", json!({}))
        .await
        .is(405);
    assert_eq!(reply.headers["allow"], "GET");
}

#[tokio::test]
async fn body_above_1_mib_is_refused() {
    let konnect = start().await;
    let headers = [("authorization", TOKEN), ("content-type", "application/json")];
    let path = "/v3/audit-log-destinations";
    let mut body = vec![b' '; 1024 * 1024];
    let reply = konnect.send("POST", path, &headers, &body).await;
    assert_eq!(reply.faulty_fields(), ["body"]);
    body.push(b' ');
    konnect.send("POST", path, &headers, &body).await.problem(413);
    assert_eq!(konnect.requests()[1].status, Some(413));
}

#[tokio::test]
async fn body_incomplete_is_refused() {
    let konnect = start().await;
    let head = "PATCH /eu/v2/audit-log-webhook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    let mut stream = TcpStream::connect(konnect.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    while konnect.requests().is_empty() || konnect.requests()[0].status.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(konnect.requests()[0].status, Some(400));
}

#[tokio::test]
async fn start_port_in_use_fails() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = EmulatorOptions {
        port: taken.local_addr().unwrap().port(),
        ..EmulatorOptions::default()
    };
    let error = Emulator::start(options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[tokio::test]
async fn stop_request_in_flight_frees_port() {
    let konnect = start().await;
    assert_eq!(konnect.url(), format!("http://{}", konnect.address()));
    let address = konnect.address();
    let drip = Fault::Drip { interval_ms: 1 };
    konnect.inject(FaultRule::new(drip)).unwrap();
    let mut endless = konnect.open("GET", "/v3/x", &[], b"").await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    endless.read_u8().await.unwrap();
    konnect.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert!(matches!(idle.read(&mut [0]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn drop_closes_connections() {
    let konnect = start().await;
    let mut idle = TcpStream::connect(konnect.address()).await.unwrap();
    drop(konnect);
    assert!(matches!(idle.read(&mut [0]).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn latency_and_delay_apply_to_the_api_only() {
    let konnect = start().await;
    let slow = |latency_ms| Conditions {
        latency_ms,
        ..Conditions::default()
    };
    let wait = Duration::from_millis(120);
    konnect.set_conditions(slow(120)).unwrap();
    konnect.inject(FaultRule::new(Fault::Delay { ms: 120 })).unwrap();
    for wait in [2 * wait, wait] {
        let before = Instant::now();
        assert_eq!(konnect.get("/v2/audit-log-webhook").await.status, 200);
        assert!(before.elapsed() >= wait);
    }

    // A delayed control call would delay the test for an hour.
    konnect.set_conditions(slow(3_600_000)).unwrap();
    assert_eq!(konnect.get("/_emulator/state").await.status, 200);
}

#[tokio::test]
async fn clock_offset_applies_to_all_times() {
    let options = EmulatorOptions {
        clock_offset_seconds: -86_400,
        ..EmulatorOptions::default()
    };
    let konnect = Emulator::start(options).await.unwrap();
    let list = "/eu/v3/audit-log-destinations";
    for _ in 0..2 {
        let made = konnect.post(list, new_destination("a")).await.is(201);
        let created = made.json()["created_at"].as_str().and_then(clock::parse_rfc3339);
        let date = DateTimeParser::new().parse_timestamp(&made.headers["date"]);
        let yesterday = clock::Clock::default().now_ms() - 86_400_000;
        for at in [created.unwrap(), date.unwrap().as_millisecond()] {
            assert!((yesterday - at).abs() < 3_600_000, "{at}");
        }
        konnect.reset();
    }
}
