//! The keys that sign events, and their public keys.

use std::fmt::Write as _;
use std::sync::Arc;
use std::{fmt, io};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const MAX_KEYS: usize = 10;

/// An Ed25519 key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SigningKey {
    /// The private key, base64url.
    seed: String,
    pair: Arc<Ed25519KeyPair>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.id()).finish()
    }
}

impl TryFrom<String> for SigningKey {
    type Error = String;

    fn try_from(seed: String) -> Result<Self, String> {
        let pair = URL_SAFE_NO_PAD
            .decode(&seed)
            .ok()
            .and_then(|bytes| Ed25519KeyPair::from_seed_unchecked(&bytes).ok())
            .ok_or("a signing key is 32 bytes in base64url")?;
        Ok(Self {
            seed,
            pair: Arc::new(pair),
        })
    }
}

impl From<SigningKey> for String {
    fn from(key: SigningKey) -> Self {
        key.seed
    }
}

impl SigningKey {
    fn generate() -> io::Result<Self> {
        let mut seed = [0; 32];
        rand::fill(&mut seed).map_err(|_| io::Error::other("no signing key could be generated"))?;
        Self::try_from(URL_SAFE_NO_PAD.encode(seed)).map_err(io::Error::other)
    }

    /// The signature of these bytes, base64url without padding.
    pub(crate) fn sign(&self, bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(bytes))
    }

    /// The key's id: 40 hexadecimal digits.
    fn id(&self) -> String {
        let hash = digest(&SHA256, self.pair.public_key().as_ref());
        hash.as_ref().iter().take(20).fold(String::new(), |mut id, byte| {
            // Writing to a string cannot fail.
            let _ = write!(id, "{byte:02x}");
            id
        })
    }

    fn jwk(&self) -> Value {
        json!({
            "kty": "OKP",
            "alg": "EdDSA",
            "kid": self.id(),
            "crv": "Ed25519",
            "x": URL_SAFE_NO_PAD.encode(self.pair.public_key()),
        })
    }
}

/// The current key and the previous ones. Part of the state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeyRing {
    /// The current key. Absent only until the emulator has started.
    current: Option<SigningKey>,
    retired: Vec<RetiredKey>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct RetiredKey {
    key: SigningKey,
    /// The time of its replacement, in milliseconds since 1970.
    retired_ms: i64,
}

impl KeyRing {
    /// Generates a key if none exists.
    pub(crate) fn fill(&mut self) -> io::Result<()> {
        if self.current.is_none() {
            self.current = Some(SigningKey::generate()?);
        }
        Ok(())
    }

    /// Replaces the current key with a new one.
    ///
    /// # Errors
    ///
    /// The system has no random numbers. The current key remains then.
    pub(crate) fn rotate(&mut self, now_ms: i64) -> io::Result<()> {
        let new = SigningKey::generate()?;
        if let Some(key) = self.current.replace(new) {
            self.retired.insert(
                0,
                RetiredKey {
                    key,
                    retired_ms: now_ms,
                },
            );
            self.retired.truncate(MAX_KEYS - 1);
        }
        Ok(())
    }

    pub(crate) fn current(&self) -> Option<&SigningKey> {
        self.current.as_ref()
    }

    /// The key set document: the current key first, then those that may have signed events that are still kept.
    pub(crate) fn jwks(&self, now_ms: i64, retention_ms: i64) -> Value {
        let retired = self
            .retired
            .iter()
            .filter(|old| now_ms.saturating_sub(old.retired_ms) < retention_ms)
            .map(|old| &old.key);
        let keys: Vec<Value> = self.current.iter().chain(retired).map(SigningKey::jwk).collect();
        json!({ "keys": keys })
    }
}
