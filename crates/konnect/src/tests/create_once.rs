//! Creations whose response is lost: the client searches for the destination, and creates it again only if it finds
//! none.

use std::time::{Duration, SystemTime};

use crate::tests::server::{Reply, Server, client, json, response};
use crate::tests::{eu, new_destination};
use crate::{CreateError, CreatedDestination, Creations, DestinationId, Duplicates};

const OTHER: &str = "11111111-2222-4333-8444-555555555555";
const OURS: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

/// The list item of the destination that `new_destination` describes, created this many seconds from now.
fn listed(id: &str, seconds: i64) -> String {
    let offset = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let created = if seconds < 0 { now - offset } else { now + offset };
    let created = humantime::format_rfc3339_millis(created);
    let new = new_destination();
    format!(
        r#"{{"id": "{id}", "name": "{}", "endpoint": "{}", "log_format": "{}", "created_at": "{created}"}}"#,
        new.settings.name,
        new.settings.endpoint,
        new.settings.log_format.as_str()
    )
}

/// A list from a server whose clock differs by this many seconds.
fn list(items: &[String], clock: i64) -> Reply {
    let offset = Duration::from_secs(clock.unsigned_abs());
    let now = SystemTime::now();
    let date = httpdate::fmt_http_date(if clock < 0 { now - offset } else { now + offset });
    let body = format!(r#"{{"data": [{}], "meta": {{"next": null}}}}"#, items.join(","));
    response(
        200,
        &format!("Date: {date}\r\nContent-Type: application/json\r\n"),
        &body,
    )
}

async fn create(replies: Vec<Reply>) -> (Result<CreatedDestination, CreateError>, Vec<String>) {
    let server = Server::start(replies).await;
    let result = Creations::default()
        .create_destination(&server.client(), &eu(), &new_destination(), |_| false)
        .await;
    let methods = server
        .requests()
        .iter()
        .map(|a| a.line.split(' ').next().unwrap().to_owned())
        .collect();
    (result, methods)
}

#[tokio::test]
async fn create_lost_response_finds_the_destination() {
    let lost = [
        Reply::Close,
        json(500, "{}"),
        json(201, ""),
        json(201, r#"{"ok": true}"#),
        response(200, "Content-Type: text/html\r\n", "<p>Welcome</p>"),
        Reply::Bytes(b"HTTP/1.1 201 X\r\nContent-Length: 100\r\n\r\n{".to_vec()),
    ];
    for lost in lost {
        let (result, methods) = create(vec![lost, list(&[listed(OURS, 0)], 0)]).await;
        assert_eq!(result.unwrap().destination.id.as_str(), OURS);
        assert_eq!(methods, ["POST", "GET"]);
    }
}

#[tokio::test]
async fn create_lost_response_without_destination_creates_again() {
    let older = listed(OTHER, -3600);
    let empty = || list(std::slice::from_ref(&older), 0);
    let replies = vec![
        Reply::Close,
        empty(),
        empty(),
        json(201, &listed(OURS, 0)),
        empty(),
    ];
    let (result, methods) = create(replies).await;
    let created = result.unwrap();
    assert_eq!(
        (created.destination.id.as_str(), created.duplicates),
        (OURS, Duplicates::None)
    );
    assert_eq!(methods, ["POST", "GET", "GET", "POST", "GET"]);
}

#[tokio::test]
async fn create_late_duplicate_is_reported() {
    let late = list(&[listed(OTHER, 0), listed(OURS, 0)], 0);
    let replies = vec![
        json(504, "{}"),
        list(&[], 0),
        list(&[], 0),
        json(201, &listed(OURS, 0)),
        late,
    ];
    let created = create(replies).await.0.unwrap();
    assert_eq!(created.destination.id.as_str(), OURS);
    assert_eq!(
        created.duplicates,
        Duplicates::Found(vec![DestinationId::parse(OTHER).unwrap()])
    );
}

#[tokio::test]
async fn create_age_is_decided_by_the_server_clock() {
    // The server's clock is an hour behind, and so is the creation time.
    let (result, _) = create(vec![Reply::Close, list(&[listed(OURS, -3600)], -3600)]).await;
    assert_eq!(result.unwrap().destination.id.as_str(), OURS);
    // The destination is older by the server's clock only: its age is uncertain.
    let (result, methods) = create(vec![Reply::Close, list(&[listed(OURS, 0)], 3600)]).await;
    assert!(matches!(result, Err(CreateError::Several { ref candidates, .. }) if candidates.len() == 1));
    assert_eq!(methods, ["POST", "GET"]);

    let two = list(&[listed(OURS, 0), listed(OTHER, 0)], 0);
    let error = create(vec![Reply::Close, two]).await.0.unwrap_err();
    assert!(
        error.to_string().contains(OURS) && error.to_string().contains(OTHER),
        "{error}"
    );
}

#[tokio::test]
async fn create_rejected_or_failed_search_is_an_error() {
    let (result, methods) = create(vec![json(400, "{}")]).await;
    assert!(matches!(result, Err(CreateError::Failed(_))));
    assert_eq!(methods, ["POST"]);
    let (result, methods) = create(vec![Reply::Close, json(403, "{}")]).await;
    assert!(matches!(result, Err(CreateError::Unknown { .. })));
    assert_eq!(methods, ["POST", "GET"]);
}

#[tokio::test]
async fn create_lost_response_finds_an_endpoint_in_another_form() {
    let found = listed(OURS, 0).replace("https://e.example", "https://E.example:443/");
    let (result, methods) = create(vec![Reply::Close, list(&[found], 0)]).await;
    assert_eq!(result.unwrap().destination.id.as_str(), OURS);
    assert_eq!(methods, ["POST", "GET"]);
}

#[tokio::test]
async fn create_every_response_lost_gives_up() {
    // Without retries, and with the default of four.
    for (retries, creations) in [(0, 3), (4, 5)] {
        let replies = (0..creations).flat_map(|_| [json(500, "{}"), list(&[], 0), list(&[], 0)]);
        let server = Server::start(replies).await;
        let client = client(&server.url, |options| options.max_retries = retries);
        let error = Creations::default()
            .create_destination(&client, &eu(), &new_destination(), |_| false)
            .await
            .unwrap_err();
        let CreateError::AttemptsExhausted { create_error } = error else {
            panic!("{error}")
        };
        assert_eq!(
            (create_error.status(), create_error.attempts()),
            (Some(500), creations)
        );
        let requests = server.requests();
        assert_eq!(
            requests.iter().filter(|a| a.line.starts_with("POST")).count(),
            creations as usize
        );
    }
}

#[tokio::test]
async fn create_destination_claimed_by_another_creates_again() {
    // Both responses contain the destination that the first creation has claimed.
    let replies = [
        Reply::Close,
        list(&[listed(OURS, 0)], 0),
        json(201, &listed(OURS, 0)),
    ];
    let server = Server::start(
        replies
            .into_iter()
            .chain([json(201, &listed(OTHER, 0)), list(&[], 0)]),
    )
    .await;
    let client = server.client();
    let creations = Creations::default();
    let first = creations
        .create_destination(&client, &eu(), &new_destination(), |_| false)
        .await
        .unwrap();
    let second = creations
        .create_destination(&client, &eu(), &new_destination(), |_| false)
        .await
        .unwrap();
    assert_eq!(
        (first.destination.id.as_str(), second.destination.id.as_str()),
        (OURS, OTHER)
    );
}

#[tokio::test]
async fn create_two_lost_responses_find_different_destinations() {
    let found = || list(&[listed(OURS, 0)], 0);
    let again = || json(201, &listed(OTHER, 0));
    let server = Server::start([
        Reply::Close,
        found(),
        Reply::Close,
        found(),
        found(),
        again(),
        found(),
    ])
    .await;
    let client = server.client();
    let creations = Creations::default();
    let first = creations
        .create_destination(&client, &eu(), &new_destination(), |_| false)
        .await
        .unwrap();
    let second = creations
        .create_destination(&client, &eu(), &new_destination(), |_| false)
        .await
        .unwrap();
    assert_eq!(
        (first.destination.id.as_str(), second.destination.id.as_str()),
        (OURS, OTHER)
    );
}

#[tokio::test]
async fn create_known_destination_is_ignored() {
    let replies = [
        Reply::Close,
        list(&[listed(OTHER, 0)], 0),
        list(&[listed(OTHER, 0), listed(OURS, 0)], 0),
    ];
    let server = Server::start(replies).await;
    let other = DestinationId::parse(OTHER).unwrap();
    let created = Creations::default()
        .create_destination(&server.client(), &eu(), &new_destination(), |id| *id == other)
        .await;
    assert_eq!(created.unwrap().destination.id.as_str(), OURS);
}
