//! Which calls are retried, and how often.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::calls::v3;
use crate::tests::server::{Reply, Server, client, json, problem, response};
use crate::tests::{DESTINATION, eu, id, new_destination};
use crate::{DestinationChanges, DestinationWebhookChanges, Error, ErrorKind, Outcome};

const PROBLEM: &str = r#"{"title": "Broken"}"#;

fn again() -> Reply {
    response(503, "Retry-After: 0\r\n", PROBLEM)
}

async fn create(server: &Server) -> Result<(), Error> {
    v3::create_destination(&server.client(), &eu(), &new_destination())
        .await
        .map(drop)
}

#[tokio::test]
async fn retry_reads_and_changes_until_success() {
    let server = Server::start([
        json(500, PROBLEM),
        Reply::Close,
        json(429, PROBLEM),
        again(),
        json(200, DESTINATION),
        json(502, PROBLEM),
        json(200, DESTINATION),
        Reply::Close,
        response(204, "", ""),
    ])
    .await;
    let client = server.client();
    assert_eq!(
        v3::get_destination(&client, &eu(), &id()).await.unwrap().name,
        "n"
    );
    assert_eq!(server.requests().len(), 5);
    v3::update_destination(&client, &eu(), &id(), &DestinationChanges::default())
        .await
        .unwrap();
    v3::delete_webhook(&client, &eu()).await.unwrap();
    let lines: Vec<_> = server
        .requests()
        .into_iter()
        .skip(5)
        .map(|request| request.line)
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[3], "DELETE /v3/audit-log-webhook HTTP/1.1");
}

#[tokio::test]
async fn retry_incomplete_rejection() {
    let cut = || Reply::Bytes(b"HTTP/1.1 404 X\r\nContent-Length: 100\r\n\r\n{\"detail\"".to_vec());
    let whole = || {
        response(
            404,
            "Content-Type: application/problem+json\r\n",
            r#"{"status": 404, "title": "No", "instance": "kong:trace:1"}"#,
        )
    };
    let server = Server::start([cut(), whole()]).await;
    let error = v3::get_destination(&server.client(), &eu(), &id())
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
    // If every response breaks off, the status decides. A creation was rejected in any case.
    let server = Server::start([cut(), cut()]).await;
    let client = client(&server.url, |options| options.max_retries = 1);
    let error = v3::get_destination(&client, &eu(), &id()).await.unwrap_err();
    assert_eq!((error.status(), error.is_not_found()), (Some(404), false));
    let server = Server::start([cut()]).await;
    let error = create(&server).await.unwrap_err();
    assert_eq!((error.outcome(), server.requests().len()), (Outcome::Refused, 1));
}

#[tokio::test]
async fn retry_ends_at_the_limit() {
    let server = Server::start((0..9).map(|_| json(500, PROBLEM))).await;
    let client = client(&server.url, |options| options.max_retries = 2);
    let error = v3::get_webhook(&client, &eu()).await.unwrap_err();
    assert_eq!(
        (error.attempts(), error.status(), server.requests().len()),
        (3, Some(500), 3)
    );
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(!error.may_have_happened(), "a read changes nothing");
    assert!(error.to_string().contains("3 attempts"), "{error}");
}

#[tokio::test]
async fn rejection_is_not_retried() {
    for status in [400, 401, 403, 404, 409, 413, 418] {
        let server = Server::start([problem(status)]).await;
        let error = v3::get_webhook(&server.client(), &eu()).await.unwrap_err();
        assert_eq!(
            (error.status(), error.outcome()),
            (Some(status), Outcome::Refused)
        );
        assert_eq!(server.requests().len(), 1);
        assert_eq!(error.is_not_found(), status == 404);
    }
}

