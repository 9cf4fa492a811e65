//! Tests over real HTTP, with a minimal client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bodies;
mod contract;
mod control;
mod deliveries;
mod destinations;
mod forms;
mod guard;
mod hosts;
mod lifecycle;
mod lists;
mod receiver;
mod replay_job;
mod webhook;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Behavior, Emulator, EmulatorOptions};

const LIST: &str = "/global/v3/audit-log-destinations";
const V2: &str = "/eu/v2/audit-log-webhook";
const V3: &str = "/eu/v3/audit-log-webhook";
const JOB: &str = "/eu/v3/audit-log-replay-job";
const COMMANDS: &str = "/_emulator/commands";

/// A valid token.
const TOKEN: &str = "Bearer kpat_test";

/// A response, possibly incomplete.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Reply {
    /// Parses a complete head and the following body, which is not chunked.
    fn parse(bytes: &[u8]) -> Self {
        let end = find(bytes, b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let (first, lines) = head.split_once("\r\n").unwrap();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<_, _> = lines
            .split("\r\n")
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Self {
            status,
            headers,
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// Asserts that the response is a problem document, whose form `contract` checks. Returns the invalid fields with their
    /// reasons.
    fn problem(&self, status: u16) -> Vec<(String, String)> {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let document = self.json();
        let trace = document["instance"]
            .as_str()
            .unwrap()
            .strip_prefix("konnect:trace:");
        assert!(trace.unwrap().parse::<u64>().is_ok(), "{document}");
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let entries = document["invalid_parameters"].as_array().into_iter().flatten();
        entries
            .map(|entry| (text(entry, "field"), text(entry, "reason")))
            .collect()
    }

    /// Asserts that the response has this status, and is a problem document if it is an error.
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if status >= 400 {
            self.problem(status);
        }
        self
    }

    /// The names of the invalid fields in a 400.
    fn faulty_fields(&self) -> Vec<String> {
        self.problem(400).into_iter().map(|(field, _)| field).collect()
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

async fn start() -> Emulator {
    Emulator::start(EmulatorOptions::default()).await.unwrap()
}

async fn start_with(behavior: Behavior) -> Emulator {
    let options = EmulatorOptions {
        behavior,
        ..EmulatorOptions::default()
    };
    Emulator::start(options).await.unwrap()
}

impl Emulator {
    /// A connection on which a request was sent with exactly these headers.
    async fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut request = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        write!(request, "content-length: {}\r\n\r\n", body.len()).unwrap();
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream
    }

    /// A request with exactly these headers.
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut bytes = Vec::new();
        let mut stream = self.open(method, path, headers, body).await;
        stream.read_to_end(&mut bytes).await.unwrap();
        Reply::parse(&bytes)
    }

    async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, b"").await
    }

    /// A call with a token, and with a JSON body unless that is null.
    async fn call(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = Some(body).filter(|body| !body.is_null());
        let body = body.map_or_else(String::new, |body| body.to_string());
        let headers = [("authorization", TOKEN), ("content-type", "application/json")];
        self.send(method, path, &headers, body.as_bytes()).await
    }

    /// Makes calls in order, each `[method, path, body, status]` and what to expect: fields of the response, or the names
    /// of the invalid fields of a 400, separated by spaces.
    async fn run(&self, calls: Value) {
        for call in calls.as_array().unwrap() {
            let [method, path] = [0, 1].map(|part| call[part].as_str().unwrap());
            let reply = self.call(method, path, call[2].clone()).await;
            assert_eq!(
                json!(reply.status),
                call[3],
                "{call}: {}",
                String::from_utf8_lossy(&reply.body)
            );
            let fields = match reply.status {
                400.. => reply.problem(reply.status),
                _ => Vec::new(),
            };
            match call.get(4) {
                Some(Value::String(names)) => {
                    let found: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
                    assert_eq!(found.join(" "), *names, "{call}");
                }
                Some(expected) => has(&reply.json(), expected),
                None => {}
            }
        }
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, Value::Null).await
    }

    /// The document at a path.
    async fn read(&self, path: &str) -> Value {
        self.get(path).await.json()
    }

    /// Asserts that the document at a path is this one.
    async fn shows(&self, path: &str, document: &Value) {
        assert_eq!(self.read(path).await, *document, "{path}");
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, body).await
    }

    async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path, body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call("PATCH", path, body).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, Value::Null).await
    }

    /// Creates a destination and returns its ID.
    async fn create(&self, region: &str, name: &str) -> String {
        let list = format!("/{region}/v3/audit-log-destinations");
        let made = self.post(&list, new_destination(name)).await.is(201);
        made.json()["id"].as_str().unwrap().to_owned()
    }
}

/// Asserts that a document has these fields, and perhaps others.
fn has(document: &Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(document[name], *value, "{name} of {document}");
    }
}

/// A valid body of a new destination.
fn new_destination(name: &str) -> Value {
    json!({
        "name": name,
        "endpoint": "https://siem.example.com/in",
        "authorization": "Bearer s3cret",
        "log_format": "json",
    })
}
