//! `parse_audit_event`: parses one delivered line.

use konnect_event::parse;
use terraform_plugin::{
    Arguments, Function, FunctionDefinition, FunctionError, Parameter, Type, Value, to_value,
};

/// The function `parse_audit_event`.
pub(crate) struct ParseAuditEvent;

/// The type of the result: an [`konnect_event::Event`].
fn event_type() -> Type {
    let texts = [
        "format",
        "kind",
        "timestamp",
        "vendor",
        "product",
        "version",
        "event_class_id",
        "name",
        "signature",
    ];
    let texts = texts.into_iter().map(|name| (name, Type::String));
    let others = [("severity", Type::Number), ("fields", Type::map(Type::String))];
    let attributes = texts.chain(others);
    Type::object(attributes)
}

impl Function for ParseAuditEvent {
    fn name(&self) -> &'static str {
        "parse_audit_event"
    }

    fn definition(&self) -> FunctionDefinition {
        FunctionDefinition::new(
            "Parses an audit event that Konnect delivered.",
            "Parses one line of an audit log delivery, in any of the formats that Konnect writes: CEF, JSON or CPS \
             (CrowdStrike). Returns an object with these attributes:\n\n\
             - `format`: `cef`, `json` or `cps`.\n\
             - `kind`: `authentication` (a login or the use of a token), `authorization` (a permission check), `access` \
             (a call to the API) or `other`.\n\
             - `timestamp`: time of the event, RFC 3339. If the line contains another form of time, as those of 2023 do, \
             it is the time `rt` of `fields`. Null without either.\n\
             - `vendor`, `product`, `version`: what wrote the event, for example `KongInc`, `Konnect` and `1.0`. Events \
             of a Dev Portal have the product `Dev-Portal`.\n\
             - `event_class_id`: the authentication type, the service that checked the permission, or `KongGateway`.\n\
             - `name`: `AUTHENTICATION_OUTCOME_...`, `Authz...` or `Ingress`.\n\
             - `severity`: a number from 0 to 10. Null if the line does not contain a whole number.\n\
             - `fields`: all other fields by name, as text: `rt`, `src`, `org_id`, `principal_id` and so on. Numbers \
             keep their digits, also above 2^53. Objects and arrays are JSON.\n\
             - `signature`: the signature of the line, for `verify_audit_event`. Null if the event is not signed.\n\n\
             A header attribute that a JSON event does not contain is an empty string. CEF values can contain spaces and \
             unescaped punctuation: a value ends where the next ` key=` begins.",
            event_type(),
        )
        .parameter(Parameter::new(
            "line",
            Type::String,
            "One line of a delivery, at most 1 MiB. A line break at its end is ignored.",
        ))
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let line: String = arguments.get(0)?;
        // The CLI ends the text with a full stop.
        let event = parse(&line).map_err(|error| FunctionError::argument(0, error.to_string()))?;
        to_value(&event, &event_type()).map_err(|error| FunctionError::new(error.to_string()))
    }
}
