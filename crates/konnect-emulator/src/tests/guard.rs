//! Attacks of web pages that the user of an emulator visits.

use serde_json::json;

use crate::Emulator;
use crate::tests::{TOKEN, start};

const API: &str = "/eu/v3/audit-log-destinations";

/// A request as a browser sends it for a page.
async fn status(konnect: &Emulator, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let command = json!({"command": "clear_requests"}).to_string();
    let mut all = vec![("authorization", TOKEN)];
    all.extend(headers);
    konnect.send(method, path, &all, command.as_bytes()).await.status
}

#[tokio::test]
async fn foreign_host_of_a_rebound_name_is_refused() {
    let konnect = start().await;
    konnect.create("eu", "a").await;
    let before = konnect.snapshot();
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
        for path in ["/_emulator/state", "/_emulator/requests", API] {
            assert_eq!(
                status(&konnect, "GET", path, &[("host", host)]).await,
                403,
                "{host}"
            );
        }
        assert_eq!(status(&konnect, "DELETE", API, &[("host", host)]).await, 403);
    }
    let two = [("host", "localhost"), ("host", "attacker.example")];
    assert_eq!(status(&konnect, "GET", "/_emulator/state", &two).await, 403);
    let absolute = "http://attacker.example/_emulator/state";
    assert_eq!(
        status(&konnect, "GET", absolute, &[("host", "localhost")]).await,
        403
    );
    assert_eq!((konnect.snapshot(), konnect.requests().len()), (before, 1));
    for host in [
        "127.0.0.1",
        "127.0.0.1:8080",
        "localhost:1",
        "[::1]:8080",
        "eu.api.konghq.com",
    ] {
        assert_eq!(
            status(&konnect, "GET", "/_emulator/state", &[("host", host)]).await,
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn foreign_origin_of_a_cross_site_post_is_refused() {
    let konnect = start().await;
    konnect.create("eu", "a").await;
    let host = ("host", "127.0.0.1:8080");
    for origin in [
        "https://attacker.example",
        "http://127.0.0.1:3000",
        "http://localhost:8080",
        "null",
        "",
    ] {
        for path in ["/_emulator/commands", API] {
            let headers = [host, ("origin", origin), ("content-type", "text/plain")];
            assert_eq!(status(&konnect, "POST", path, &headers).await, 403, "{origin}");
        }
    }
    assert_eq!(konnect.requests().len(), 1, "nothing was changed or cleared");
    let own = [host, ("origin", "http://127.0.0.1:8080")];
    assert_eq!(status(&konnect, "POST", "/_emulator/commands", &own).await, 204);
}

#[tokio::test]
async fn cross_site_fetch_without_an_origin_is_refused() {
    let konnect = start().await;
    for (site, expected) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
        ("none", 200),
    ] {
        for path in ["/_emulator/state", API] {
            let headers = [("sec-fetch-site", site)];
            assert_eq!(status(&konnect, "GET", path, &headers).await, expected, "{site}");
        }
    }
}

#[tokio::test]
async fn journal_holds_no_token() {
    let konnect = start().await;
    konnect.create("eu", "a").await;
    let request = &konnect.requests()[0];
    assert!(request.has_authorization(TOKEN) && !request.has_authorization("Bearer kpat_other"));
    assert!(request.header("Authorization").unwrap().starts_with("sha256:"));
    let shown = konnect.raw("GET", "/_emulator/requests", &[], b"").await;
    assert!(!String::from_utf8(shown).unwrap().contains("kpat_test"));
}
