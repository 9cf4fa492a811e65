use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{CEF, JSON, delivery, jwks, signed, status};

const PROGRAM: &str = env!("CARGO_BIN_EXE_konnect-audit-receiver");

/// The program with these arguments. Without `--listen`, it listens on a free port.
fn command(arguments: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    if !arguments.contains("--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command
        .args(arguments.split_whitespace())
        .env_remove("KONNECT_RECEIVER_AUTHORIZATION")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program, killed on drop.
struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Program {
    fn start(arguments: &str) -> Self {
        Self::run(&mut command(arguments))
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("the first line is {line:?}"));
        Self { child, stdout, url }
    }

    /// The exit code, and the rest of the output.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        (code, stdout, stderr)
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An error means that it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fails(arguments: &str) -> (i32, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(arguments).output().unwrap();
    assert!(stdout.is_empty(), "{arguments:?}");
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn expect_enough_events_exits_with_0() {
    let program = Program::start("--expect 2 --timeout 60");
    let begun = Instant::now();
    assert_eq!(status(delivery(&program.url, CEF)).await, 202);
    assert_eq!(status(delivery(&program.url, JSON)).await, 202);
    let (code, stdout, stderr) = program.end();
    assert_eq!((code, stdout.lines().count()), (Some(0), 2), "{stdout}{stderr}");
    assert!(
        stderr.contains("KONNECT_RECEIVER_AUTHORIZATION is not set"),
        "{stderr}"
    );
    assert!(!stdout.contains('\x1b'), "{stdout:?}");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn expect_too_few_verified_events_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, jwks()).unwrap();
    let arguments = format!("--jwks {} --json --expect 2 --timeout 1.5", file.display());
    let program = Program::run(command(&arguments).env("KONNECT_RECEIVER_AUTHORIZATION", "Bearer s3cret"));
    let request = || delivery(&program.url, format!("{}\n{CEF}\n", signed(JSON)));
    assert_eq!(status(request()).await, 401);
    let right = request().header("Authorization", "Bearer s3cret");
    assert_eq!(status(right).await, 202);
    let (code, stdout, stderr) = program.end();
    assert_eq!(code, Some(1), "{stderr}");
    let expected = "error: 1 of 2 verified events arrived within 1.5 s; 1 unsigned; 1 deliveries refused";
    assert!(stderr.contains(expected), "{stderr}");
    let quiet = !stderr.contains("s3cret") && !stderr.contains("is not set");
    assert!(quiet, "{stderr}");
    let shown = stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let shown: Vec<_> = shown.map(|event| event["verification"].clone()).collect();
    assert_eq!(shown, ["verified", "unsigned"]);
}

/// A server that responds once, and its URL.
async fn serve(head: &'static str, body: String) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let length = body.len();
        let response = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(response.as_bytes()).await.unwrap();
    });
    (url, server)
}

#[tokio::test]
async fn jwks_at_url_verifies_events() {
    let (url, server) = serve("200 OK", jwks()).await;
    let arguments = format!("--jwks {url} --expect 1 --timeout 60");
    let program = tokio::task::spawn_blocking(move || Program::start(&arguments));
    let program = program.await.unwrap();
    server.await.unwrap();
    assert_eq!(status(delivery(&program.url, signed(CEF))).await, 202);
    let (code, stdout, stderr) = program.end();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.ends_with("  verified\n"), "{stdout}");
}

#[tokio::test]
async fn jwks_redirect_is_rejected() {
    let (url, server) = serve("302 Found\r\nLocation: /other", String::new()).await;
    let run = tokio::task::spawn_blocking(move || fails(&format!("--jwks {url}")));
    let (code, stderr) = run.await.unwrap();
    server.await.unwrap();
    assert_eq!(code, 1);
    assert!(stderr.contains("answered 302"), "{stderr}");
}

#[test]
fn arguments_invalid_are_reported() {
    let without_listen = Command::new(PROGRAM).output().unwrap();
    assert!(
        String::from_utf8(without_listen.stderr)
            .unwrap()
            .contains("--listen")
    );
    for (arguments, expected, text) in [
        ("--expect 1", 2, "--timeout"),
        ("--timeout 1", 2, "--expect"),
        ("--expect 0 --timeout 1", 2, "--expect"),
        ("--expect 1 --timeout 0", 2, "--timeout"),
        ("--cert x", 2, "--key"),
        ("--filter severity>=6", 2, "is not a condition"),
        ("--respond 100", 2, "200..=599"),
        ("--jwks /does/not/exist", 1, "/does/not/exist: "),
        ("--jwks http://192.0.2.1/jwks.json", 1, "HTTPS only"),
        ("--listen nonsense", 1, "cannot listen at nonsense"),
    ] {
        let (code, stderr) = fails(arguments);
        assert_eq!(code, expected, "{arguments:?}: {stderr}");
        assert!(stderr.contains(text), "{arguments:?}: {stderr}");
    }
}

#[test]
fn authorization_empty_is_an_error() {
    let mut command = command("");
    let output = command
        .env("KONNECT_RECEIVER_AUTHORIZATION", "")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && stderr.contains("leave it unset"),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn signal_ends_program_with_0_or_1_if_events_are_expected() {
    for (arguments, name, expected, text) in [
        ("", "INT", 0, "0 events"),
        ("", "TERM", 0, "0 events"),
        (
            "--expect 1 --timeout 60",
            "TERM",
            1,
            "interrupted before 1 events arrived",
        ),
    ] {
        let program = Program::start(arguments);
        program.signal(name);
        let (code, _, stderr) = program.end();
        assert_eq!(code, Some(expected), "{name}: {stderr}");
        assert!(stderr.contains(text), "{name}: {stderr}");
    }
}

#[tokio::test]
async fn respond_returns_the_configured_status() {
    let program = Program::start("--respond 429");
    assert_eq!(status(delivery(&program.url, CEF)).await, 429);
}

#[tokio::test]
async fn jwks_with_private_part_warns_and_summary_counts_unchecked_events() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, jwks().replace(r#""kty""#, r#""d":"s3cret","kty""#)).unwrap();
    let jwks = format!("--jwks {}", file.display());
    for (arguments, warns, verified, unchecked) in [(jwks.as_str(), true, 1, 0), ("", false, 0, 1)] {
        let program = Program::start(&format!("--expect 1 --timeout 60 {arguments}"));
        assert_eq!(status(delivery(&program.url, signed(CEF))).await, 202);
        let (code, _, stderr) = program.end();
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(
            stderr.contains("the key set has a private key"),
            warns,
            "{stderr}"
        );
        let summary = format!(
            "1 events: {verified} verified, 0 unsigned, 0 with a bad signature, {unchecked} unchecked; 0 unreadable lines;"
        );
        assert!(
            stderr.contains(&summary) && !stderr.contains("s3cret"),
            "{stderr}"
        );
    }
}
