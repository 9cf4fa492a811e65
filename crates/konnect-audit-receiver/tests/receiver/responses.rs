use std::time::Duration;

use konnect_audit_receiver::{Counts, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{CEF, JSON, Screen, client, delivery, gzip, start, status};

#[tokio::test]
async fn deliver_type_and_encoding_decide_the_status() {
    let (receiver, screen) = start(|_| {}).await;
    let plain = format!("{CEF}\n{JSON}\r\n\n");
    let packed = gzip(&plain);
    // Konnect may send several members in a body.
    let members = [gzip(CEF), gzip(&format!("\n{JSON}"))].concat();
    let (plain, half) = (plain.as_bytes(), &packed[..packed.len() / 2]);
    let text = Some("text/plain");
    let mut accepted = 0;
    for (content_type, encoding, body, expected) in [
        (text, None, plain, 202),
        (text, Some("identity"), plain, 202),
        (text, Some("gzip"), &packed, 202),
        (text, Some("GZIP"), &packed, 202),
        (text, Some("application/gzip"), &packed, 202),
        (text, Some("gzip"), &members, 202),
        // A body that begins as gzip is gzip, whatever its headers say.
        (text, None, &packed, 202),
        (text, Some("br"), &packed, 202),
        (Some("application/gzip"), None, &packed, 202),
        (None, None, plain, 202),
        (Some("Text/Plain; charset=utf-8"), None, plain, 202),
        (Some("application/json"), None, plain, 415),
        (Some("text/html"), None, plain, 415),
        (Some("text/plainer"), None, plain, 415),
        (Some(""), None, plain, 415),
        (text, Some("br"), plain, 415),
        (text, Some("deflate"), plain, 415),
        (text, Some("gzip, gzip"), plain, 415),
        (text, Some("gzip, br"), plain, 415),
        (text, Some("gzip"), plain, 415),
        (text, Some("gzip"), half, 415),
        (text, Some("gzip"), b"\x1f\x8b", 415),
    ] {
        let mut request = client().post(receiver.url()).body(body.to_vec());
        for (name, value) in [("Content-Type", content_type), ("Content-Encoding", encoding)] {
            request = value
                .into_iter()
                .fold(request, |request, value| request.header(name, value));
        }
        assert_eq!(status(request).await, expected, "{content_type:?}, {encoding:?}");
        accepted += u64::from(expected == 202);
    }
    // An empty body is valid in any encoding.
    let empty = delivery(receiver.url(), "").header("Content-Encoding", "gzip");
    assert_eq!(status(empty).await, 202);
    let expected = Counts {
        deliveries: accepted + 1,
        refused: 11,
        events: 2 * accepted,
        unsigned: 2 * accepted,
        ..Counts::default()
    };
    assert_eq!(receiver.stop().await, expected);
    assert_eq!(screen.text().lines().count() as u64, 2 * accepted);
}

#[tokio::test]
async fn deliver_with_other_authorization_is_unauthorized() {
    let log = Screen::default();
    let (receiver, _) = start(|options| {
        options.authorization = Some("Splunk s3cret".to_owned());
        options.log = Box::new(log.clone());
    })
    .await;
    let sends = |values: &[&str]| {
        let request = delivery(receiver.url(), CEF);
        values
            .iter()
            .fold(request, |request, value| request.header("Authorization", *value))
    };
    let right = "Splunk s3cret";
    for wrong in [
        &[][..],
        &[""],
        &["Splunk"],
        &["Splunk s3cre"],
        &["Splunk s3cret2"],
        &["splunk s3cret"],
        &[right, "x"],
    ] {
        let response = sends(wrong).send().await.unwrap();
        assert_eq!(response.status(), 401, "{wrong:?}");
        assert!(!response.text().await.unwrap().contains("s3cret"));
    }
    assert_eq!(status(sends(&[right])).await, 202);

    receiver.set_authorization(Some("Bearer new")).unwrap();
    assert_eq!(status(sends(&[right])).await, 401);
    assert_eq!(status(sends(&["Bearer new"])).await, 202);
    assert!(receiver.set_authorization(Some("")).is_err());
    assert!(receiver.set_authorization(Some("a\nb")).is_err());
    receiver.set_authorization(None).unwrap();
    assert_eq!(status(sends(&[])).await, 202);

    let counts = receiver.stop().await;
    assert_eq!((counts.deliveries, counts.refused), (3, 8));
    let log = log.text();
    assert_eq!(log.matches("with 401: ").count(), 8, "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

#[tokio::test]
async fn deliver_by_other_method_is_not_allowed() {
    let (receiver, _) = start(|_| {}).await;
    let client = client();
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let request = client.request(method.parse().unwrap(), receiver.url());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 405, "{method}");
        assert_eq!(response.headers()["Allow"], "POST");
    }
}

#[tokio::test]
async fn deliver_larger_than_limit_is_too_large() {
    let limit = 64 * 1024;
    let (receiver, _) = start(|options| options.max_body_bytes = limit).await;
    let fits = format!("{CEF}{}", "x".repeat(limit - CEF.len()));
    let gzipped = |text: &str| delivery(receiver.url(), gzip(text)).header("Content-Encoding", "gzip");
    assert_eq!(status(delivery(receiver.url(), fits.clone())).await, 202);
    assert_eq!(status(gzipped(&fits)).await, 202);
    assert_eq!(status(delivery(receiver.url(), format!("{fits}x"))).await, 413);
    assert_eq!(status(delivery(receiver.url(), "x".repeat(8 << 20))).await, 413);
    // A body that exceeds the limit only after decompression.
    assert_eq!(status(gzipped(&format!("{fits}x"))).await, 413);
    assert_eq!(status(gzipped(&" ".repeat(40 << 20))).await, 413);
    assert_eq!(receiver.stop().await.events, 2);
}

#[tokio::test]
async fn deliver_invalid_http_does_not_stop_receiver() {
    let (receiver, screen) = start(|_| {}).await;
    let garbage: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert_eq!(status(delivery(receiver.url(), garbage)).await, 202);
    assert_eq!(
        status(delivery(receiver.url(), "{\"\x1b[2J\":\n[[[[[\nCEF:\n")).await,
        202
    );
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    stream
        .write_all(b"\x16\x03\x01\x02\x00garbage\r\n\r\n")
        .await
        .unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.unwrap();
    assert!(response.starts_with(b"HTTP/1.1 400"), "{response:?}");
    // A sender that disconnects within the body.
    let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        .await
        .unwrap();
    drop(stream);

    assert_eq!(status(delivery(receiver.url(), CEF)).await, 202);
    let counts = receiver.stop().await;
    assert_eq!(counts.events, 1);
    assert!(counts.unreadable > 3, "{counts:?}");
    let shown = screen.text();
    assert!(!shown.contains('\x1b'), "{shown:?}");
    assert!(shown.contains("the line is not UTF-8"), "{shown:?}");
}

#[tokio::test]
async fn deliver_with_failing_response_drops_events() {
    let (receiver, screen) = start(|options| options.status = StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(status(delivery(receiver.url(), CEF)).await, 503);
    assert_eq!(screen.text(), "");
    receiver.set_status(StatusCode::NO_CONTENT);
    assert_eq!(status(delivery(receiver.url(), CEF)).await, 204);
    let counts = receiver.stop().await;
    assert_eq!((counts.events, counts.deliveries, counts.refused), (1, 1, 1));
}

#[tokio::test]
async fn deliver_rejected_ends_the_connection() {
    let (receiver, _) = start(|options| options.authorization = Some("Bearer x".to_owned())).await;
    for (method, status) in [("POST", 401), ("GET", 405)] {
        let mut stream = TcpStream::connect(receiver.address()).await.unwrap();
        let request = format!("{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        let end = timeout(Duration::from_secs(5), stream.read_to_end(&mut response));
        end.await.unwrap().unwrap();
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status}")), "{response}");
    }
}

#[tokio::test]
async fn deliver_many_requests_on_one_connection_are_accepted() {
    let (receiver, _) = start(|_| {}).await;
    let (url, client) = (receiver.url().to_owned(), client());
    let senders = (0..8).map(|_| {
        let (client, url) = (client.clone(), url.clone());
        async move {
            for _ in 0..20 {
                let request = client.post(&url).body(format!("{CEF}\n").repeat(50));
                assert_eq!(status(request).await, 202);
            }
        }
    });
    senders.collect::<JoinSet<()>>().join_all().await;
    let counts = receiver.wait_for(8000, Duration::from_secs(1)).await.unwrap();
    assert_eq!((counts.events, counts.deliveries), (8000, 160));
}
