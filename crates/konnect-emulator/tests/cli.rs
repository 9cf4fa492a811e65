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
    fn start() -> Self {
        Self::with(&["--port", "0"])
    }

    fn with(arguments: &[&str]) -> Self {
        let mut process = Command::new(EMULATOR)
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

    fn get(&self, path: &str) -> String {
        text(&self.request("GET", path, None).stdout)
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

#[test]
fn request_api_and_control_calls_reach_the_emulator() {
    let emulator = Emulator::start();
    let body =
        r#"{"endpoint": "https://siem.example.com/a b", "authorization": "Bearer x", "enabled": true}"#;
    let patched = emulator.request("PATCH", "/eu/v2/audit-log-webhook", Some(body));
    assert!(patched.status.success(), "{patched:?}");
    let out = text(&patched.stdout);
    assert!(out.starts_with("200 OK\n{") && out.ends_with("}\n"), "{out}");

    let command = r#"{"command": "edit_webhook", "stream": {"region": "eu"}, "set": {"enabled": false}}"#;
    let edited = emulator.request("POST", "/_emulator/commands", Some(command));
    assert!(edited.status.success(), "{edited:?}");
    let status = emulator.get("/eu/v3/audit-log-webhook/status");
    assert!(status.contains(r#""webhook_enabled":false"#), "{status}");

    let reset = emulator.request("POST", "/_emulator/commands", Some(r#"{"command": "reset"}"#));
    assert_eq!(text(&reset.stdout), "204 No Content\n");
}

#[test]
fn request_not_2xx_prints_response_and_fails() {
    let emulator = Emulator::start();
    let missing = emulator.request("GET", "/eu/v9/nothing", None);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stdout).starts_with("404 Not Found\n{"),
        "{missing:?}"
    );
    assert!(text(&missing.stderr).contains("404"), "{missing:?}");
}

#[test]
fn request_invalid_arguments_are_refused() {
    for (arguments, why) in [
        (vec!["GET"], "<URL>"),
        (vec!["GET", "127.0.0.1:8080/"], "not a URL"),
        (vec!["GET", "https://example.com/"], "http://127.0.0.1:PORT"),
        (vec!["G T", "http://127.0.0.1:1/"], "<METHOD>"),
        (
            vec!["PATCH", "http://127.0.0.1:1/", "{\"a\":", "1}"],
            "unexpected argument '1}'",
        ),
    ] {
        let refused = run(["request"].into_iter().chain(arguments));
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
    // No process listens on port 1.
    let unreachable = run(["request", "GET", "http://127.0.0.1:1/"]);
    assert_eq!(unreachable.status.code(), Some(1), "{unreachable:?}");
}

#[test]
fn serve_https_writes_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let emulator = Emulator::with(&[
        "serve",
        "--port",
        "0",
        "--https",
        "valid",
        "--ca",
        file.to_str().unwrap(),
    ]);
    assert!(emulator.url.starts_with("https://127.0.0.1:"), "{}", emulator.url);
    let pem = std::fs::read_to_string(&file).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
}

#[test]
fn serve_invalid_arguments_are_refused() {
    for (arguments, code, why) in [
        (["--https", "green"], 2, "unknown-authority"),
        (["--ca", "x.pem"], 2, "--https"),
        (["--time-scale", "1001"], 2, "from 0 to 1000"),
        (["--time-scale", "fast"], 2, "from 0 to 1000"),
        (["--pull-api", "sometimes"], 2, "forbidden"),
        (
            ["--trust", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")],
            1,
            "--trust: ",
        ),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.status.code(), Some(code), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
}

#[test]
fn serve_behavior_applies() {
    let emulator = Emulator::with(&[
        "--port",
        "0",
        "--pull-api",
        "forbidden",
        "--endpoint-form",
        "trailing-slash",
    ]);
    let pulled = emulator.request("GET", "/eu/v3/audit-logs", None);
    assert!(text(&pulled.stdout).starts_with("403 Forbidden\n"), "{pulled:?}");
    let body = r#"{"endpoint": "https://siem.example.com", "authorization": "Bearer x"}"#;
    let patched = emulator.request("PATCH", "/eu/v2/audit-log-webhook", Some(body));
    assert!(
        text(&patched.stdout).contains("https://siem.example.com/"),
        "{patched:?}"
    );
}

#[test]
fn trigger_region_or_portal_records_events() {
    let emulator = Emulator::start();
    let trigger = |arguments: &[&str]| {
        run(["trigger", "--url", &emulator.url, "--region", "eu"]
            .into_iter()
            .chain(arguments.iter().copied()))
    };
    let made = trigger(&["--kind", "authorization-denied", "--count", "2"]);
    assert!(made.status.success(), "{made:?}");
    let pulled = emulator.get("/eu/v3/audit-logs?filter[type]=authorization");
    assert_eq!(pulled.matches(r#""granted":false"#).count(), 2, "{pulled}");

    let unknown = trigger(&["--portal", "11111111-2222-4333-8444-555555555555"]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
    assert!(text(&unknown.stdout).contains("has no portal"), "{unknown:?}");
    let added = text(
        &emulator
            .request(
                "POST",
                "/_emulator/commands",
                Some(r#"{"command": "add_portal", "region": "eu", "name": "Developers"}"#),
            )
            .stdout,
    );
    let portal = added.split('"').nth(1).unwrap();
    assert!(trigger(&["--portal", portal]).status.success());
    let wrong = trigger(&["--portal", portal, "--kind", "access"]);
    assert!(
        text(&wrong.stdout).contains("authentication events only"),
        "{wrong:?}"
    );
}

#[test]
fn serve_refused_delivery_is_reported_in_status() {
    let emulator = Emulator::with(&["--port", "0", "--time-scale", "0.01"]);
    let body = r#"{"endpoint": "https://siem.example.com/", "authorization": "x", "enabled": true}"#;
    assert!(
        emulator
            .request("PATCH", "/eu/v2/audit-log-webhook", Some(body))
            .status
            .success()
    );
    // The request itself creates events. The log has an entry as soon as they are rejected.
    let refused = || emulator.get("/_emulator/deliveries").contains("siem.example.com");
    assert!((0..1000).any(|_| refused()), "nothing was refused");
    let status = emulator.get("/eu/v2/audit-log-webhook/status");
    assert!(status.contains(r#""webhook_status":"inactive""#), "{status}");
    assert!(
        status.contains("loopback") && !status.contains("last_response_code"),
        "{status}"
    );
}

#[test]
fn serve_no_deliveries_leaves_the_status() {
    let emulator = Emulator::with(&["--port", "0", "--time-scale", "0", "--no-deliveries"]);
    let body = r#"{"endpoint": "https://siem.example.com/", "authorization": "x", "enabled": true}"#;
    emulator.request("PATCH", "/eu/v2/audit-log-webhook", Some(body));
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
