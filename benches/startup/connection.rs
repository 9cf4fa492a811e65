//! A host's connection to any provider.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, SignatureScheme};
use terraform_plugin::testing::Identity;
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use super::figures::Result;

/// A connection to a provider after its handshake line.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    schema: &'static str,
}

impl Connection {
    /// Connects as the handshake line specifies.
    pub(super) async fn open(line: &str, identity: &Identity) -> Result<Self> {
        let fields: Vec<&str> = line.trim().split('|').collect();
        let [_, protocol, "unix", socket, "grpc", certificate, ..] = fields.as_slice() else {
            return Err(format!("not a handshake line: {line:?}").into());
        };
        let schema = match *protocol {
            "5" => "https://localhost/tfplugin5.Provider/GetSchema",
            "6" => "https://localhost/tfplugin6.Provider/GetProviderSchema",
            other => return Err(format!("protocol {other} is not known").into()),
        };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let pinned = Pinned {
            certificate: STANDARD_NO_PAD.decode(certificate)?.into(),
            provider: provider.clone(),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(pinned))
            .with_client_auth_cert(vec![identity.certificate.clone()], identity.key())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TlsConnector::from(Arc::new(config))
            .connect(
                ServerName::try_from("localhost")?,
                UnixStream::connect(socket).await?,
            )
            .await?;
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            // Kong's schema has several MiB, which must not wait for window updates.
            .initial_stream_window_size(1 << 24)
            .initial_connection_window_size(1 << 24)
            .handshake(TokioIo::new(stream))
            .await?;
        tokio::spawn(connection);
        Ok(Self { sender, schema })
    }

    /// Requests the schema. Returns its size in bytes.
    pub(super) async fn schema(&mut self) -> Result<usize> {
        let request = http::Request::post(self.schema)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            // An empty message: not compressed, no bytes.
            .body(Full::new(Bytes::from_static(&[0; 5])))?;
        let response = self
            .sender
            .send_request(request)
            .await?
            .into_body()
            .collect()
            .await?;
        let status = response.trailers().and_then(|t| t.get("grpc-status"));
        if status.is_none_or(|status| status != "0") {
            return Err(format!("the schema call returned the gRPC status {status:?}").into());
        }
        Ok(response.to_bytes().len().saturating_sub(5))
    }
}

/// Accepts only the certificate of the handshake line. A web-PKI verifier rejects that of a Go provider, because it is
/// marked as a certificate authority.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
