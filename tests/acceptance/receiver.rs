//! A receiver with a configurable status, which records deliveries. It listens on this machine, with TLS or behind a
//! tunnel.

use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use flate2::read::GzDecoder;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response};

use crate::workspace::Server;

/// The maximum size of a decompressed body, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// One request.
#[derive(Clone)]
pub struct Delivery {
    pub at: Instant,
    /// The status of the response.
    pub status: u16,
    pub method: String,
    pub content_type: String,
    pub content_encoding: String,
    pub authorization: String,
    /// The body as it was sent, equal for all attempts.
    pub body: Bytes,
    /// The decompressed lines. `None` if the body is invalid.
    pub lines: Option<Vec<String>>,
}

/// The status of the responses, and the deliveries.
#[derive(Clone)]
struct Shared(Arc<Mutex<(u16, Vec<Delivery>)>>);

/// A running receiver, stopped on drop.
pub struct Receiver {
    endpoint: String,
    shared: Shared,
    _server: Server,
}

impl Receiver {
    /// Listens on `HOST:PORT` with plain HTTP. `endpoint` is the HTTPS URL by which Konnect reaches it.
    pub fn behind_tunnel(listen: &str, endpoint: String) -> Result<Self, String> {
        let shared = Shared::new();
        let recording = shared.clone();
        let server = Server::http(listen, move |request| recording.receive(request));
        Ok(Self {
            endpoint,
            shared,
            _server: server.map_err(|error| format!("cannot listen on {listen}: {error}"))?,
        })
    }

    /// Listens on this machine with HTTPS, and returns its certificate in PEM.
    pub fn local() -> (Self, String) {
        let shared = Shared::new();
        let recording = shared.clone();
        let server = Server::https(move |request| recording.receive(request));
        let certificate = server.certificate().to_owned();
        let receiver = Self {
            endpoint: server.url(),
            shared,
            _server: server,
        };
        (receiver, certificate)
    }

    /// The HTTPS URL by which Konnect reaches it.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sets the status of the following responses.
    pub fn set_status(&self, status: u16) {
        self.shared.lock().0 = status;
    }

    /// The number of deliveries.
    pub fn count(&self) -> usize {
        self.shared.lock().1.len()
    }

    /// The deliveries after this number.
    pub fn since(&self, count: usize) -> Vec<Delivery> {
        self.shared.lock().1[count..].to_vec()
    }
}

impl Shared {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((200, Vec::new()))))
    }

    fn lock(&self) -> MutexGuard<'_, (u16, Vec<Delivery>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn receive(&self, request: &Request<Bytes>) -> Response<Full<Bytes>> {
        let header = |name: &str| {
            let value = request.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let body = request.body().clone();
        let mut text = String::new();
        let unpacked = GzDecoder::new(&*body).take(MAX_BYTES).read_to_string(&mut text);
        let (status, deliveries) = &mut *self.lock();
        deliveries.push(Delivery {
            at: Instant::now(),
            status: *status,
            method: request.method().to_string(),
            content_type: header("content-type"),
            content_encoding: header("content-encoding"),
            authorization: header("authorization"),
            lines: unpacked.ok().map(|_| text.lines().map(str::to_owned).collect()),
            body,
        });
        let response = Response::builder().status(*status).body(Full::default());
        response.expect("a response")
    }
}
