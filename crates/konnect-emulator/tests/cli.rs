//! `konnect-emulator --request`: the way to ask a running emulator where there is no curl.

#![allow(clippy::panic, clippy::unwrap_used)] // a test fails by them

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
        Self::with(&[])
    }

    fn with(arguments: &[&str]) -> Self {
        let mut process = Command::new(EMULATOR)
            .args(["--port", "0"])
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

    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Output {
        let url = format!("{}{path}", self.url);
        request([method, &url].into_iter().chain(body))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn request<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(EMULATOR)
        .arg("--request")
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_request_reaches_the_api_and_what_is_behind_it() {
    let konnect = Emulator::start();
    let body =
        r#"{"endpoint": "https://siem.example.com/a b", "authorization": "Bearer x", "enabled": true}"#;
    let patched = konnect.ask("PATCH", "/eu/v2/audit-log-webhook", Some(body));
    assert!(patched.status.success(), "{patched:?}");
    let out = text(&patched.stdout);
    assert!(out.starts_with("200 OK\n{") && out.ends_with("}\n"), "{out}");

    let behind = konnect.ask("PATCH", "/_emulator/eu/webhook", Some(r#"{"enabled": false}"#));
    assert!(behind.status.success(), "{behind:?}");
    let status = konnect.ask("GET", "/eu/v3/audit-log-webhook/status", None);
    assert!(
        text(&status.stdout).contains(r#""webhook_enabled":false"#),
        "{status:?}"
    );

    let reset = konnect.ask("POST", "/_emulator/reset", None);
    assert_eq!(text(&reset.stdout), "204 No Content\n");
}

#[test]
fn an_answer_that_is_no_success_is_shown_and_fails() {
    let konnect = Emulator::start();
    let missing = konnect.ask("GET", "/eu/v9/nothing", None);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stdout).starts_with("404 Not Found\n{"),
        "{missing:?}"
    );
    assert!(text(&missing.stderr).contains("404"), "{missing:?}");
}

#[test]
fn https_comes_with_an_authority_to_trust() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let konnect = Emulator::with(&["--https", "valid", "--ca", file.to_str().unwrap()]);
    assert!(konnect.url.starts_with("https://127.0.0.1:"), "{}", konnect.url);
    let pem = std::fs::read_to_string(&file).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
}

#[test]
fn what_can_not_be_served_is_refused() {
    for (arguments, why) in [
        (["--https", "green"], "unknown-authority"),
        (["--ca", "x.pem"], "--https"),
    ] {
        let refused = Command::new(EMULATOR).args(arguments).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
}

#[test]
fn what_can_not_be_asked_is_refused_before_it_is_sent() {
    for (arguments, why) in [
        (vec!["GET"], "METHOD and a URL"),
        (vec!["GET", "127.0.0.1:8080/"], "no URL"),
        (vec!["GET", "https://example.com/"], "http://127.0.0.1:PORT"),
        (vec!["G T", "http://127.0.0.1:1/"], "no HTTP method"),
        (
            vec!["PATCH", "http://127.0.0.1:1/", "{\"a\":", "1}"],
            "quote the body",
        ),
    ] {
        let refused = request(arguments);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(text(&refused.stderr).contains(why), "{refused:?}");
    }
    // Nobody listens on port 1.
    let nobody = request(["GET", "http://127.0.0.1:1/"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
}
