//! A local Konnect in the process of the test, on a separate thread.

use std::ops::Deref;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use konnect_emulator::{Emulator, EmulatorOptions, RecordedRequest};
use reqwest::Method;
use serde_json::Value;
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
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
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
    pub fn patched_by_another_user(&self, path: &str, body: &Value) -> Value {
        self.by_another_user(Method::PATCH, path, body)
    }

    /// A `POST` with the token of another user.
    pub fn posted_by_another_user(&self, path: &str, body: &Value) -> Value {
        self.by_another_user(Method::POST, path, body)
    }

    fn by_another_user(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.emulator.url()))
            .header("authorization", "Bearer kpat_another-user")
            .header("content-type", "application/json")
            .body(body.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let text = runtime.block_on(async {
            let response = request.send().await.expect("an answer");
            assert!(response.status().is_success(), "{response:?}");
            response.text().await.expect("a body")
        });
        serde_json::from_str(&text).expect("a body in JSON")
    }

    /// Waits until all deliveries, including retries, have ended.
    pub fn wait_for_deliveries(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        runtime.block_on(self.emulator.deliveries_drained());
    }

    /// The stored destinations, which every host shows.
    pub fn destinations(&self, _host: &str) -> Vec<Value> {
        match self.region("global")["destinations"].take() {
            Value::Object(all) => all.into_iter().map(|(_, destination)| destination).collect(),
            _ => Vec::new(),
        }
    }
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
