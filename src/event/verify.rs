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
