//! Attacks of web pages that the user of an emulator visits.

use serde_json::json;

use crate::tests::{COMMANDS, TOKEN, find, start};

const API: &str = "/eu/v3/audit-log-destinations";

/// Sends a command with these headers, as a browser does for a page, to the control API and to the API.
async fn is_refused(headers: &[(&str, &str)]) -> bool {
    let konnect = start().await;
    konnect.create("eu", "a").await;
    let before = konnect.snapshot();
    let body = json!({"command": "clear_requests"}).to_string();
    let headers = [&[("authorization", TOKEN)], headers].concat();
    let api = konnect.send("POST", API, &headers, body.as_bytes()).await.status;
    let control = konnect
        .send("POST", COMMANDS, &headers, body.as_bytes())
        .await
        .status;
    let cleared = konnect.requests().is_empty();
    assert_eq!(konnect.snapshot(), before);
    match (api, control) {
        (403, 403) if !cleared => true,
        (400 | 404, 204) if cleared => false,
        other => panic!("{headers:?}: {other:?}"),
    }
}

#[tokio::test]
async fn foreign_host_of_a_rebound_name_is_refused() {
    for host in [
        "attacker.example",
        "attacker.example:8080",
        "127.0.0.1.attacker.example",
        "localhost.attacker.example",
        "api.konghq.com",
        "eu.api.konghq.com.attacker.example",
        "a.b.api.konghq.com",
        "0.0.0.0",
        "[::2]",
        "",
    ] {
        assert!(is_refused(&[("host", host)]).await, "{host}");
    }
    assert!(is_refused(&[("host", "localhost"), ("host", "attacker.example")]).await);
    let konnect = start().await;
    let absolute = "http://attacker.example/_emulator/state";
    konnect.get_with(absolute, &[("host", "localhost")]).await.is(403);
    for host in [
        "127.0.0.1",
        "127.0.0.1:8080",
        "localhost:1",
        "[::1]:8080",
        "eu.api.konghq.com",
    ] {
        assert!(!is_refused(&[("host", host)]).await, "{host}");
    }
}

#[tokio::test]
async fn page_of_another_origin_or_site_is_refused() {
    for (name, value, refused) in [
        ("origin", "https://attacker.example", true),
        ("origin", "http://127.0.0.1:3000", true),
        ("origin", "http://localhost:8080", true),
        ("origin", "null", true),
        ("origin", "", true),
        ("origin", "http://127.0.0.1:8080", false),
        ("sec-fetch-site", "cross-site", true),
        ("sec-fetch-site", "same-site", true),
        ("sec-fetch-site", "same-origin", false),
        ("sec-fetch-site", "none", false),
    ] {
        let headers = [("host", "127.0.0.1:8080"), (name, value)];
        assert_eq!(is_refused(&headers).await, refused, "{name}: {value}");
    }
}

#[tokio::test]
async fn journal_holds_no_token() {
    let konnect = start().await;
    konnect.create("eu", "a").await;
    let request = &konnect.requests()[0];
    assert!(request.has_authorization(TOKEN) && !request.has_authorization("Bearer kpat_other"));
    assert!(request.header("Authorization").unwrap().starts_with("sha256:"));
    let shown = konnect.get_with("/_emulator/requests", &[]).await;
    assert!(find(&shown.body, b"kpat_test").is_none());
}
