//! Valid and invalid certificates for HTTPS on loopback, generated when the emulator starts.

use std::sync::Arc;
use std::{fmt, io};

use clap::ValueEnum;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::TlsAcceptor;

/// The certificate that the emulator presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Certificate {
    /// For 127.0.0.1, `localhost` and `*.api.konghq.com`, signed by the emulator's authority, and not expired.
    Valid,
    /// The same, signed by an authority that no client trusts.
    UnknownAuthority,
    /// The same as the valid one, but expired in 2021.
    Expired,
    /// Not expired and signed by the emulator's authority, but for `elsewhere.example`.
    OtherName,
}

/// The authority whose certificate a client must trust.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Creates an authority, with a key that never leaves the process.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        CertifiedIssuer::self_signed(params, key)
            .map(Self)
            .map_err(io::Error::other)
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn acceptor(&self, kind: Certificate) -> io::Result<TlsAcceptor> {
        match kind {
            Certificate::UnknownAuthority => Self::new("unknown authority")?.sign(kind),
            _ => self.sign(kind),
        }
    }

    fn sign(&self, kind: Certificate) -> io::Result<TlsAcceptor> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let names = match kind {
            Certificate::OtherName => vec!["elsewhere.example".to_owned()],
            _ => ["localhost", "*.api.konghq.com", "127.0.0.1"]
                .map(str::to_owned)
                .into(),
        };
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        if kind == Certificate::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.0).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .and_then(|config| {
                config
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate.der().clone()], key)
            })
            .map_err(io::Error::other)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
