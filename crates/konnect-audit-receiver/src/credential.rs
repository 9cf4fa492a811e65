//! The required credential of deliveries.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

/// The error for a text that is not a valid `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the expected credential is empty, has a space at an end, or has a character that an HTTP header cannot carry; \
     leave it unset to accept any"
)]
pub struct InvalidCredential;

/// The digest of the expected `Authorization` header: a comparison of digests does not reveal its length.
#[derive(Clone)]
pub(crate) struct Credential(Digest);

impl Credential {
    /// Creates a credential from the whole header value, including the scheme.
    pub(crate) fn new(text: &str) -> Result<Self, InvalidCredential> {
        if text.is_empty() || text.trim() != text || HeaderValue::from_str(text).is_err() {
            return Err(InvalidCredential);
        }
        Ok(Self(digest(&SHA256, text.as_bytes())))
    }

    /// Whether this is the only `Authorization` header. Compares in constant time.
    pub(crate) fn matches(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let sent = digest(&SHA256, value.as_bytes());
        verify_slices_are_equal(self.0.as_ref(), sent.as_ref()).is_ok()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}
