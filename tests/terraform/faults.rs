//! A sample of the fault matrix (`tests/faults`) with the real command line: one fault of each class, at the
//! creation of destinations and at the creation and the update of webhooks.
//!
//! Each fault affects one block in a separate region.

use std::net::{Ipv4Addr, TcpListener};

use konnect_emulator::{Certificate, EmulatorOptions, Fault, FaultRule, Headers};
use serde_json::Value;

use crate::workspace::{Block, LocalKonnect, TOKEN, Workspace};

/// A fault, its result, and the number of writes.
struct Case {
    fault: Fault,
    /// How often it occurs; `None` for always.
    times: Option<u64>,
    /// A part of the error; `None` without an error.
    says: Option<&'static str>,
    writes: usize,
}

fn lasting(fault: Fault, says: &'static str, writes: usize) -> Case {
    Case {
        fault,
        times: None,
        says: Some(says),
        writes,
    }
}

/// A permanent fault without effect.
fn harmless(fault: Fault, writes: usize) -> Case {
    Case {
        fault,
        times: None,
        says: None,
        writes,
    }
}

/// A temporary fault.
fn once(fault: Fault, writes: usize) -> Case {
    Case {
        fault,
        times: Some(1),
        says: None,
        writes,
    }
}

fn body(handle: bool, status: u16, content_type: &str, body: &str) -> Fault {
    Fault::Body {
        handle,
        status,
        headers: Headers::from([("content-type".to_owned(), content_type.to_owned())]),
        body: body.to_owned(),
    }
}

fn status_with(code: u16, name: &str, value: &str) -> Fault {
    Fault::Status {
        code,
        headers: Headers::from([(name.to_owned(), value.to_owned())]),
        body: None,
        content_type: None,
    }
}

fn html(handle: bool) -> Fault {
    body(handle, 200, "text/html", "<html><h1>Please log in</h1></html>")
}

fn plain_text() -> Fault {
    let headers = Headers::from([("content-type".to_owned(), "text/plain".to_owned())]);
    Fault::Headers { headers }
}

fn region(index: usize) -> String {
    format!("case-{index}")
}

fn inject(workspace: &Workspace, cases: &[Case], method: &str) {
    for (index, case) in cases.iter().enumerate() {
        let mut rule = FaultRule::new(case.fault.clone())
            .method(method)
            .region(&region(index));
        rule.times = case.times;
        workspace.konnect.inject(rule).unwrap();
    }
    workspace.konnect.clear_requests();
}

/// Checks the errors and the writes of an apply with faults, and removes the faults.
fn struck(workspace: &Workspace, cases: &[Case], method: &str) {
    inject(workspace, cases, method);
    let run = workspace.try_apply().ends_with(1);
    workspace.konnect.clear_faults();
    let (errors, requests) = (run.errors(), workspace.konnect.take_requests());
    for (index, case) in cases.iter().enumerate() {
        let region = region(index);
        let own: Vec<_> = errors
            .iter()
            .filter(|e| e.text().contains(&format!("/{region}/")))
            .collect();
        match (case.says, own.as_slice()) {
            (None, []) => {}
            (Some(says), [error]) => assert!(error.text().contains(says), "{says}: {error:#?}"),
            _ => panic!("{:?}: {own:#?}", case.fault),
        }
        let writes = requests
            .iter()
            .filter(|r| r.method == method && r.region == region)
            .count();
        assert_eq!(writes, case.writes, "{:?}", case.fault);
    }
}

fn is_made(workspace: &Workspace, cases: &[Case], address: &str) {
    let state = workspace.state();
    let known = state.addresses();
    for (index, case) in cases.iter().enumerate() {
        let address = format!("{address}[{index}]");
        let has = known.contains(&address.as_str());
        assert_eq!(has, case.says.is_none(), "{address}: {:?}", case.fault);
    }
}

