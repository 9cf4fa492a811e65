//! The line with which a plugin introduces itself.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rustls::pki_types::CertificateDer;

/// The handshake line, read as strictly as a host could.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The line's fields, all of them.
    pub fields: Vec<String>,
}

impl Handshake {
    /// Takes a line apart.
    pub fn parse(line: &str) -> Self {
        let fields: Vec<String> = line.split('|').map(str::to_owned).collect();
        assert!(matches!(fields.len(), 6 | 7), "handshake line: {line}");
        Self { fields }
    }

    /// Where the plugin listens.
    pub fn socket(&self) -> PathBuf {
        assert_eq!(self.fields[2], "unix");
        PathBuf::from(&self.fields[3])
    }

    /// The certificate that the host is to trust. None without TLS.
    pub fn certificate(&self) -> Option<CertificateDer<'static>> {
        let text = &self.fields[5];
        // The engine takes no padding, as Go's `RawStdEncoding` takes none.
        (!text.is_empty()).then(|| CertificateDer::from(STANDARD_NO_PAD.decode(text).unwrap()))
    }
}