#[tokio::test]
async fn post_possibly_handled_is_not_retried() {
    let cut = "HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{\"id\": \"";
    for reply in [
        json(500, PROBLEM),
        again(),
        Reply::Close,
        Reply::Bytes(b"HTTP/1.1 2".to_vec()),
        Reply::Bytes(cut.into()),
    ] {
        let server = Server::start([reply, json(201, DESTINATION)]).await;
        let error = create(&server).await.unwrap_err();
        assert_eq!(server.requests().len(), 1, "{error}");
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        assert!(
            error.may_have_happened() && error.to_string().contains("may have been applied"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn post_not_handled_is_retried() {
    let server = Server::start([
        json(429, PROBLEM),
        response(429, "Retry-After: 0\r\n", ""),
        json(201, DESTINATION),
    ])
    .await;
    create(&server).await.unwrap();
    let bodies: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.body)
        .collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[0] == bodies[2] && bodies[0].contains("s3cret"));
}

#[tokio::test]
async fn post_without_connection_is_retried() {
    // A bound port that does not listen: other programs cannot use it, and it refuses connections.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let client = client(&url, |options| options.max_retries = 2);
    let error = v3::create_destination(&client, &eu(), &new_destination())
        .await
        .unwrap_err();
    assert_eq!(
        (error.attempts(), error.outcome()),
        (3, Outcome::NotSent),
        "{error}"
    );
    assert!(!error.may_have_happened());
}

#[tokio::test]
async fn retry_after_above_the_limit_is_reported() {
    let server = Server::start([response(429, "Retry-After: 3600\r\n", PROBLEM)]).await;
    let error = v3::get_webhook(&server.client(), &eu()).await.unwrap_err();
    assert_eq!(error.asked_wait(), Some(Duration::from_hours(1)));
    assert!(
        error.to_string().contains("3600 s") && error.advice().contains("3600 s"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn retry_after_date_follows_the_server_clock() {
    let headers = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 09:49:37 GMT\r\n";
    let server = Server::start([response(503, headers, PROBLEM)]).await;
    let error = v3::get_webhook(&server.client(), &eu()).await.unwrap_err();
    assert_eq!(error.asked_wait(), Some(Duration::from_hours(1)));
}

#[tokio::test]
async fn stop_before_a_call_sends_nothing() {
    let server = Server::start([]).await;
    let client = client(&server.url, |options| options.stop.cancel());
    let error = v3::create_destination(&client, &eu(), &new_destination())
        .await
        .unwrap_err();
    assert!(
        error.is_interrupted() && error.outcome() == Outcome::NotSent,
        "{error}"
    );
    assert_eq!((error.attempts(), server.requests().len()), (0, 0));
}

#[tokio::test]
async fn stop_ends_a_wait() {
    let stop = CancellationToken::new();
    let reply = response(503, "Retry-After: 60\r\n", r#"{"detail": "down for repair"}"#);
    let server = Server::start([Reply::Cancel(stop.clone(), Box::new(reply)), json(200, "{}")]).await;
    let client = client(&server.url, |options| options.stop = stop);
    let changes = DestinationWebhookChanges {
        enabled: Some(true),
        ..Default::default()
    };
    let error = v3::update_webhook(&client, &eu(), &changes).await.unwrap_err();
    assert!(error.is_interrupted(), "{error}");
    assert!(error.to_string().contains("503"), "{error}");
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    assert!(error.may_have_happened(), "the 503 leaves it open");
}

#[tokio::test]
async fn stop_request_in_flight_completes() {
    let stop = CancellationToken::new();
    let server = Server::start([Reply::Cancel(stop.clone(), Box::new(json(201, DESTINATION)))]).await;
    let client = client(&server.url, |options| options.stop = stop.clone());
    assert!(
        v3::create_destination(&client, &eu(), &new_destination())
            .await
            .is_ok()
    );
    assert!(stop.is_cancelled());
}

#[tokio::test]
async fn missing_response_times_out() {
    let server = Server::start([Reply::Silence]).await;
    let client = client(&server.url, |options| {
        options.request_timeout = Duration::from_millis(200);
        options.max_retries = 0;
    });
    let error = v3::create_destination(&client, &eu(), &new_destination())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::TimedOut {
                connecting: false,
                ..
            }
        ),
        "{error}"
    );
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn retry_after_above_the_limit_keeps_other_calls_from_being_sent() {
    let server = Server::start([
        response(429, "Retry-After: 3600\r\n", PROBLEM),
        json(200, DESTINATION),
    ])
    .await;
    let client = server.client();
    v3::get_webhook(&client, &eu()).await.unwrap_err();
    let error = v3::get_destination(&client, &eu(), &id()).await.unwrap_err();
    assert_eq!((error.attempts(), error.outcome()), (0, Outcome::NotSent));
    assert!(error.advice().contains("wait 3600 s"), "{error}");
    assert_eq!(server.requests().len(), 1);
}
