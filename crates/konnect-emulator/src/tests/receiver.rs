//! An HTTPS receiver of deliveries, whose responses a test controls.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use flate2::read::GzDecoder;
use http::Response;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::http::certificate::Authority;
use crate::http::listener::Listener;
use crate::{Certificate, DeliveryOptions, Emulator, EmulatorOptions};

/// A received batch of one attempt.
#[derive(Clone, Debug)]
pub struct Received {
    pub path: String,
    pub authorization: String,
    pub content_type: String,
    pub encoding: String,
    pub lines: Vec<String>,
}

/// A running receiver. Its task ends with the test's runtime.
pub struct Receiver {
    pub url: String,
    pub authority: NamedTempFile,
    shared: Arc<Shared>,
}

struct Shared {
    received: watch::Sender<Vec<Received>>,
    responses: Mutex<VecDeque<(u16, Option<String>)>>,
    /// One permit per response while responses are held; many otherwise.
    gate: Semaphore,
}

impl Receiver {
    pub async fn start(certificate: Certificate) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/in", socket.local_addr().unwrap());
        let authority = Authority::new("receiver").unwrap();
        let tls = Some(authority.acceptor(certificate).unwrap());
        let shared = Arc::new(Shared {
            received: watch::Sender::new(Vec::new()),
            responses: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let listener = Listener::new(socket, tls, Arc::default(), CancellationToken::new());
        let router = Router::new().fallback(respond).with_state(Arc::clone(&shared));
        tokio::spawn(axum::serve(listener, router).into_future());
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, authority.pem()).unwrap();
        Self {
            url,
            authority: file,
            shared,
        }
    }

    /// An emulator that trusts this receiver, with short waits.
    pub async fn emulator(&self) -> Emulator {
        Emulator::start(self.options()).await.unwrap()
    }

    pub fn options(&self) -> EmulatorOptions {
        EmulatorOptions {
            deliveries: Some(DeliveryOptions {
                trusted_authorities: Some(self.authority.path().to_owned()),
                allowed_hosts: Vec::new(),
            }),
            time_scale: 0.01,
            ..EmulatorOptions::default()
        }
    }

    /// Sets the statuses of the next responses. 202 after that.
    pub fn respond_next(&self, statuses: &[u16]) {
        let statuses = statuses.iter().map(|&status| (status, None));
        self.shared.responses.lock().unwrap().extend(statuses);
    }

    /// Sets a redirect as the next response.
    pub fn redirect_next(&self, location: &str) {
        let response = (307, Some(location.to_owned()));
        self.shared.responses.lock().unwrap().push_back(response);
    }

    /// Holds responses until [`Receiver::release`].
    pub fn hold(&self) {
        self.shared.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub fn release(&self) {
        self.shared.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// All received lines, in order.
    pub fn lines(&self) -> Vec<String> {
        self.received()
            .into_iter()
            .flat_map(|batch| batch.lines)
            .collect()
    }

    /// All received events of the format JSON, in order.
    pub fn events(&self) -> Vec<Value> {
        let lines = self.lines();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Waits for this number of batches.
    pub async fn batches(&self, count: usize) -> Vec<Received> {
        let mut received = self.shared.received.subscribe();
        let batches = received.wait_for(|batches| batches.len() >= count).await.unwrap();
        batches.clone()
    }
}

async fn respond(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut text = String::new();
    GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    let header = |name: &str| parts.headers[name].to_str().unwrap().to_owned();
    let received = Received {
        path: parts.uri.path().to_owned(),
        authorization: header("authorization"),
        content_type: header("content-type"),
        encoding: header("content-encoding"),
        lines: text.split('\n').map(str::to_owned).collect(),
    };
    shared.received.send_modify(|batches| batches.push(received));
    let _permit = shared.gate.acquire().await.unwrap();
    let (status, location) = shared
        .responses
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or((202, None));
    let mut response = Response::builder().status(status);
    if let Some(location) = location {
        response = response.header("location", location);
    }
    response.body(Body::empty()).unwrap()
}
