//! The keys that sign events, as a JWKS document.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;

/// base64url, with padding or without.
pub(super) const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The points of small order, and other encodings of them, without the sign bit. No private key is needed
/// to sign any text for such a key.
pub(super) const SMALL_ORDER: [&str; 7] = [
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
    "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
    "7P_______________________________________38",
    "7f_______________________________________38",
    "7v_______________________________________38",
];

const MAX_BYTES: usize = 1024 * 1024;

/// The Ed25519 public keys of a JWKS document, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
    has_private_key: bool,
}

/// An Ed25519 public key of a JWKS document. Its `kty` is `OKP`, and its `crv` is `Ed25519`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The ID of the key. Events do not contain it.
    pub kid: Option<String>,
    /// The algorithm, if the document specifies one: `EdDSA` or `Ed25519`.
    pub alg: Option<String>,
    /// The public key as in the document: 32 bytes in base64url.
    pub x: String,
    pub(crate) bytes: [u8; 32],
}

/// The error for a text that is not a JWKS document with an Ed25519 key. It never quotes the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeySet {
    /// Larger than 1 MiB; holds the size in bytes.
    #[error("the key set has {0} bytes; a JWKS document has at most {MAX_BYTES}")]
    TooLarge(usize),
    /// Not a JSON object with a member `keys` that is an array.
    #[error("the key set is not a JWKS document, which is a JSON object with an array \"keys\"")]
    NotJwks,
    /// A document without a usable key; holds how many other keys it has.
    #[error(
        "the key set has no usable Ed25519 key, which has kty \"OKP\", crv \"Ed25519\" and an x of 32 bytes in base64url; \
         other keys: {0}"
    )]
    NoKey(usize),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWKS document.
    ///
    /// As RFC 7517 asks, keys that cannot be used are ignored: those of another type or curve, those for another use
    /// or algorithm, and those whose `x` is absent, is not base64url, does not have 32 bytes, or is a point of small
    /// order, for which anyone can sign.
    ///
    /// # Errors
    /// When the text is not a JWKS document, or has no usable key.
    pub fn from_json(text: &str) -> Result<Self, InvalidKeySet> {
        if text.len() > MAX_BYTES {
            return Err(InvalidKeySet::TooLarge(text.len()));
        }
        let document: Document = serde_json::from_str(text).map_err(|_| InvalidKeySet::NotJwks)?;
        let keys: Vec<_> = document.keys.iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(InvalidKeySet::NoKey(document.keys.len()));
        }
        let has_private_key = document.keys.iter().any(|key| key.get("d").is_some());
        Ok(Self {
            keys,
            has_private_key,
        })
    }

    /// The keys, in the order of the document.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Whether a key of the document has a private part (`d`). Whoever has the document can then sign events.
    #[must_use]
    pub const fn has_private_key(&self) -> bool {
        self.has_private_key
    }
}

impl Key {
    fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let usable = text("kty") == Some("OKP")
            && text("crv") == Some("Ed25519")
            && text("use").is_none_or(|usage| usage == "sig")
            && text("alg").is_none_or(|algorithm| matches!(algorithm, "EdDSA" | "Ed25519"));
        let x = text("x").filter(|_| usable)?;
        let bytes = BASE64URL.decode(x).ok()?.try_into().ok()?;
        if is_of_small_order(bytes) {
            return None;
        }
        Some(Self {
            kid: text("kid").map(str::to_owned),
            alg: text("alg").map(str::to_owned),
            x: x.to_owned(),
            bytes,
        })
    }
}

fn is_of_small_order(mut key: [u8; 32]) -> bool {
    key[31] &= 0x7f;
    SMALL_ORDER.contains(&BASE64URL.encode(key).trim_end_matches('='))
}
