//! Calls that Konnect rejects for a while are repeated on a schedule.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::api::v3;
use crate::tests::server::{Reply, Server, client, json, response};
use crate::tests::{eu, id, portal_id};
use crate::{DestinationWebhookChanges, RepeatSchedule};

const WEBHOOK: &str =
    r#"{"enabled": true, "audit_log_destination_id": "6945c4c4-3e06-4c5c-87e0-726d0cda4e05"}"#;

fn problem(status: u16) -> Reply {
    json(status, &format!(r#"{{"status": {status}, "title": "x"}}"#))
}

/// A schedule without waits.
fn at_once(limit: Duration) -> RepeatSchedule {
    RepeatSchedule {
        first_wait: Duration::ZERO,
        longest_wait: Duration::ZERO,
        limit,
    }
}

fn minute() -> RepeatSchedule {
    at_once(Duration::from_mins(1))
}

#[tokio::test]
async fn delete_destination_in_use_is_repeated_until_unused() {
    let server = Server::start([problem(409), problem(409), response(204, "", "")]).await;
    v3::delete_destination_when_unused(&server.client(), &eu(), &id(), minute())
        .await
        .unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn delete_destination_other_error_is_not_repeated() {
    let server = Server::start([problem(409), problem(403), response(204, "", "")]).await;
    let error = v3::delete_destination_when_unused(&server.client(), &eu(), &id(), minute())
        .await
        .unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn delete_destination_at_the_limit_returns_the_conflict() {
    let server = Server::start([problem(409)]).await;
    let schedule = at_once(Duration::ZERO);
    let error = v3::delete_destination_when_unused(&server.client(), &eu(), &id(), schedule)
        .await
        .unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn delete_destination_stop_ends_the_wait_with_the_conflict() {
    let stop = CancellationToken::new();
    let reply = Reply::Cancel(stop.clone(), Box::new(problem(409)));
    let server = Server::start([reply, response(204, "", "")]).await;
    let client = client(&server.url, |options| options.stop = stop);
    let schedule = RepeatSchedule::DESTINATION_IN_USE;
    let error = v3::delete_destination_when_unused(&client, &eu(), &id(), schedule)
        .await
        .unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn update_webhook_new_destination_is_repeated_until_known() {
    let changes = DestinationWebhookChanges {
        audit_log_destination_id: Some(id()),
        enabled: Some(true),
    };
    let replies = || [problem(404), problem(404), json(200, WEBHOOK)];
    let server = Server::start(replies()).await;
    v3::update_webhook_to_new_destination(&server.client(), &eu(), &changes, minute())
        .await
        .unwrap();
    assert_eq!(server.requests().len(), 3);

    let server = Server::start(replies()).await;
    let portal = portal_id();
    v3::update_portal_webhook_to_new_destination(&server.client(), &eu(), &portal, &changes, minute())
        .await
        .unwrap();
    let last = server.requests().pop().unwrap().line;
    assert_eq!(
        last,
        format!("PATCH /v3/portals/{portal}/audit-log-webhook HTTP/1.1")
    );
}

#[tokio::test(start_paused = true)]
async fn repeat_while_waits_double_up_to_the_longest() {
    let client = client("http://127.0.0.1:1", |options| options.stop.cancel());
    // The client is stopped, so that each call fails without a request.
    let failure = v3::get_webhook(&client, &eu()).await.unwrap_err();
    let running = crate::tests::server::client("http://127.0.0.1:1", |_| {});
    let began = tokio::time::Instant::now();
    let times = std::sync::Mutex::new(Vec::new());
    let schedule = RepeatSchedule::DESTINATION_IN_USE;
    let result: Result<(), _> = crate::repeat_while(
        &running,
        schedule,
        |_| true,
        || {
            times.lock().unwrap().push(began.elapsed().as_millis());
            let failure = failure.clone();
            async move { Err(failure) }
        },
    )
    .await;
    assert!(result.is_err());
    let times = times.into_inner().unwrap();
    assert_eq!(times[..6], [0, 500, 1_500, 3_500, 7_500, 12_500]);
    assert_eq!(times.last(), Some(&60_000));
}
