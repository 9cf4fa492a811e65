//! The key that signs events, and its public key.

use std::fmt::Write as _;
use std::sync::Arc;
use std::{fmt, io};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

#[derive(Clone)]
pub(crate) struct SigningKey(Arc<Ed25519KeyPair>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.id()).finish()
    }
}

impl SigningKey {
    pub(crate) fn generate() -> io::Result<Self> {
        let pair = Ed25519KeyPair::generate();
        let pair = pair.map_err(|_| io::Error::other("no signing key could be generated"))?;
        Ok(Self(Arc::new(pair)))
    }

    /// The signature of these bytes, base64url without padding.
    pub(crate) fn sign(&self, bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.0.sign(bytes))
    }

    fn id(&self) -> String {
        let hash = digest(&SHA256, self.0.public_key().as_ref());
        hash.as_ref().iter().take(20).fold(String::new(), |mut id, byte| {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        })
    }

    pub(crate) fn jwks(&self) -> Value {
        let key = json!({
            "kty": "OKP",
            "alg": "EdDSA",
            "kid": self.id(),
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(self.0.public_key()),
        });
        json!({ "keys": [key] })
    }
}
