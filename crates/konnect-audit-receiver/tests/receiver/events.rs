use std::sync::{Arc, Mutex};
use std::time::Duration;

use konnect_audit_receiver::{Style, Verification};

use super::{CEF, CPS, JSON, delivery, keys, signed, start, status};

#[tokio::test]
async fn event_of_each_format_is_shown_and_verified() {
    let (receiver, screen) = start(|options| options.keys = Some(keys())).await;
    let lines = [CEF, JSON, CPS].map(signed).join("\n");
    assert_eq!(status(delivery(receiver.url(), lines)).await, 202);
    let expected = "2026-06-18T21:02:36Z  authorization   somebody  list control-planes  granted  severity 1  verified\n\
                    2026-06-18T21:02:36Z  access          -  POST /v3/x  500  severity 10  verified\n\
                    -  authentication  -  pat  locked  severity 6  verified\n";
    assert_eq!(screen.text(), expected);
}

#[tokio::test]
async fn event_signature_state_is_distinguished() {
    let (receiver, screen) = start(|options| options.keys = Some(keys())).await;
    let forged = signed(CEF).replace("granted=true", "granted=false");
    let lines = format!("{}\n{CEF}\n{forged}\n", signed(CEF));
    assert_eq!(status(delivery(receiver.url(), lines)).await, 202);
    let shown = screen.text();
    let ends: Vec<_> = shown
        .lines()
        .map(|line| line.rsplit("  ").next().unwrap())
        .collect();
    assert_eq!(ends, ["verified", "unsigned", "BAD SIGNATURE"]);
    let counts = receiver.counts();
    assert_eq!(
        (counts.events, counts.verified, counts.unsigned, counts.bad),
        (3, 1, 1, 1)
    );

    // Only the verified event counts.
    let missed = receiver.wait_for(2, Duration::from_millis(10)).await.unwrap_err();
    let text = missed.to_string();
    assert_eq!(
        text,
        "1 of 2 verified events arrived within 0.01 s; 1 unsigned; 1 with a bad signature"
    );
    assert!(receiver.wait_for(1, Duration::from_millis(10)).await.is_ok());
}

#[tokio::test]
async fn event_without_keys_is_unchecked() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let (receiver, screen) = start(|options| {
        options.on_event = Some(Arc::new(move |received| {
            let kind = received.event.as_ref().map(|event| event.kind.as_str());
            sink.lock()
                .unwrap()
                .push((kind.unwrap_or("unreadable"), received.verification));
        }));
    })
    .await;
    let lines = format!("{}\n{JSON}\nx\n", signed(CEF));
    assert_eq!(status(delivery(receiver.url(), lines)).await, 202);
    assert!(screen.text().lines().next().unwrap().ends_with("  unchecked"));
    let expected = [
        ("authorization", Verification::Unchecked),
        ("access", Verification::Unsigned),
        ("unreadable", Verification::Unchecked),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert!(receiver.wait_for(2, Duration::from_millis(10)).await.is_ok());
    let counts = receiver.counts();
    assert_eq!((counts.events, counts.unchecked, counts.unsigned), (2, 1, 1));
}

#[tokio::test]
async fn event_not_matching_filter_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("events");
    let (receiver, screen) = start(|options| {
        options.filter = "severity=10,kind!=authentication".parse().unwrap();
        options.output = Some(output.clone());
    })
    .await;
    assert_eq!(
        status(delivery(receiver.url(), format!("{CEF}\n{JSON}\nx\n{CPS}\n"))).await,
        202
    );
    assert_eq!(screen.text().lines().count(), 1);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), format!("{JSON}\n"));
    let counts = receiver.stop().await;
    assert_eq!((counts.events, counts.unreadable), (1, 1));
}

#[tokio::test]
async fn output_file_keeps_raw_lines_of_every_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("events");
    for _ in 0..2 {
        let (receiver, _) = start(|options| options.output = Some(output.clone())).await;
        let lines = [signed(CEF).as_bytes(), b"\r\n\nnot UTF-8: \xff"].concat();
        assert_eq!(status(delivery(receiver.url(), lines)).await, 202);
        receiver.stop().await;
    }
    let once = [signed(CEF).as_bytes(), b"\nnot UTF-8: \xff\n"].concat();
    assert_eq!(std::fs::read(&output).unwrap(), [once.clone(), once].concat());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&output).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn unreadable_lines_of_a_delivery_are_shown_up_to_20() {
    let lines = format!("{}{CEF}\n", "unreadable\n".repeat(1000));
    for (style, last) in [
        (Style::Text { color: false }, "980 further unreadable lines"),
        (
            Style::Json,
            r#"{"error":"980 further unreadable lines","line":null}"#,
        ),
    ] {
        let (receiver, screen) = start(|options| options.style = style).await;
        assert_eq!(status(delivery(receiver.url(), lines.clone())).await, 202);
        let shown = screen.text();
        assert_eq!(shown.lines().count(), 20 + 2, "{shown}");
        assert_eq!(shown.lines().last(), Some(last));
        let counts = receiver.counts();
        assert_eq!((counts.events, counts.unreadable), (1, 1000));
        // Each delivery has its own limit.
        assert_eq!(
            status(delivery(receiver.url(), "unreadable\n".repeat(20))).await,
            202
        );
        assert_eq!(screen.text().lines().count(), 20 + 2 + 20);
    }
}
