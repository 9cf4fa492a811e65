//! Errors, unexpected successes and redirects, and what the client reports about them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::calls::{v2, v3};
use crate::tests::server::{Reply, Server, TOKEN, client, json, problem, response};
use crate::tests::{AUTHORIZATION, DESTINATION, eu, id, new_destination};
use crate::{Error, ErrorKind, Outcome};

async fn create(reply: Reply) -> Error {
    let server = Server::start([reply]).await;
    v3::create_destination(&server.client(), &eu(), &new_destination())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn error_problem_document_is_reported_in_full() {
    let body = r#"{"status": 400, "title": "Bad Request", "instance": "konnect:trace:66",
        "invalid_parameters": [{"field": "endpoint", "reason": "must be a valid URL"}]}"#;
    let error = create(response(400, "Content-Type: application/problem+json\r\n", body)).await;
    assert_eq!(error.trace_id(), Some("konnect:trace:66"));
    assert_eq!(error.invalid_parameters()[0].field, "endpoint");
    let text = error.to_string();
    for part in [
        "400 Bad Request",
        "endpoint: must be a valid URL",
        "konnect:trace:66",
        "POST http://127.0.0.1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        error.summary(),
        "Konnect returned 400 Bad Request (POST /v3/audit-log-destinations)"
    );
}

#[tokio::test]
async fn error_without_instance_takes_trace_header() {
    let error = create(response(
        403,
        "X-Request-Id: later\r\nX-Kong-Trace-Id: first\r\n",
        "{}",
    ))
    .await;
    assert_eq!(error.trace_id(), Some("first"));
    assert!(error.advice().contains("Audit Logs: Admin"));
    let unauthorized = create(response(401, "", "")).await;
    assert!(
        unauthorized
            .advice()
            .contains("https://cloud.konghq.com/global/account/tokens")
    );
}

#[tokio::test]
async fn error_html_page_is_one_line() {
    let page =
        "<html>\n<head><title>403 Forbidden</title></head><body><h1>Blocked</h1>\nby policy</body></html>";
    let error = create(response(403, "Content-Type: text/html\r\n", page)).await;
    assert!(
        error
            .to_string()
            .contains("The API said: an HTML page (title: 403 Forbidden, "),
        "{error}"
    );
}

#[tokio::test]
async fn error_huge_or_endless_body_is_bounded() {
    for reply in [
        response(400, "", &"y".repeat(1 << 20)),
        Reply::Endless("HTTP/1.1 400 Bad Request\r\n\r\n"),
        response(400, "", &format!("{{\"detail\": \"{}\"}}", "y".repeat(20_000))),
    ] {
        let error = create(reply).await;
        assert_eq!(error.status(), Some(400));
        assert!(error.to_string().len() < 2_000, "{}", error.to_string().len());
    }
}

