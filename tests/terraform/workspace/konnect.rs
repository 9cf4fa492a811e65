//! A local Konnect in the process of the test, on a separate thread.

use std::ops::Deref;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use konnect_emulator::{Emulator, EmulatorOptions, Fault, RecordedRequest};
use reqwest::Method;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A running emulator, stopped on drop.
pub struct LocalKonnect {
    emulator: Emulator,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LocalKonnect {
    pub fn with(options: EmulatorOptions) -> Self {
        let (started, starting) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let emulator = Emulator::start(options).await;
                started
                    .send(emulator.expect("an emulator"))
                    .expect("a test that waits");
                // Also ends after a panic of the test, which drops the sender.
                let _ = stopped.await;
            });
        });
        Self {
            emulator: starting.recv().expect("an emulator that has started"),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The requests since the last call.
    pub fn take_requests(&self) -> Vec<RecordedRequest> {
        let requests = self.emulator.requests();
        self.emulator.clear_requests();
        requests
    }

    /// The write requests of [`Self::take_requests`].
    pub fn take_writes(&self) -> Vec<Write> {
        self.take_requests()
            .iter()
            .filter(|request| request.method != "GET")
            .map(Write::of)
            .collect()
    }

    /// A `PATCH` with the token of another user.
    pub fn patch(&self, path: &str, body: &Value) -> Value {
        self.by_another_user(Method::PATCH, path, body)
    }

    /// A `POST` with the token of another user.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.by_another_user(Method::POST, path, body)
    }

    fn by_another_user(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.emulator.url()))
            .header("authorization", "Bearer kpat_another-user")
            .header("content-type", "application/json")
            .body(body.to_string());
        let text = runtime().block_on(async {
            let response = request.send().await.expect("an answer");
            assert!(response.status().is_success(), "{response:?}");
            response.text().await.expect("a body")
        });
        serde_json::from_str(&text).expect("a body in JSON")
    }

    /// Waits until all deliveries, including retries, have ended.
    pub fn wait_for_deliveries(&self) {
        runtime().block_on(self.emulator.deliveries_drained());
    }

    /// The stored destinations, which every host shows.
    pub fn destinations(&self) -> Vec<Value> {
        match self.region("global")["destinations"].take() {
            Value::Object(all) => all.into_iter().map(|(_, destination)| destination).collect(),
            _ => Vec::new(),
        }
    }
}

/// A runtime of the current thread.
pub fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

impl Deref for LocalKonnect {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

impl Drop for LocalKonnect {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // After a panic, the test has already failed.
            let _ = thread.join();
        }
    }
}

/// An error response with this body, in place of the real one.
pub fn refusal(code: u16, body: &str) -> Fault {
    Fault::Status {
        code,
        headers: <_>::default(),
        body: Some(body.to_owned()),
        content_type: None,
    }
}

/// A response with this body, before or after the request is handled.
pub fn answer(handle: bool, status: u16, body: &Value) -> Fault {
    Fault::Body {
        handle,
        status,
        headers: <_>::default(),
        body: body.to_string(),
    }
}

/// A write request.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// Method and path, such as `PATCH /eu/v3/audit-log-webhook`.
    pub call: String,
    /// The body, or null.
    pub body: Value,
}

/// An expected [`Write`].
pub fn write(call: impl Into<String>, body: Value) -> Write {
    Write {
        call: call.into(),
        body,
    }
}

impl Write {
    fn of(request: &RecordedRequest) -> Self {
        let body = match request.body.as_str() {
            "" => Value::Null,
            text => serde_json::from_str(text).expect("a body in JSON"),
        };
        write(format!("{} {}", request.method, request.path), body)
    }
}

/// The instance of another index in a state, from the first one: a destination as [`Emulator::add_destinations`] adds it, or
/// an object that Konnect does not have.
pub fn likeness(first: &Value, index: usize, created: &Value) -> Value {
    let text = first.to_string();
    let text = ["destination ", "siem-"].iter().fold(text, |text, before| {
        text.replace(&format!("{before}1"), &format!("{before}{}", index + 1))
    });
    let mut instance: Value = serde_json::from_str(&text).expect("an instance");
    instance["index_key"] = index.into();
    if !created.is_null() {
        for name in ["id", "created_at"] {
            instance["attributes"][name] = created[name].clone();
        }
        if !instance["identity"]["id"].is_null() {
            instance["identity"]["id"] = created["id"].clone();
        }
    }
    instance
}
