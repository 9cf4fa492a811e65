//! The handshake line of a plugin.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;

/// The handshake line, parsed strictly.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// All fields of the line.
    pub fields: Vec<String>,
}

impl Handshake {
    /// Parses a line.
    pub fn parse(line: &str) -> Self {
        let fields: Vec<String> = line.split('|').map(str::to_owned).collect();
        assert!(matches!(fields.len(), 6 | 7), "handshake line: {line}");
        Self { fields }
    }

    /// The socket of the plugin.
    pub fn socket(&self) -> PathBuf {
        assert_eq!(self.fields[2], "unix");
        PathBuf::from(&self.fields[3])
    }

    /// The certificate that the host trusts. `None` without TLS.
    pub fn certificate(&self) -> Option<CertificateDer<'static>> {
        let text = &self.fields[5];
        // The decoder accepts no padding, like Go's `RawStdEncoding`.
        (!text.is_empty()).then(|| CertificateDer::from(STANDARD_NO_PAD.decode(text).unwrap()))
    }
}