#[tokio::test]
async fn error_cut_or_garbled_body_keeps_status() {
    let cut = "HTTP/1.1 409 Conflict\r\nContent-Length: 900\r\n\r\n{\"detail\": \"in u";
    let error = create(Reply::Bytes(cut.into())).await;
    assert_eq!((error.status(), error.outcome()), (Some(409), Outcome::Refused));
    assert!(error.to_string().contains("in u"), "{error}");
    // A request that can be repeated is, since a complete response says more.
    let server = Server::start([
        Reply::Bytes(cut.into()),
        response(409, "", r#"{"detail": "in use"}"#),
    ])
    .await;
    let error = v3::get_destination(&server.client(), &eu(), &id())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    let garbled = create(Reply::Bytes(
        b"HTTP/1.1 400 X\r\nContent-Length: 4\r\n\r\n\xff\0\x1b[".to_vec(),
    ))
    .await;
    assert_eq!(garbled.status(), Some(400));
    assert!(!garbled.to_string().contains('\u{1b}'));
}

#[tokio::test]
async fn success_unexpected_body_is_unreadable() {
    for (body, content_type) in [
        ("", "application/json"),
        ("<html><body>Please log in</body></html>", "text/html"),
        ("{\"id\": \"69", "application/json"),
        ("{\"message\": \"ok\"}", "application/json"),
        ("[]", "application/json"),
        (
            "{\"id\": 7, \"name\": \"n\", \"endpoint\": \"e\"}",
            "application/json",
        ),
    ] {
        let error = create(response(201, &format!("Content-Type: {content_type}\r\n"), body)).await;
        let ErrorKind::UnreadableResponse {
            status,
            content_type: reported,
            ..
        } = error.kind()
        else {
            panic!("{error}")
        };
        assert_eq!(
            (*status, reported.as_deref()),
            (201, Some(content_type)),
            "{body}"
        );
        assert!(error.may_have_happened(), "{error}");
    }
    let login = create(response(200, "", "<html><body>Please log in</body></html>")).await;
    assert!(
        login
            .to_string()
            .contains("The response begins: an HTML page (39 bytes)\n"),
        "{login}"
    );
}

#[tokio::test]
async fn success_endless_body_is_cut_off() {
    let error = create(Reply::Endless("HTTP/1.1 201 Created\r\n\r\n")).await;
    assert!(
        matches!(error.kind(), ErrorKind::UnreadableResponse { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("8 MiB") && error.to_string().len() < 2_500,
        "{error}"
    );
}

#[tokio::test]
async fn delete_other_success_than_204_is_unreadable() {
    let server = Server::start([response(204, "", "")]).await;
    let client = server.client();
    v3::delete_destination(&client, &eu(), &id()).await.unwrap();
    for reply in [
        json(200, "{}"),
        response(200, "Content-Type: text/html\r\n", ""),
        response(202, "", ""),
    ] {
        let server = Server::start([reply]).await;
        let error = v3::delete_destination(&server.client(), &eu(), &id())
            .await
            .unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert!(error.to_string().contains("a delete with 204"), "{error}");
    }
}

#[tokio::test]
async fn delete_login_page_is_unreadable() {
    let page = "<html>Please log in</html>";
    let reply = response(200, "Content-Type: Text/HTML; charset=utf-8\r\n", page);
    let server = Server::start([reply]).await;
    let error = v3::delete_destination(&server.client(), &eu(), &id())
        .await
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(
        error
            .to_string()
            .contains("The response begins: an HTML page (26 bytes)"),
        "{error}"
    );
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A compressed response, of which the last bytes are missing.
fn compressed(status: u16, body: &str, missing: usize) -> Reply {
    let mut body = gzip(body);
    body.truncate(body.len() - missing);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
    );
    Reply::Bytes([head.into_bytes(), body].concat())
}

#[tokio::test]
async fn compressed_response_is_read() {
    let server = Server::start([compressed(201, DESTINATION, 0)]).await;
    let created = v3::create_destination(&server.client(), &eu(), &new_destination()).await;
    assert_eq!(created.unwrap().id, id());
    let head = server.requests()[0].head.to_ascii_lowercase();
    assert!(head.contains("accept-encoding: identity"), "{head}");

    let problem = format!(
        r#"{{"status": 404, "title": "No", "instance": "kong:trace:7", "detail": "none {AUTHORIZATION}"}}"#
    );
    let server = Server::start([compressed(404, &problem, 0)]).await;
    let error = v3::get_destination(&server.client(), &eu(), &id())
        .await
        .unwrap_err();
    assert!(
        error.is_not_found() && error.trace_id() == Some("kong:trace:7"),
        "{error}"
    );
    let error = create(compressed(400, &problem, 0)).await;
    assert!(error.to_string().contains("none [redacted]"), "{error}");
}

#[tokio::test]
async fn compressed_response_is_bounded_and_may_be_damaged() {
    let bomb = " ".repeat(64 << 20);
    let error = create(compressed(201, &bomb, 0)).await;
    assert!(error.to_string().contains("larger than 8 MiB"), "{error}");
    let error = create(compressed(400, &bomb, 0)).await;
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().len() < 2_000, "{}", error.to_string().len());
    let error = create(compressed(201, DESTINATION, 12)).await;
    assert!(error.to_string().contains("compression is damaged"), "{error}");
    assert!(error.may_have_happened());
    let error = create(compressed(400, "not allowed", 8)).await;
    assert!(error.to_string().contains("The API said: not allowed"), "{error}");
}

#[tokio::test]
async fn create_conflict_is_on_the_name_in_the_words_of_the_api() {
    let body =
        r#"{"status": 409, "instance": "konnect:trace:1", "title": "Conflict", "detail": "name n is taken"}"#;
    let error = create(json(409, body)).await;
    let [parameter] = error.invalid_parameters() else {
        panic!("{error}")
    };
    assert_eq!(
        (parameter.field.as_str(), parameter.reason.as_str()),
        ("name", "name n is taken")
    );
    assert_eq!(error.to_string().matches("name n is taken").count(), 1, "{error}");
    assert!(!error.to_string().contains("uses this one"), "{error}");
    // If the API names a field, that field remains.
    let body = r#"{"invalid_parameters": [{"field": "endpoint", "reason": "is taken"}]}"#;
    let error = create(json(409, body)).await;
    assert_eq!(error.invalid_parameters()[0].field, "endpoint");
    // A gateway's response is not about the name.
    for body in ["", "<title>Busy</title>"] {
        assert_eq!(create(json(409, body)).await.invalid_parameters(), []);
    }
    let server = Server::start([problem(409)]).await;
    let error = v3::delete_destination(&server.client(), &eu(), &id())
        .await
        .unwrap_err();
    assert_eq!(error.invalid_parameters(), []);
    assert!(error.advice().contains("uses this one"), "{error}");
}

#[tokio::test]
async fn error_parts_contain_the_title_and_the_advice_once() {
    for status in [401, 404, 409] {
        let error = create(problem(status)).await;
        let title = format!("Konnect returned {status}");
        let whole = error.to_string();
        assert_eq!(whole.matches(&title).count(), 1, "{whole}");
        assert_eq!(whole.matches(&error.advice()).count(), 1, "{whole}");
        assert!(!error.detail().contains(&title) && error.detail().ends_with(&error.advice()));
        assert!(!error.facts().contains(&error.advice()), "{}", error.facts());
        assert!(
            error.facts().starts_with("The API said: y\nRequest: POST"),
            "{}",
            error.facts()
        );
    }
}

#[tokio::test]
async fn redirect_is_reported_and_not_followed() {
    let target = Server::start([]).await;
    let location = format!(
        "Location: {}/login?next=x\r\n",
        target.url.replace("127.0.0.1", "localhost")
    );
    for status in [301, 302, 303, 307, 308] {
        let error = create(response(status, &location, "")).await;
        assert_eq!(error.status(), Some(status));
        let text = error.to_string();
        assert!(
            text.contains("redirect to localhost") && text.contains("not sent there"),
            "{text}"
        );
    }
    assert_eq!(target.requests().len(), 0);
    let nowhere = create(response(307, "", "")).await;
    assert!(
        matches!(nowhere.kind(), ErrorKind::Redirected { target: None, .. }),
        "{nowhere}"
    );
}

#[tokio::test]
async fn error_echoed_secrets_are_redacted() {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let both = format!(
        "{TOKEN} {AUTHORIZATION} Bearer%20{} {}",
        encode(TOKEN),
        encode(AUTHORIZATION)
    );
    let document = format!(
        r#"{{"detail": "{both}", "instance": "{TOKEN}", "invalid_parameters": [{{"field": "authorization",
            "reason": "{AUTHORIZATION}", "rule": "{TOKEN}"}}]}}"#
    );
    let location = format!("Location: https://{TOKEN}.evil.example/{AUTHORIZATION}\r\n");
    let trace = format!("X-Request-Id: {TOKEN}\r\nContent-Type: text/{AUTHORIZATION}\r\n");
    let replies = [
        json(400, &document),
        json(500, &format!("<html><p>{both}</p></html>")),
        response(307, &location, ""),
        response(400, &trace, ""),
        response(201, &trace, &document),
        response(
            201,
            &trace,
            &format!("{{\"id\": \"{TOKEN}\", \"name\": 1, \"endpoint\": \"{AUTHORIZATION}\"}}"),
        ),
        response(201, &trace, &format!("\"{AUTHORIZATION}\"")),
        response(400, "", &format!("{}{TOKEN}", " ".repeat(65_536 - 12))),
        response(400, "", &format!("{}{AUTHORIZATION}", "<b>".repeat(21_840))),
    ];
    for (number, reply) in replies.into_iter().enumerate() {
        let error = create(reply).await;
        let shown = format!("{error} {error:?} {} {:?}", error.summary(), error.kind()).to_lowercase();
        for part in ["testtoken", "kpat_t", "s3cret", "value+1", "value%2b1"] {
            assert!(!shown.contains(part), "reply {number} shows {part}: {shown}");
        }
    }
}

#[tokio::test]
async fn get_webhook_response_of_another_version_is_unreadable() {
    let server = Server::start([json(200, DESTINATION)]).await;
    let error = v2::get_webhook(&server.client(), &eu()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::UnreadableResponse { .. }),
        "{error}"
    );
    assert!(!error.may_have_happened());
}

#[tokio::test]
async fn debug_client_contains_no_secret() {
    let client = client("https://{region}.api.konghq.com", |_| {});
    let shown = format!("{client:?} {client:#?} {:?}", new_destination());
    assert!(
        !shown.contains("TestToken") && !shown.contains("s3cret"),
        "{shown}"
    );
}
