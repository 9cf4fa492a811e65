//! The command line program.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

const EMULATOR: &str = env!("CARGO_BIN_EXE_konnect-emulator");

/// A running emulator, killed on drop.
struct Emulator {
    process: Child,
    url: String,
}

impl Emulator {
    /// Starts it on a free port, with these arguments.
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(EMULATOR)
            .args(["serve", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, url }
    }

    fn request(&self, method: &str, path: &str, body: Option<&str>) -> Output {
        let url = format!("{}{path}", self.url);
        run(["request", method, &url].into_iter().chain(body))
    }

    /// A request, whose status and body it prints.
    fn prints(&self, method: &str, path: &str, body: Option<&str>) -> String {
        text(&self.request(method, path, body).stdout)
    }

    fn get(&self, path: &str) -> String {
        self.prints("GET", path, None)
    }

    fn command(&self, command: &str) -> String {
        self.prints("POST", "/_emulator/commands", Some(command))
    }

    /// Configures the webhook of region eu, and switches it on.
    fn webhook(&self, endpoint: &str) -> String {
        let body = format!(r#"{{"endpoint": "{endpoint}", "authorization": "Bearer x", "enabled": true}}"#);
        self.prints("PATCH", "/eu/v2/audit-log-webhook", Some(&body))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(EMULATOR).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Asserts that the program fails with this code and reports the reason.
fn refused<'a>(arguments: impl IntoIterator<Item = &'a str>, code: i32, why: &str) {
    let refused = run(arguments);
    assert_eq!(refused.status.code(), Some(code), "{refused:?}");
    assert!(text(&refused.stderr).contains(why), "{refused:?}");
}

#[test]
fn request_api_and_control_calls_reach_the_emulator() {
    let emulator = Emulator::start(&[]);
    let out = emulator.webhook("https://siem.example.com/a b");
    assert!(out.starts_with("200 OK\n{") && out.ends_with("}\n"), "{out}");
    let edit = r#"{"command": "edit_webhook", "stream": {"region": "eu"}, "set": {"enabled": false}}"#;
    let edited = emulator.command(edit);
    assert!(edited.starts_with("200 OK\n{"), "{edited}");
    let status = emulator.get("/eu/v3/audit-log-webhook/status");
    assert!(status.contains(r#""webhook_enabled":false"#), "{status}");
    assert_eq!(emulator.command(r#"{"command": "reset"}"#), "204 No Content\n");
}

#[test]
fn request_not_2xx_prints_response_and_fails() {
    let emulator = Emulator::start(&[]);
    let missing = emulator.request("GET", "/eu/v9/nothing", None);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stdout).starts_with("404 Not Found\n{"),
        "{missing:?}"
    );
    assert!(text(&missing.stderr).contains("404"), "{missing:?}");
}

#[test]
fn invalid_arguments_are_refused() {
    let no_pem = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (arguments, code, why) in [
        (&["request", "GET"][..], 2, "<URL>"),
        (&["request", "GET", "127.0.0.1:8080/"], 2, "not a URL"),
        (
            &["request", "GET", "https://example.com/"],
            2,
            "http://127.0.0.1:PORT",
        ),
        (&["request", "G T", "http://127.0.0.1:1/"], 2, "<METHOD>"),
        (
            &["request", "PATCH", "http://127.0.0.1:1/", "{\"a\":", "1}"],
            2,
            "unexpected argument '1}'",
        ),
        // No process listens on port 1.
        (&["request", "GET", "http://127.0.0.1:1/"], 1, ""),
        (&["--https", "green"], 2, "unknown-authority"),
        (&["--ca", "x.pem"], 2, "--https"),
        (&["--time-scale", "1001"], 2, "from 0 to 1000"),
        (&["--time-scale", "fast"], 2, "from 0 to 1000"),
        (&["--pull-api", "sometimes"], 2, "forbidden"),
        (&["--port", "0", "--trust", no_pem], 1, "--trust: "),
    ] {
        refused(arguments.iter().copied(), code, why);
    }
}

#[test]
fn serve_https_writes_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let emulator = Emulator::start(&["--https", "valid", "--ca", file.to_str().unwrap()]);
    assert!(emulator.url.starts_with("https://127.0.0.1:"), "{}", emulator.url);
    let pem = std::fs::read_to_string(&file).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
}

#[test]
fn serve_behavior_applies() {
    let emulator = Emulator::start(&["--pull-api", "forbidden", "--endpoint-form", "trailing-slash"]);
    let pulled = emulator.get("/eu/v3/audit-logs");
    assert!(pulled.starts_with("403 Forbidden\n"), "{pulled}");
    let patched = emulator.webhook("https://siem.example.com");
    assert!(patched.contains("https://siem.example.com/"), "{patched}");
}

#[test]
fn trigger_region_or_portal_records_events() {
    let emulator = Emulator::start(&[]);
    let trigger = |arguments: &[&str]| {
        let made = run(["trigger", "--url", &emulator.url, "--region", "eu"]
            .into_iter()
            .chain(arguments.iter().copied()));
        (made.status.code(), text(&made.stdout))
    };
    let made = trigger(&["--kind", "authorization-denied", "--count", "2"]);
    assert_eq!(made, (Some(0), String::new()));
    let pulled = emulator.get("/eu/v3/audit-logs?filter[type]=authorization");
    assert_eq!(pulled.matches(r#""granted":false"#).count(), 2, "{pulled}");

    let added = emulator.command(r#"{"command": "add_portal", "region": "eu", "name": "Developers"}"#);
    let portal = added.split('"').nth(1).unwrap();
    assert_eq!(trigger(&["--portal", portal]).0, Some(0));
    for (arguments, why) in [
        (
            &["--portal", "11111111-2222-4333-8444-555555555555"][..],
            "has no portal",
        ),
        (
            &["--portal", portal, "--kind", "access"],
            "authentication events only",
        ),
    ] {
        let (code, out) = trigger(arguments);
        assert!(code == Some(1) && out.contains(why), "{out}");
    }
}

#[test]
fn serve_refused_delivery_is_reported_in_status() {
    let emulator = Emulator::start(&["--time-scale", "0.01"]);
    emulator.webhook("https://siem.example.com/");
    // The request itself creates events. The log has an entry as soon as they are rejected.
    let refused = || emulator.get("/_emulator/deliveries").contains("siem.example.com");
    assert!((0..1000).any(|_| refused()), "nothing was refused");
    let status = emulator.get("/eu/v2/audit-log-webhook/status");
    let inactive = status.contains(r#""webhook_status":"inactive""#) && status.contains("loopback");
    assert!(inactive && !status.contains("last_response_code"), "{status}");
}

#[test]
fn serve_no_deliveries_leaves_the_status() {
    let emulator = Emulator::start(&["--time-scale", "0", "--no-deliveries"]);
    emulator.webhook("https://siem.example.com/");
    let status = emulator.get("/eu/v2/audit-log-webhook/status");
    assert!(status.contains(r#""webhook_status":"active""#), "{status}");
    assert_eq!(emulator.get("/_emulator/deliveries"), "200 OK\n[]\n");
    let events = emulator.get("/eu/v3/audit-logs");
    assert!(events.contains("gateway_access"), "{events}");
}

#[test]
fn help_lists_behaviors_and_control_calls() {
    let help = text(&run(["--help"]).stdout);
    for part in [
        "--allow-delivery-to <HOST>",
        "--time-scale <F>",
        "--pull-api <PULL_API>",
        "--separate-destinations",
        "/_emulator/commands",
        "request",
        "trigger",
    ] {
        assert!(help.contains(part), "{part} is missing in:\n{help}");
    }
}
