//! The request and the result of each call.

use std::time::Duration;

use serde_json::{Value, json as value};

use crate::calls::{v2, v3};
use crate::tests::server::{Reply, Server, TOKEN, client, json, response};
use crate::tests::{DESTINATION, ID, eu, id, new_destination};
use crate::{
    Authorization, DestinationChanges, DestinationWebhookChanges, EndpointWebhookChanges, ErrorKind,
    ListQuery, NameFilter, Outcome, Region, WebhookState,
};

#[tokio::test]
async fn calls_send_their_method_path_and_body() {
    let webhook2 = r#"{"enabled": true, "endpoint": "https://e.example"}"#;
    let webhook3 = r#"{"enabled": true, "audit_log_destination_id": ""}"#;
    let status = r#"{"webhook_enabled": false, "webhook_status": "unconfigured"}"#;
    let server = Server::start([
        json(201, DESTINATION),
        json(200, DESTINATION),
        json(200, DESTINATION),
        response(204, "", ""),
        json(200, webhook2),
        json(200, webhook2),
        json(200, status),
        json(200, webhook3),
        json(200, webhook3),
        response(204, "", ""),
    ])
    .await;
    let (client, eu, id) = (server.client(), eu(), id());

    v3::create_destination(&client, &eu, &new_destination())
        .await
        .unwrap();
    v3::get_destination(&client, &eu, &id).await.unwrap();
    let changes = DestinationChanges {
        authorization: Some(Authorization::parse("Bearer x").unwrap()),
        ..DestinationChanges::default()
    };
    v3::update_destination(&client, &eu, &id, &changes).await.unwrap();
    v3::delete_destination(&client, &eu, &id).await.unwrap();
    assert_eq!(
        v2::get_webhook(&client, &eu).await.unwrap().endpoint.as_deref(),
        Some("https://e.example")
    );
    let off = EndpointWebhookChanges {
        enabled: Some(false),
        ..EndpointWebhookChanges::default()
    };
    v2::update_webhook(&client, &eu, &off).await.unwrap();
    let state = v3::get_webhook_status(&client, &eu).await.unwrap().webhook_status;
    assert_eq!(state, WebhookState::Unconfigured);
    assert_eq!(
        v3::get_webhook(&client, &eu)
            .await
            .unwrap()
            .audit_log_destination_id,
        None
    );
    let on = DestinationWebhookChanges {
        audit_log_destination_id: Some(id),
        enabled: Some(true),
        ..DestinationWebhookChanges::default()
    };
    v3::update_webhook(&client, &eu, &on).await.unwrap();
    v3::delete_webhook(&client, &eu).await.unwrap();

    let requests = server.requests();
    let lines: Vec<_> = requests
        .iter()
        .map(|request| request.line.trim_end_matches(" HTTP/1.1"))
        .collect();
    assert_eq!(
        lines,
        [
            "POST /v3/audit-log-destinations",
            &format!("GET /v3/audit-log-destinations/{ID}"),
            &format!("PATCH /v3/audit-log-destinations/{ID}"),
            &format!("DELETE /v3/audit-log-destinations/{ID}"),
            "GET /v2/audit-log-webhook",
            "PATCH /v2/audit-log-webhook",
            "GET /v3/audit-log-webhook/status",
            "GET /v3/audit-log-webhook",
            "PATCH /v3/audit-log-webhook",
            "DELETE /v3/audit-log-webhook",
        ]
    );
    let body = |index: usize| serde_json::from_str::<Value>(&requests[index].body).unwrap();
    assert_eq!(
        body(0),
        value!({"name": "n", "endpoint": "https://e.example", "log_format": "cef", "skip_ssl_verification": false,
                "authorization": crate::tests::AUTHORIZATION})
    );
    assert_eq!(body(2), value!({"authorization": "Bearer x"}));
    assert_eq!(body(5), value!({"enabled": false}));
    assert_eq!(body(8), value!({"audit_log_destination_id": ID, "enabled": true}));
    for request in &requests {
        let head = request.head.to_ascii_lowercase();
        assert!(request.head.contains(&format!("Bearer {TOKEN}")), "{head}");
        assert!(head.contains("user-agent: konnect-audit-log-client/"), "{head}");
        assert_eq!(
            head.contains("content-type: application/json"),
            !request.body.is_empty(),
            "{head}"
        );
    }
}

#[tokio::test]
async fn server_url_with_region_in_path_is_used() {
    let server = Server::start([json(404, "{}")]).await;
    let client = client(&format!("{}/konnect/{{region}}/", server.url), |_| {});
    let error = v3::get_webhook(&client, &Region::global()).await.unwrap_err();
    assert_eq!(
        server.requests()[0].line,
        "GET /konnect/global/v3/audit-log-webhook HTTP/1.1"
    );
    assert_eq!(error.path(), "/konnect/global/v3/audit-log-webhook");
}

#[tokio::test]
async fn region_of_another_server_url_is_rejected_before_any_request() {
    let client = client("https://us.api.konghq.com", |_| {});
    let error = v3::get_webhook(&client, &eu()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Region(_)), "{error}");
    assert_eq!((error.outcome(), error.attempts()), (Outcome::NotSent, 0));
    assert!(error.to_string().contains("{region}"), "{error}");
}