#[test]
fn destination_create_with_fault_recovers_on_next_apply() {
    let unsure = "Destination may have been created";
    let cases = [
        lasting(Fault::DropBefore, unsure, 3),
        harmless(Fault::DropAfter, 1),
        harmless(Fault::TruncateHeader, 1),
        harmless(Fault::Truncate, 1),
        harmless(body(true, 200, "application/json", ""), 1),
        harmless(Fault::Malformed, 1),
        lasting(body(false, 200, "application/json", "[]"), unsure, 3),
        harmless(html(true), 1),
        harmless(body(true, 204, "application/json", "{}"), 1),
        once(Fault::Huge { bytes: 100 << 20 }, 2),
        once(Fault::Drip { interval_ms: 50 }, 2),
        lasting(Fault::status(401), "access token is invalid", 1),
        lasting(Fault::status(403), "Org Admin", 1),
        lasting(Fault::status(503), unsure, 3),
        once(status_with(429, "retry-after", "1"), 2),
        lasting(
            status_with(307, "location", "http://localhost:1/"),
            "was not followed",
            1,
        ),
        harmless(plain_text(), 1),
        harmless(Fault::ClockSkew { seconds: 86_400 }, 1),
    ];
    let blocks = Block::destination("siem")
        .with("count", cases.len())
        .expression("region", "\"case-${count.index}\"");
    let workspace = Workspace::new();
    workspace.configure_provider("max_retries = 1\n  request_timeout_seconds = 5", blocks);
    workspace.init();
    struck(&workspace, &cases, "POST");
    is_made(&workspace, &cases, "konnect_audit_log_destination.siem");
    workspace.apply_and_assert_no_changes();
    for index in 0..cases.len() {
        assert_eq!(
            workspace.konnect.destinations(&region(index)).len(),
            1,
            "case {index}"
        );
    }
    workspace.destroy();
    for index in 0..cases.len() {
        assert_eq!(
            workspace.konnect.destinations(&region(index)).len(),
            0,
            "case {index}"
        );
    }
}

/// A separate test, because such a rate limit applies to every region of the host.
#[test]
fn create_rate_limit_without_end_fails_and_the_next_apply_creates() {
    let rate_limit = status_with(429, "retry-after", "99999999999999999999");
    let cases = [lasting(rate_limit, "more than a day", 1)];
    let blocks = Block::destination("siem")
        .with("count", cases.len())
        .expression("region", "\"case-${count.index}\"");
    let workspace = Workspace::new();
    workspace.configure_provider("max_retries = 1", blocks);
    workspace.init();
    struck(&workspace, &cases, "POST");
    is_made(&workspace, &cases, "konnect_audit_log_destination.siem");
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.konnect.destinations(&region(0)).len(), 1);
}

#[test]
fn webhook_create_with_fault_recovers_by_import() {
    let read = "cannot be read";
    let cases = [
        lasting(Fault::DropBefore, "connection was lost", 4),
        lasting(Fault::DropAfter, "connection was lost", 4),
        lasting(html(true), read, 2),
        lasting(body(false, 200, "application/json", ""), read, 2),
        once(Fault::Malformed, 2),
        once(Fault::Drip { interval_ms: 50 }, 2),
        lasting(Fault::status(403), "Org Admin", 1),
        lasting(Fault::status(502), "statuspage", 4),
        lasting(
            status_with(301, "location", "http://localhost:1/"),
            "was not followed",
            1,
        ),
        harmless(plain_text(), 1),
    ];
    let blocks = Block::webhook_with_endpoint("siem")
        .with("count", cases.len())
        .expression("region", "\"case-${count.index}\"");
    let workspace = Workspace::new();
    workspace.configure_provider("max_retries = 1\n  request_timeout_seconds = 5", blocks);
    workspace.init();
    struck(&workspace, &cases, "PATCH");
    is_made(&workspace, &cases, "konnect_audit_log_webhook.siem");
    for index in [1, 2] {
        // The webhook was configured, and the next plan reports it.
        let region = region(index);
        let run = workspace.try_plan().ends_with(2);
        let warned = run.warnings().iter().any(|w| {
            w.text().contains("Region already delivers") && w.text().contains(&format!("id = \"{region}\""))
        });
        assert!(warned, "{}", run.report());
        let address = format!("konnect_audit_log_webhook.siem[{index}]");
        workspace
            .run(&["import", "-no-color", &address, &region])
            .succeeds();
    }
    workspace.apply_and_assert_no_changes();
    for index in 0..cases.len() {
        assert_eq!(
            workspace.konnect.region(&region(index))["webhook"]["enabled"],
            true
        );
    }
}

