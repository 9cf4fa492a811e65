//! `verify_audit_event`: verifies the signature of one delivered line.

use konnect_event::{KeySet, verify};
use terraform_plugin::{Arguments, Function, FunctionDefinition, FunctionError, Parameter, Type, Value};

/// The function `verify_audit_event`.
pub(crate) struct VerifyAuditEvent;

impl Function for VerifyAuditEvent {
    fn name(&self) -> &'static str {
        "verify_audit_event"
    }

    fn definition(&self) -> FunctionDefinition {
        FunctionDefinition::new(
            "Verifies the signature of an audit event.",
            "Returns whether a key of a JWKS document verifies the Ed25519 signature of one line of an audit log \
             delivery. The signature covers the bytes of the line without its signature field, so the line must be \
             exactly as Konnect delivered it: do not decode and encode it again. Events do not name their key, so all \
             Ed25519 keys of the document are tried, and other keys are ignored, also those of small order, for which anyone can sign.\n\n\
             A line without a signature is an error. Use `parse_audit_event` to find out whether a line has one. Kong \
             does not document which bytes of a CPS event are signed: both the inner object and the whole line are \
             accepted. A CPS line with members other than `event` and `sig` is not verified.",
            Type::Bool,
        )
        .parameter(Parameter::new(
            "line",
            Type::String,
            "One line of a delivery, unchanged, at most 1 MiB. A line break at its end is ignored.",
        ))
        .parameter(Parameter::new(
            "jwks",
            Type::String,
            "The public keys, a JWKS document as JSON text: the attribute `jwks` of the data source \
             `konnect_audit_log_signing_keys`, or a stored copy.",
        ))
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let (line, jwks): (String, String) = (arguments.get(0)?, arguments.get(1)?);
        // The CLI ends the text of an error with a full stop.
        let keys = KeySet::from_json(&jwks).map_err(|error| FunctionError::argument(1, error.to_string()))?;
        let verified = verify(&line, &keys).map_err(|error| FunctionError::argument(0, error.to_string()))?;
        Ok(verified.into())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use terraform_plugin::protocol::{ServeMode, Server};

    use super::*;
    use crate::KonnectProvider;

    const CEF: &str =
        "2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|KongGateway|Ingress|1|rt=1 act=POST";

    fn call(line: &str, jwks: &str) -> Result<Value, FunctionError> {
        Server::new(KonnectProvider, ServeMode::Managed)
            .function("verify_audit_event")
            .unwrap()
            .call(vec![line.into(), jwks.into()])
    }

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn jwks(key: &Ed25519KeyPair) -> String {
        let x = BASE64_URL_SAFE_NO_PAD.encode(key.public_key());
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#)
    }

    fn signed(key: &Ed25519KeyPair) -> String {
        let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(CEF.as_bytes()));
        format!("{CEF} sig={signature}")
    }

    #[test]
    fn verify_signed_line_depends_on_line_and_key() {
        let line = signed(&key(1));
        assert_eq!(call(&line, &jwks(&key(1))), Ok(true.into()));
        assert_eq!(call(&format!("{line}\n"), &jwks(&key(1))), Ok(true.into()));
        assert_eq!(call(&line, &jwks(&key(2))), Ok(false.into()));
        assert_eq!(
            call(&line.replace("POST", "PUT"), &jwks(&key(1))),
            Ok(false.into())
        );
    }

    #[test]
    fn verify_unsigned_line_reports_it_on_line() {
        let error = call(CEF, &jwks(&key(1))).unwrap_err();
        assert_eq!(error.argument, Some(0));
        assert!(error.text.contains("no signature"), "{error}");
    }

    #[test]
    fn verify_invalid_argument_is_reported_without_its_content() {
        for (line, jwks, argument) in [
            ("s3cret", jwks(&key(1)), 0),
            ("{\"s3cret\": 1}", jwks(&key(1)), 0),
            (&signed(&key(1)), "s3cret".to_owned(), 1),
            (&signed(&key(1)), r#"{"keys":["s3cret"]}"#.to_owned(), 1),
        ] {
            let error = call(line, &jwks).unwrap_err();
            assert_eq!(error.argument, Some(argument), "{error}");
            assert!(!error.text.contains("s3cret"), "{error}");
            // The CLI adds the full stop.
            assert!(!error.text.ends_with('.'), "{error}");
        }
    }
}