fn page(next: &str) -> Reply {
    json(
        200,
        &format!(r#"{{"data": [{DESTINATION}], "meta": {{"next": {next}, "previous": null, "size": 1}}}}"#),
    )
}

#[tokio::test]
async fn first_destinations_sends_every_query_parameter() {
    let server = Server::start([page("null")]).await;
    let query = ListQuery {
        size: Some(1),
        after: Some("a/+=".into()),
        name: Some(NameFilter::Equals("my name&x".into())),
    };
    let found = v3::first_destinations(&server.client(), &eu(), &query, 9, |_| true)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let line = server.requests()[0].line.clone();
    let target = line.split(' ').nth(1).unwrap();
    let url = url::Url::parse(&format!("http://x{target}")).unwrap();
    assert_eq!(url.path(), "/v3/audit-log-destinations");
    let parameters: Vec<_> = url
        .query_pairs()
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    let expected = [
        ("page[size]", "1"),
        ("page[after]", "a/+="),
        ("filter[name][eq]", "my name&x"),
    ];
    assert_eq!(parameters, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
}

#[tokio::test]
async fn all_destinations_reads_every_page() {
    let server = Server::start([
        page(r#""/x?page[after]=b""#),
        page(r#""/x?page%5Bafter%5D=c""#),
        json(200, r#"{"data": null, "meta": {"next": null}}"#),
    ])
    .await;
    let query = ListQuery {
        name: Some(NameFilter::Contains("n".into())),
        ..ListQuery::default()
    };
    let all = v3::all_destinations(&server.client(), &eu(), &query)
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
    let requests = server.requests();
    assert!(
        requests[2].line.contains("page%5Bafter%5D=c"),
        "{}",
        requests[2].line
    );
    assert!(
        requests
            .iter()
            .all(|request| request.line.contains("filter%5Bname%5D%5Bcontains%5D=n"))
    );
}

#[tokio::test]
async fn all_destinations_repeated_page_is_an_error() {
    let server = Server::start([
        page(r#""/x?page[after]=b""#),
        page(r#""/x?page[after]=c""#),
        page(r#""/x?page[after]=b""#),
    ])
    .await;
    let error = v3::all_destinations(&server.client(), &eu(), &ListQuery::default())
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::EndlessPages { .. }), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn all_destinations_after_the_time_limit_requests_no_further_page() {
    let server = Server::start([page(r#""/x?page[after]=b""#), page("null")]).await;
    let client = client(&server.url, |options| options.list_timeout = Duration::ZERO);
    let error = v3::all_destinations(&client, &eu(), &ListQuery::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("takes longer than 0 s"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn all_destinations_next_page_without_cursor_is_an_error() {
    let server = Server::start([page(r#""/x?page[number]=2""#)]).await;
    let error = v3::all_destinations(&server.client(), &eu(), &ListQuery::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("page[number]=2"), "{error}");
}

#[tokio::test]
async fn server_time_after_a_response_follows_its_date() {
    let reply = response(
        200,
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        r#"{"enabled": false}"#,
    );
    let server = Server::start([reply]).await;
    let client = server.client();
    assert_eq!(client.server_time(), None);
    v3::get_webhook(&client, &eu()).await.unwrap();
    let date = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
    let since = client.server_time().unwrap().duration_since(date).unwrap();
    assert!(since < Duration::from_hours(1), "{since:?}");
}

#[tokio::test]
async fn server_time_ignores_a_date_that_no_server_has() {
    for date in ["Thu, 01 Jan 1970 00:00:10 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let reply = response(200, &format!("Date: {date}\r\n"), r#"{"enabled": false}"#);
        let server = Server::start([reply]).await;
        let client = server.client();
        v3::get_webhook(&client, &eu()).await.unwrap();
        assert_eq!(client.server_time(), None, "{date}");
    }
}

#[tokio::test]
async fn write_generation_counts_the_beginning_and_end_of_writes_only() {
    let server = Server::start([json(200, DESTINATION), json(200, r#"{"enabled": true}"#)]).await;
    let (client, eu) = (server.client(), eu());
    v3::get_destination(&client, &eu, &id()).await.unwrap();
    assert_eq!(client.write_generation(), 0);
    let changes = DestinationWebhookChanges::default();
    let mut write = Box::pin(v3::update_webhook(&client, &eu, &changes));
    assert!(futures_util::poll!(&mut write).is_pending());
    assert_eq!(client.write_generation(), 1);
    write.await.unwrap();
    assert_eq!(client.write_generation(), 2);
}

#[tokio::test]
async fn write_generation_dropped_write_counts_as_ended() {
    let server = Server::start([Reply::Silence]).await;
    let (client, eu) = (server.client(), eu());
    let changes = DestinationWebhookChanges::default();
    let mut write = Box::pin(v3::update_webhook(&client, &eu, &changes));
    assert!(futures_util::poll!(&mut write).is_pending());
    drop(write);
    assert_eq!(client.write_generation(), 2);
    // A client for clean-up counts its writes with this one.
    let after = client.after_stop();
    assert_eq!(after.write_generation(), 2);
}
