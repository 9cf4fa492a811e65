//! The calls for Dev Portals, replay jobs, past events, signing keys and the organization.

use std::num::NonZeroU32;

use serde_json::{Value, json as value};

use crate::calls::{v2, v3};
use crate::tests::server::{ReceivedRequest, Reply, Server, TOKEN, json, problem, response};
use crate::tests::{ID, eu, id, portal_id};
use crate::{
    AuditLogQuery, AuditLogType, DestinationWebhookChanges, ErrorKind, NewReplayJob, PortalQuery, Region,
    ReplayJobStatus, WebhookState,
};

const PORTAL: &str = "3e551b39-227d-4297-b911-e68fd5d77c17";

fn lines(requests: &[ReceivedRequest]) -> Vec<String> {
    let line = |request: &ReceivedRequest| request.line.trim_end_matches(" HTTP/1.1").to_owned();
    requests.iter().map(line).collect()
}

/// The query parameters of a request, decoded.
fn parameters(request: &ReceivedRequest) -> Vec<(String, String)> {
    let url = request.line.split(' ').nth(1).unwrap();
    let (_, query) = url.split_once('?').unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[tokio::test]
async fn portal_webhook_calls_send_their_method_path_and_body() {
    let webhook = format!(r#"{{"audit_log_destination_id": "{ID}", "include_principal_name": true}}"#);
    let status = r#"{"webhook_enabled": true, "webhook_status": "inactive"}"#;
    let server = Server::start([
        json(200, "{}"),
        json(200, &webhook),
        json(200, status),
        response(204, "", ""),
    ])
    .await;
    let (client, eu, portal) = (server.client(), eu(), portal_id());
    let unset = v3::get_portal_webhook(&client, &eu, &portal).await.unwrap();
    assert_eq!((unset.enabled, unset.audit_log_destination_id), (false, None));
    let changes = DestinationWebhookChanges {
        audit_log_destination_id: Some(id()),
        include_principal_name: Some(true),
        ..DestinationWebhookChanges::default()
    };
    let set = v3::update_portal_webhook(&client, &eu, &portal, &changes)
        .await
        .unwrap();
    assert_eq!(set.audit_log_destination_id, Some(id()));
    assert_eq!(
        (unset.include_principal_name, set.include_principal_name),
        (None, Some(true))
    );
    let status = v3::get_portal_webhook_status(&client, &eu, &portal)
        .await
        .unwrap();
    assert_eq!(status.webhook_status, WebhookState::Inactive);
    v3::delete_portal_webhook(&client, &eu, &portal).await.unwrap();

    let requests = server.requests();
    let base = format!("/v3/portals/{PORTAL}/audit-log-webhook");
    assert_eq!(
        lines(&requests),
        [
            format!("GET {base}"),
            format!("PATCH {base}"),
            format!("GET {base}/status"),
            format!("DELETE {base}"),
        ]
    );
    let body: Value = serde_json::from_str(&requests[1].body).unwrap();
    assert_eq!(
        body,
        value!({"audit_log_destination_id": ID, "include_principal_name": true})
    );
}

#[tokio::test]
async fn get_portal_webhook_response_of_another_kind_is_unreadable() {
    let server = Server::start([json(200, r#"{"message": "ok"}"#)]).await;
    let error = v3::get_portal_webhook(&server.client(), &eu(), &portal_id())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no field of a webhook"), "{error}");
}

#[tokio::test]
async fn replay_job_calls_send_their_method_path_and_body() {
    let none =
        r#"{"start_at": "0001-01-01T00:00:0Z", "end_at": "0001-01-01T00:00:0Z", "status": "unconfigured"}"#;
    let accepted = r#"{"start_at": "2026-11-20T00:00:00Z", "end_at": "2026-11-21T00:00:00Z",
        "status": "accepted", "updated_at": "2026-11-24T00:00:00Z"}"#;
    let replies = [none, accepted, none, accepted].map(|body| json(202, body));
    let server = Server::start(replies).await;
    let (client, eu, portal) = (server.client(), eu(), portal_id());
    let job = NewReplayJob {
        start_at: "2026-11-20T00:00:00Z".to_owned(),
        end_at: "2026-11-21T00:00:00Z".to_owned(),
    };
    let before = v3::get_replay_job(&client, &eu).await.unwrap();
    assert_eq!(
        (before.status, before.start_at),
        (ReplayJobStatus::Unconfigured, None)
    );
    let after = v3::replace_replay_job(&client, &eu, &job).await.unwrap();
    assert_eq!(after.status, ReplayJobStatus::Accepted);
    assert_eq!(after.end_at.as_deref(), Some("2026-11-21T00:00:00Z"));
    v3::get_portal_replay_job(&client, &eu, &portal).await.unwrap();
    v3::replace_portal_replay_job(&client, &eu, &portal, &job)
        .await
        .unwrap();

    let requests = server.requests();
    assert_eq!(
        lines(&requests),
        [
            "GET /v3/audit-log-replay-job".to_owned(),
            "PUT /v3/audit-log-replay-job".to_owned(),
            format!("GET /v3/portals/{PORTAL}/audit-log-replay-job"),
            format!("PUT /v3/portals/{PORTAL}/audit-log-replay-job"),
        ]
    );
    for put in [&requests[1], &requests[3]] {
        let body: Value = serde_json::from_str(&put.body).unwrap();
        assert_eq!(
            body,
            value!({"start_at": "2026-11-20T00:00:00Z", "end_at": "2026-11-21T00:00:00Z"})
        );
    }
}

fn portals(ids: &[&str], number: u32, total: u32) -> Reply {
    let items: Vec<_> = ids
        .iter()
        .map(|id| value!({"id": id, "name": "n", "new": 1}))
        .collect();
    let meta = value!({"page": {"number": number, "size": 1, "total": total}});
    json(200, &value!({"data": items, "meta": meta}).to_string())
}

#[tokio::test]
async fn all_portals_reads_every_page() {
    let server = Server::start([portals(&[PORTAL], 1, 2), portals(&[ID], 2, 2)]).await;
    let query = PortalQuery {
        size: Some(1),
        ..PortalQuery::default()
    };
    let all = v3::all_portals(&server.client(), &eu(), &query).await.unwrap();
    let ids: Vec<_> = all.iter().map(|portal| portal.id.as_str()).collect();
    assert_eq!(ids, [PORTAL, ID]);
    let requests = server.requests();
    assert!(
        requests[0].line.starts_with("GET /v3/portals?"),
        "{}",
        requests[0].line
    );
    assert_eq!(
        parameters(&requests[0]),
        [("page[size]".to_owned(), "1".to_owned())]
    );
    let second = ("page[number]".to_owned(), "2".to_owned());
    assert_eq!(parameters(&requests[1])[1..], [second]);
}

#[tokio::test]
async fn all_portals_repeated_page_is_an_error() {
    let server = Server::start([portals(&[PORTAL], 1, 9), portals(&[PORTAL], 1, 9)]).await;
    let error = v3::all_portals(&server.client(), &eu(), &PortalQuery::default())
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::EndlessPages { .. }), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn all_portals_last_page_ends_the_list() {
    let server = Server::start([portals(&[PORTAL], 3, 3)]).await;
    let query = PortalQuery {
        size: None,
        number: NonZeroU32::new(3),
    };
    let all = v3::all_portals(&server.client(), &eu(), &query).await.unwrap();
    assert_eq!((all.len(), server.requests().len()), (1, 1));
}

#[tokio::test]
async fn first_audit_logs_sends_every_filter_and_keeps_raw_events() {
    let body = r#"{"data": [{"type":"gateway_access",  "status_code":201, "trace_id":18446744073709551617}],
        "meta": {"page": {"next": "/audit-logs?page[after]=b%3D&page[size]=1", "previous": null, "size": 1}}}"#;
    let server = Server::start([json(200, body)]).await;
    let query = AuditLogQuery {
        since: Some("2026-11-20T00:00:00+01:00".to_owned()),
        until: Some("2026-11-21T00:00:00Z".to_owned()),
        event_type: Some(AuditLogType::GatewayAccess),
        size: Some(1),
        after: Some("a=".to_owned()),
    };
    let found = v3::first_audit_logs(&server.client(), &eu(), &query, 1)
        .await
        .unwrap();
    let [entry] = found.as_slice() else {
        panic!("not one event: {found:?}")
    };
    assert_eq!(
        entry.raw,
        r#"{"type":"gateway_access",  "status_code":201, "trace_id":18446744073709551617}"#
    );
    assert_eq!(entry.fields.trace_id.as_deref(), Some("18446744073709551617"));
    assert_eq!(entry.fields.status_code, Some(201));

    let requests = server.requests();
    assert!(
        requests[0].line.starts_with("GET /v3/audit-logs?"),
        "{}",
        requests[0].line
    );
    let expected = [
        ("filter[ts][gte]", "2026-11-20T00:00:00+01:00"),
        ("filter[ts][lte]", "2026-11-21T00:00:00Z"),
        ("filter[type]", "gateway_access"),
        ("page[size]", "1"),
        ("page[after]", "a="),
    ];
    assert_eq!(
        parameters(&requests[0]),
        expected.map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
}

#[tokio::test]
async fn get_organization_reads_the_organization_of_the_token() {
    let body =
        format!(r#"{{"id": "{ID}", "name": "Acme", "state": "active", "login_path": "acme", "new": {{}}}}"#);
    let server = Server::start([json(200, &body)]).await;
    let organization = v3::get_organization(&server.client(), &Region::global())
        .await
        .unwrap();
    assert_eq!(
        (organization.id.as_str(), organization.name.as_deref()),
        (ID, Some("Acme"))
    );
    assert_eq!(organization.login_path.as_deref(), Some("acme"));
    assert_eq!(lines(&server.requests()), ["GET /v3/organizations/me"]);
}

#[tokio::test]
async fn get_portal_that_does_not_exist_is_not_found() {
    let found = format!(r#"{{"id": "{PORTAL}", "name": "docs", "new": 1}}"#);
    let server = Server::start([json(200, &found), problem(404)]).await;
    let (client, eu, portal) = (server.client(), eu(), portal_id());
    assert_eq!(v3::get_portal(&client, &eu, &portal).await.unwrap().name, "docs");
    let error = v3::get_portal(&client, &eu, &portal).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let expected = format!("GET /v3/portals/{PORTAL}");
    assert_eq!(lines(&server.requests()), [expected.clone(), expected]);
}

#[tokio::test]
async fn get_available_regions_sends_no_token() {
    let body = r#"{"regions": {"stable": ["eu", "US"], "stable_opt_in": ["sg"], "beta": null, "new": []}}"#;
    let server = Server::start([json(200, body), json(200, "{}")]).await;
    let client = server.client();
    let regions = v3::get_available_regions(&client, &Region::global())
        .await
        .unwrap();
    let names = |regions: &[Region]| regions.iter().map(Region::to_string).collect::<Vec<_>>();
    assert_eq!(names(&regions.stable), ["eu", "us"]);
    assert_eq!(names(&regions.stable_opt_in), ["sg"]);
    assert_eq!(regions.beta, []);
    let requests = server.requests();
    assert_eq!(lines(&requests), ["GET /v3/available-regions"]);
    let head = requests[0].head.to_ascii_lowercase();
    assert!(!head.contains("authorization"), "{head}");
    let other = v3::get_available_regions(&client, &Region::global()).await;
    assert!(matches!(
        other.unwrap_err().kind(),
        ErrorKind::UnreadableResponse { .. }
    ));
}

#[tokio::test]
async fn get_jwks_returns_the_document_and_sends_no_token() {
    let document = r#"{ "keys": [{"kty": "OKP", "crv": "Ed25519", "x": "abc"}] }"#;
    let server = Server::start([json(200, document)]).await;
    let jwks = v2::get_jwks(&server.client(), &eu()).await.unwrap();
    assert_eq!(jwks, document);
    let requests = server.requests();
    assert_eq!(lines(&requests), ["GET /v2/audit-log-webhook/jwks.json"]);
    let head = requests[0].head.to_ascii_lowercase();
    assert!(
        !head.contains("authorization") && !requests[0].head.contains(TOKEN),
        "{head}"
    );
}

#[tokio::test]
async fn get_jwks_other_document_is_unreadable() {
    for document in ["{}", "[]", "<html>", r#"{"keys": "none"}"#] {
        let server = Server::start([json(200, document)]).await;
        let error = v2::get_jwks(&server.client(), &eu()).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::UnreadableResponse { .. }),
            "{document}: {error}"
        );
    }
}

#[tokio::test]
async fn is_webhook_absent_depends_on_the_status() {
    for (status, absent) in [
        (401, false),
        (403, true),
        (404, true),
        (405, true),
        (410, true),
        (500, false),
    ] {
        let server = Server::start([json(status, r#"{"title": "x"}"#)]).await;
        let client = crate::tests::server::client(&server.url, |options| options.max_retries = 0);
        let error = v2::get_webhook(&client, &eu()).await.unwrap_err();
        assert_eq!(v2::is_webhook_absent(&error), absent, "{status}");
    }
}

#[tokio::test]
async fn error_predicates_follow_the_status() {
    for status in [403, 404, 409] {
        let server = Server::start([problem(status)]).await;
        let error = v3::get_webhook(&server.client(), &eu()).await.unwrap_err();
        assert_eq!(
            (error.is_forbidden(), error.is_conflict(), error.is_not_found()),
            (status == 403, status == 409, status == 404)
        );
    }
}

#[tokio::test]
async fn not_found_from_another_system_is_no_proof_of_deletion() {
    let spring =
        r#"{"status": 404, "title": "Not Found", "instance": "/v3/x", "detail": "No static resource."}"#;
    for body in [
        "{}",
        spring,
        r#"{"message": "no Route matched with those values"}"#,
    ] {
        let server = Server::start([json(404, body)]).await;
        let error = v3::get_destination(&server.client(), &eu(), &id())
            .await
            .unwrap_err();
        assert_eq!(
            (error.status(), error.is_not_found()),
            (Some(404), false),
            "{error}"
        );
        assert!(
            error.advice().contains("does not come from the audit log API"),
            "{error}"
        );
    }
}
