//! A receiver with a configurable status, which records deliveries. It listens on this machine, with TLS or behind a
//! tunnel.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Collected, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

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
    /// A hash of the body, equal for all attempts.
    pub body: u64,
    /// The decompressed lines. `None` if the body is invalid.
    pub lines: Option<Vec<String>>,
}

struct Shared {
    status: StatusCode,
    deliveries: Vec<Delivery>,
}

/// A running receiver, stopped on drop.
pub struct Receiver {
    endpoint: String,
    shared: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Listens on `HOST:PORT` with plain HTTP. `endpoint` is the HTTPS URL by which Konnect reaches it.
    pub fn behind_tunnel(listen: &str, endpoint: String) -> Result<Self, String> {
        Self::start(listen, None, |_| endpoint)
    }

    /// Listens on this machine with HTTPS, and returns its certificate in PEM.
    pub fn local() -> Result<(Self, String), String> {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        let certificate = params.self_signed(&key).expect("a certificate");
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .expect("the versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let receiver = Self::start("127.0.0.1:0", Some(acceptor), |port| {
            format!("https://127.0.0.1:{port}/")
        })?;
        Ok((receiver, certificate.pem()))
    }

    fn start(
        listen: &str,
        tls: Option<TlsAcceptor>,
        endpoint: impl FnOnce(u16) -> String,
    ) -> Result<Self, String> {
        let listener = std::net::TcpListener::bind(listen).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let port = listener.local_addr()?.port();
            Ok((listener, port))
        });
        let (listener, port) = listener.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        let shared = Arc::new(Mutex::new(Shared {
            status: StatusCode::OK,
            deliveries: Vec::new(),
        }));
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, starting) = mpsc::channel();
        let kept = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                let _ = started.send(());
                tokio::select! {
                    _ = stopped => {}
                    () = accept(listener, tls, kept) => {}
                }
            });
        });
        starting
            .recv()
            .map_err(|_| "the receiver does not start".to_owned())?;
        Ok(Self {
            endpoint: endpoint(port),
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The HTTPS URL by which Konnect reaches it.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Sets the status of the following responses.
    pub fn set_status(&self, status: u16) {
        lock(&self.shared).status = StatusCode::from_u16(status).expect("a status");
    }

    /// The number of deliveries.
    pub fn count(&self) -> usize {
        lock(&self.shared).deliveries.len()
    }

    /// The deliveries after this number.
    pub fn since(&self, count: usize) -> Vec<Delivery> {
        lock(&self.shared)
            .deliveries
            .iter()
            .skip(count)
            .cloned()
            .collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Mutex<Shared>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, shared).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, shared: Arc<Mutex<Shared>>) {
    let service = service_fn(move |request| receive(request, Arc::clone(&shared)));
    // A connection may end in an error.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn receive(
    request: Request<Incoming>,
    shared: Arc<Mutex<Shared>>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| {
        let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mut text = String::new();
    let unpacked = GzDecoder::new(&*bytes).take(MAX_BYTES).read_to_string(&mut text);
    let mut shared = lock(&shared);
    let status = shared.status;
    shared.deliveries.push(Delivery {
        at: Instant::now(),
        status: status.as_u16(),
        method: parts.method.to_string(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        authorization: header("authorization"),
        body: hasher.finish(),
        lines: unpacked.ok().map(|_| text.lines().map(str::to_owned).collect()),
    });
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}
