//! The verification of signatures.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;

use crate::jwks::{BASE64URL, KeySet};
use crate::model::{Format, ParseError};
use crate::parse::{parse, without_line_break};
use crate::{cef, json};

/// The reason why the signature of a line cannot be checked. It never quotes the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The line is not an event.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The event has no signature.
    #[error("the event has no signature: \"sig\" is absent or empty, as it is when Konnect does not sign")]
    Unsigned,
}

/// Returns whether one of the keys made the Ed25519 signature of a line. Events do not name their key, so all keys are
/// tried.
///
/// The signature covers the bytes of the line, without the signature and without a line break at the end:
///
/// - CEF: the line without the field `sig` and the whitespace before it.
/// - JSON: the line without `,"sig":"..."`.
/// - CPS: not documented. Either the inner object or the whole line, both without `,"sig":"..."`, is accepted.
///
/// A signature that is not 64 bytes in base64url, with padding or without, verifies under no key.
///
/// # Errors
/// When the line is not an event, or has no signature.
pub fn verify(line: &str, keys: &KeySet) -> Result<bool, VerifyError> {
    let event = parse(line)?;
    let signature = event.signature.ok_or(VerifyError::Unsigned)?;
    let Ok(signature) = BASE64URL.decode(signature) else {
        return Ok(false);
    };
    let line = without_line_break(line);
    let candidates = match event.format {
        Format::Cef => cef::signed(line),
        Format::Json | Format::Cps => json::signed(line),
    };
    Ok(keys.keys().iter().any(|key| {
        let key = UnparsedPublicKey::new(&ED25519, key.bytes);
        candidates
            .iter()
            .any(|signed| key.verify(signed.as_bytes(), &signature).is_ok())
    }))
}
