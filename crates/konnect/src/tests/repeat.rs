//! Calls that Konnect rejects for a while are repeated on a schedule.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::calls::v3;
use crate::tests::server::{Reply, Server, client, problem, response};
use crate::tests::{eu, id};
use crate::{Client, Error, RepeatSchedule, repeat_while};

/// A schedule without waits.
fn at_once(limit: Duration) -> RepeatSchedule {
    RepeatSchedule {
        first_wait: Duration::ZERO,
        longest_wait: Duration::ZERO,
        limit,
    }
}

async fn delete_when_unused(client: &Client, schedule: RepeatSchedule) -> Result<(), Error> {
    let delete = || async { v3::delete_destination(client, &eu(), &id()).await };
    repeat_while(client, schedule, Error::is_conflict, delete).await
}

fn minute() -> RepeatSchedule {
    at_once(Duration::from_mins(1))
}

#[tokio::test]
async fn delete_destination_in_use_is_repeated_until_unused() {
    let server = Server::start([problem(409), problem(409), response(204, "", "")]).await;
    delete_when_unused(&server.client(), minute()).await.unwrap();
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn delete_destination_other_error_is_not_repeated() {
    let server = Server::start([problem(409), problem(403), response(204, "", "")]).await;
    let error = delete_when_unused(&server.client(), minute()).await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    assert_eq!((error.attempts(), server.requests().len()), (2, 2), "{error}");
}

#[tokio::test]
async fn delete_destination_at_the_limit_returns_the_conflict() {
    let server = Server::start([problem(409)]).await;
    let schedule = at_once(Duration::ZERO);
    let error = delete_when_unused(&server.client(), schedule).await.unwrap_err();
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
    let error = delete_when_unused(&client, schedule).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!(server.requests().len(), 1);
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
    let result: Result<(), _> = repeat_while(
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
