//! An HTTPS server for a folder on 127.0.0.1, as a network mirror.

use std::convert::Infallible;
use std::future::ready;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

type Requests = Arc<Mutex<Vec<String>>>;

/// A running server, stopped on drop.
pub struct HttpsMirror {
    port: u16,
    certificate: String,
    requests: Requests,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HttpsMirror {
    /// Serves a folder, with a generated certificate for 127.0.0.1.
    pub fn serve(folder: PathBuf) -> Self {
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
        let requests = Requests::default();
        let (started, starting) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let noted = requests.clone();
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
                    () = accept(listener, TlsAcceptor::from(Arc::new(tls)), folder, noted) => {}
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

impl Drop for HttpsMirror {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The panic was already printed.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, folder: PathBuf, requests: Requests) {
    let folder: Arc<Path> = folder.into();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let (tls, folder, requests) = (tls.clone(), folder.clone(), requests.clone());
        tokio::spawn(async move {
            // A client that does not trust the certificate disconnects.
            let Ok(stream) = tls.accept(stream).await else {
                return;
            };
            let service =
                service_fn(|request| ready(Ok::<_, Infallible>(response(&request, &folder, &requests))));
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Returns the file of the path. JSON of a network mirror must have its content type.
fn response(request: &Request<Incoming>, folder: &Path, requests: &Requests) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    requests.lock().expect("no panic").push(path.to_owned());
    let file = folder.join(path.trim_start_matches('/'));
    let json = file.extension().is_some_and(|extension| extension == "json");
    let kind = if json {
        "application/json"
    } else {
        "application/zip"
    };
    let response = match std::fs::read(&file) {
        Ok(bytes) => Response::builder()
            .header("content-type", kind)
            .body(bytes.into()),
        Err(_) => Response::builder()
            .status(StatusCode::NOT_FOUND)
            .body(Full::default()),
    };
    response.expect("an answer")
}
