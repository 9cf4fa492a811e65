//! An HTTPS receiver of deliveries, whose responses a test controls.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use flate2::read::GzDecoder;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::http::certificate::Authority;
use crate::http::listener::Listener;
use crate::{Certificate, DeliveryOptions, Emulator, EmulatorOptions};

/// A received batch of one attempt.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: Parts,
    pub lines: Vec<String>,
}

/// A running receiver. Its task ends with the test's runtime.
pub struct Receiver {
    pub url: String,
    pub authority: NamedTempFile,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    received: watch::Sender<Vec<Received>>,
    responses: Mutex<VecDeque<Response<Body>>>,
}

impl Receiver {
    pub async fn start(certificate: Certificate) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/in", socket.local_addr().unwrap());
        let authority = Authority::new("receiver").unwrap();
        let tls = Some(authority.acceptor(certificate).unwrap());
        let shared = Arc::new(Shared::default());
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

    /// Adds a response to the next ones. After these, the receiver returns 202.
    pub fn respond_next(&self, status: u16, location: &str) {
        let response = Response::builder().status(status).header("location", location);
        let mut responses = self.shared.responses.lock().unwrap();
        responses.push_back(response.body(Body::empty()).unwrap());
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// All received lines, in order.
    pub fn lines(&self) -> Vec<String> {
        let received = self.received();
        received.into_iter().flat_map(|batch| batch.lines).collect()
    }

    /// All received events of the format JSON, in order.
    pub fn events(&self) -> Vec<Value> {
        let event = |line: &String| serde_json::from_str(line).unwrap();
        self.lines().iter().map(event).collect()
    }

    /// Waits until a batch has arrived.
    pub async fn arrived(&self) {
        let mut received = self.shared.received.subscribe();
        received.wait_for(|batches| !batches.is_empty()).await.unwrap();
    }
}

async fn respond(State(shared): State<Arc<Shared>>, head: Parts, body: Bytes) -> Response<Body> {
    let mut text = String::new();
    GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    let lines = text.split('\n').map(str::to_owned).collect();
    shared
        .received
        .send_modify(|batches| batches.push(Received { head, lines }));
    let response = shared.responses.lock().unwrap().pop_front();
    response.unwrap_or_else(|| axum::response::IntoResponse::into_response(StatusCode::ACCEPTED))
}
