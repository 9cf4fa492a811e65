//! An HTTPS server on 127.0.0.1: a network mirror, or another registry.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// Answers a request.
type Answer = dyn Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync;

/// A running server, stopped on drop.
pub struct HttpsServer {
    port: u16,
    certificate: String,
    requests: Arc<Mutex<Vec<String>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpsServer {
    /// Serves a folder, as a network mirror.
    pub fn mirror(folder: PathBuf) -> Self {
        Self::serve(move |request| file(&folder.join(request.uri().path().trim_start_matches('/'))))
    }

    /// Serves what a function answers, with a generated certificate for 127.0.0.1.
    pub fn serve(answer: impl Fn(&Request<Bytes>) -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
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
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (started, starting) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let noted = requests.clone();
        let answer: Arc<Answer> = Arc::new(move |request: &Request<Bytes>| {
            noted
                .lock()
                .expect("no panic")
                .push(request.uri().path().to_owned());
            answer(request)
        });
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
                let port = listener.local_addr().expect("an address").port();
                started.send(port).expect("a test that waits");
                tokio::select! {
                    () = accept(listener, TlsAcceptor::from(Arc::new(tls)), answer) => {}
                    // Also ends after a panic of the test, which drops the sender.
                    _ = stopped => {}
                }
            });
        });
        Self {
            port: starting.recv().expect("a server that has started"),
            certificate: certificate.pem(),
            requests,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The URL with a final slash, as a CLI requires.
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

impl Drop for HttpsServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The panic was already printed.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, answer: Arc<Answer>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (tls, answer) = (tls.clone(), answer.clone());
        tokio::spawn(async move {
            // A client that does not trust the certificate disconnects.
            let Ok(stream) = tls.accept(stream).await else {
                return;
            };
            let service = service_fn(async |request: Request<hyper::body::Incoming>| {
                let (head, body) = request.into_parts();
                let body = body.collect().await.expect("a whole request").to_bytes();
                Ok::<_, Infallible>(answer(&Request::from_parts(head, body)))
            });
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Returns a file. JSON of a network mirror must have its content type.
fn file(path: &std::path::Path) -> Response<Full<Bytes>> {
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
