//! Entry points for a fuzzer of audit events.

use crate::{KeySet, Kind, VerifyError, parse, verify};

/// The key set of Kong's API description.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","alg":"EdDSA","kid":"3f60bc4376c937154f3c004ebd180433ac0d03e6","crv":"Ed25519","x":"XWxGtApfcqmKI7p0OKnF5JSEWMVoLsytFXLEP7xZ_l8"}]}"#;

/// Parses a line as an event, verifies its signature, and parses it as a key set. Bytes that are not UTF-8 are
/// replaced.
///
/// # Panics
/// If an event is inconsistent, if parsing and verification disagree, or if a signature verifies.
pub fn event(data: &[u8]) {
    let line = String::from_utf8_lossy(data);
    // The text of an error can be formatted.
    if let Err(error) = KeySet::from_json(&line) {
        assert!(!error.to_string().is_empty(), "the error has no text");
    }
    let Ok(keys) = KeySet::from_json(KEYS) else {
        return;
    };
    let parsed = parse(&line);
    let verified = verify(&line, &keys);
    match parsed {
        Err(error) => assert_eq!(
            verified,
            Err(VerifyError::Parse(error)),
            "parse and verify disagree"
        ),
        Ok(event) => {
            assert_eq!(
                event.kind,
                Kind::of(&event.name),
                "the kind is not that of the name"
            );
            assert!(!event.fields.contains_key("sig"), "the signature is a field");
            match event.signature {
                None => assert_eq!(verified, Err(VerifyError::Unsigned), "nothing was verified"),
                Some(signature) => {
                    assert!(!signature.is_empty(), "an empty signature");
                    assert_eq!(verified, Ok(false), "no key verifies it");
                }
            }
            // A line break at the end is ignored.
            if !line.ends_with(['\n', '\r']) {
                let again = parse(&format!("{line}\r\n"));
                assert_eq!(again.ok().map(|event| event.fields), Some(event.fields));
            }
        }
    }
}