#[test]
fn webhook_update_with_fault_keeps_state_until_next_apply() {
    let cases = [
        lasting(Fault::DropAfter, "may have been applied despite the error", 2),
        lasting(Fault::Truncate, "may have been applied despite the error", 2),
        lasting(html(false), "an HTML page", 1),
        lasting(body(true, 204, "application/json", "{}"), "it is empty", 1),
        once(Fault::status(500), 2),
        lasting(Fault::status(409), "Another object uses this one", 1),
        lasting(status_with(503, "retry-after", "3600"), "wait 3600 s", 1),
        lasting(
            status_with(308, "location", "http://localhost:1/"),
            "was not followed",
            1,
        ),
    ];
    let blocks = |path: &str| {
        Block::webhook_with_endpoint("siem")
            .with("count", cases.len())
            .with("endpoint", format!("https://siem.example.com/{path}"))
            .expression("region", "\"case-${count.index}\"")
    };
    let workspace = Workspace::of(blocks("old"));
    workspace.apply();
    let before = workspace.state();
    workspace.configure_provider("max_retries = 1", blocks("new"));
    struck(&workspace, &cases, "PATCH");
    let after = workspace.state();
    for (index, case) in cases.iter().enumerate() {
        let address = format!("konnect_audit_log_webhook.siem[{index}]");
        let same = after.get(&address) == before.get(&address);
        assert_eq!(same, case.says.is_some(), "{:?}", case.fault);
    }
    workspace.try_plan().ends_with(2);
    workspace.apply_and_assert_no_changes();
    for index in 0..cases.len() {
        let endpoint = &workspace.konnect.region(&region(index))["webhook"]["endpoint"];
        assert_eq!(endpoint, "https://siem.example.com/new");
    }
}

/// Asserts that an apply fails with this error and without a write.
fn assert_rejected_without_write(workspace: &Workspace, konnect: &LocalKonnect, says: &str) {
    let error = workspace.apply_error();
    assert!(error.text().contains(says), "{says}: {error:#?}");
    assert_eq!(konnect.requests(), [], "a request got through");
    assert_eq!(workspace.state().addresses(), [""; 0]);
    assert!(!workspace.printed().contains(TOKEN));
}

#[test]
fn untrusted_server_certificate_receives_no_request() {
    let mut workspace = Workspace::of(Block::destination("siem"));
    for (kind, why) in [
        (Certificate::UnknownAuthority, "UnknownIssuer"),
        (Certificate::Expired, "expired"),
        (Certificate::OtherName, "not valid for"),
        (Certificate::Valid, ""),
    ] {
        let options = EmulatorOptions {
            certificate: Some(kind),
            ..EmulatorOptions::default()
        };
        let konnect = LocalKonnect::with(options);
        let authority = workspace.path("authority.pem");
        std::fs::write(&authority, konnect.authority().unwrap()).unwrap();
        workspace.set("SSL_CERT_FILE", authority.to_str().unwrap());
        workspace.set("KONNECT_SERVER_URL", format!("{}/{{region}}", konnect.url()));
        if kind == Certificate::Valid {
            workspace.apply_and_assert_no_changes();
            workspace.destroy();
            assert_eq!(konnect.destinations("global"), [] as [Value; 0]);
        } else {
            assert_rejected_without_write(&workspace, &konnect, "SSL_CERT_FILE");
            assert!(workspace.printed().contains(why), "{why}");
        }
    }
}

#[test]
fn connection_refused_errors_and_changes_nothing() {
    let mut workspace = Workspace::of(Block::destination("siem"));
    // Closes the port, which then refuses connections.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .port();
    let url = format!("{}/{{region}}", workspace.konnect.url());
    workspace.set(
        "KONNECT_SERVER_URL",
        format!("http://127.0.0.1:{port}/{{region}}"),
    );
    assert_rejected_without_write(&workspace, &workspace.konnect, "No program accepts connections");
    workspace.set("KONNECT_SERVER_URL", url);
    workspace.apply_and_assert_no_changes();
    assert_eq!(workspace.konnect.destinations("global").len(), 1);
}

/// It blocks all calls to the host, so the test has a separate Konnect.
#[test]
fn retry_after_too_long_is_not_waited_for() {
    let workspace = Workspace::of(Block::destination("siem"));
    let busy = status_with(429, "retry-after", "99999999999999999999");
    let rule = FaultRule::new(busy).method("POST").always();
    workspace.konnect.inject(rule).unwrap();
    let error = workspace.apply_error();
    assert!(error.text().contains("more than a day"), "{error:#?}");
    assert_eq!(workspace.konnect.take_writes().len(), 1);
}
