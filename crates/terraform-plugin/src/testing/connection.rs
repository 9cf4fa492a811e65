//! The connection of a host: the socket, TLS as a Go client configures it, and gRPC over HTTP/2.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;
use tonic::body::Body;
use tower_service::Service;

use crate::testing::{Identity, within};

/// The TLS settings of a client.
pub struct Tls {
    versions: Vec<&'static SupportedProtocolVersion>,
    server: CertificateDer<'static>,
}

impl Tls {
    /// The settings of Terraform: trusts exactly the certificate of the handshake line.
    pub fn trusting(server: &CertificateDer<'static>) -> Self {
        Self {
            versions: vec![&rustls::version::TLS13, &rustls::version::TLS12],
            server: server.clone(),
        }
    }

    /// Restricts the settings to one TLS version.
    #[must_use]
    pub fn only(self, version: &'static SupportedProtocolVersion) -> Self {
        let versions = vec![version];
        Self { versions, ..self }
    }

    /// The configuration of a client that presents this certificate, or none.
    pub fn config(&self, identity: Option<&Identity>) -> Arc<ClientConfig> {
        let mut trusted = RootCertStore::empty();
        trusted.add(self.server.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(trusted);
        let mut config = match identity {
            // `with_client_auth_cert` refuses a certificate without its key, which a test presents.
            Some(identity) => {
                let key = any_supported_type(&identity.key()).unwrap();
                let shown = CertifiedKey::new(vec![identity.certificate.clone()], key);
                config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown)))
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }

    /// Connects to a socket and completes the TLS handshake. In TLS 1.3, the client completes the handshake before the
    /// server verifies its certificate: the first call can report a refusal.
    pub async fn connect(&self, socket: &Path, identity: Option<&Identity>) -> io::Result<Channel> {
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(self.config(identity));
        let handshake = connector.connect(name, unix(socket).await);
        let stream = within("the TLS handshake", handshake).await?;
        grpc(stream).await.map_err(io::Error::other)
    }
}

/// Connects to a socket.
pub async fn unix(socket: &Path) -> UnixStream {
    UnixStream::connect(socket).await.unwrap()
}

/// Starts gRPC on a stream.
pub async fn grpc<S>(stream: S) -> Result<Channel, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = within("the HTTP/2 handshake", handshake).await?;
    let connection = tokio::spawn(async { drop(connection.await) });
    Ok(Channel {
        sender,
        _connection: Arc::new(AbortOnDropHandle::new(connection)),
    })
}

/// A connection for the clients of all services. Dropping the last clone closes it abruptly, as when a host is killed.
#[derive(Clone)]
pub struct Channel {
    sender: SendRequest<Body>,
    _connection: Arc<AbortOnDropHandle<()>>,
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.sender.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path_and_query().unwrap().clone();
        let uri = Uri::builder().scheme("https").authority("localhost");
        *request.uri_mut() = uri.path_and_query(path).build().unwrap();
        Box::pin(self.sender.send_request(request))
    }
}
