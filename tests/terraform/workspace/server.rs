//! A server in the process of the test, on a separate thread.

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::konnect::runtime;

/// Answers a request.
type Answer = dyn Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync;

/// A running server, stopped on drop.
pub struct Server {
    port: u16,
    certificate: String,
    requests: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what a function answers with HTTPS, with a generated certificate for 127.0.0.1.
    pub fn https(answer: impl Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        let certificate = params.self_signed(&key).expect("a certificate");
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .expect("the versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let mut server = Self::start((Ipv4Addr::LOCALHOST, 0), Some(acceptor), answer).expect("a port");
        server.certificate = certificate.pem();
        server
    }

    /// Serves a folder with HTTPS, as a network mirror.
    pub fn mirror(folder: std::path::PathBuf) -> Self {
        Self::https(move |request| file(&folder.join(request.uri().path().trim_start_matches('/'))))
    }

    /// Serves what a function answers with HTTP, at this address.
    #[allow(dead_code, reason = "tests/acceptance uses it")]
    pub fn http(
        address: impl ToSocketAddrs,
        answer: impl Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        Self::start(address, None, answer)
    }

    fn start(
        address: impl ToSocketAddrs,
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let noted = requests.clone();
        let answer: Arc<Answer> = Arc::new(move |request: &Request<Bytes>| {
            let path = request.uri().path().to_owned();
            noted.lock().expect("no panic").push(path);
            answer(request)
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = accept(listener, tls, answer) => {}
                    // Also ends after a panic of the test, which drops the sender.
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            port,
            certificate: String::new(),
            requests,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The URL of a server with HTTPS. The final slash is one that a CLI requires.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/", self.port)
    }

    /// The certificate that clients must trust, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The requested paths since the last call.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().expect("no panic of the server"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The panic was already printed.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: tokio::net::TcpListener, tls: Option<TlsAcceptor>, answer: Arc<Answer>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (tls, answer) = (tls.clone(), answer.clone());
        tokio::spawn(async move {
            let Some(tls) = tls else {
                return serve(stream, answer).await;
            };
            // A client that does not trust the certificate disconnects.
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, answer).await;
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, answer: Arc<Answer>) {
    let service = service_fn(async |request: Request<Incoming>| {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("a whole request").to_bytes();
        Ok::<_, Infallible>(answer(&Request::from_parts(head, body)))
    });
    // A connection may end in an error.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Returns a file. JSON of a network mirror must have its content type.
fn file(path: &Path) -> Response<Full<Bytes>> {
    let json = path.extension().is_some_and(|extension| extension == "json");
    let kind = if json {
        "application/json"
    } else {
        "application/zip"
    };
    let response = match std::fs::read(path) {
        Ok(bytes) => Response::builder()
            .header("content-type", kind)
            .body(bytes.into()),
        Err(_) => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Full::default()),
    };
    response.expect("an answer")
}
