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

#[cfg(test)]
mod tests {
    use terraform_plugin::protocol::{ServeMode, Server};

    use super::*;
    use crate::KonnectProvider;

    fn call(line: &str) -> Result<Value, FunctionError> {
        Server::new(KonnectProvider, ServeMode::Managed)
            .function("parse_audit_event")
            .unwrap()
            .call(vec![line.into()])
    }

    #[test]
    fn parse_cef_line_returns_header_and_fields() {
        let line = "2025-06-18T21:02:36Z konghq.com CEF:0|KongInc|Konnect|1.0|konnect|Authz.control-planes|1|\
                    rt=1750280466889 granted=true user_agent=grpc-node-js/1.12.4 (linux;a=b) sig=c2ln";
        let event = call(line).unwrap();
        for (name, expected) in [
            ("format", "cef"),
            ("kind", "authorization"),
            ("timestamp", "2025-06-18T21:02:36Z"),
            ("vendor", "KongInc"),
            ("product", "Konnect"),
            ("version", "1.0"),
            ("event_class_id", "konnect"),
            ("name", "Authz.control-planes"),
            ("signature", "c2ln"),
        ] {
            assert_eq!(event.get(name), &expected.into(), "{name}");
        }
        assert_eq!(event.get("severity"), &1.into());
        let Value::Map(fields) = event.get("fields") else {
            panic!("{event:?}")
        };
        assert_eq!(fields["rt"], "1750280466889".into());
        assert_eq!(fields["user_agent"], "grpc-node-js/1.12.4 (linux;a=b)".into());
        assert!(!fields.contains_key("sig"), "{fields:?}");
    }

    #[test]
    fn parse_line_of_2023_returns_rfc_3339_timestamp_from_rt() {
        let line =
            "Apr 14 05:39:08 konghq.com CEF:0|KongInc|Konnect|1.0|KongGateway|Ingress|1|rt=1681450748123";
        assert_eq!(
            call(line).unwrap().get("timestamp"),
            &"2023-04-14T05:39:08Z".into()
        );
    }

    #[test]
    fn parse_json_line_keeps_digits_and_absent_values() {
        let event = call(r#"{"name":"Ingress","trace_id":3895213347334635099,"query":{"a":[1]}}"#).unwrap();
        assert_eq!(event.get("kind"), &"access".into());
        assert_eq!(event.get("vendor"), &"".into());
        for name in ["timestamp", "severity", "signature"] {
            assert!(event.get(name).is_null(), "{name}");
        }
        let Value::Map(fields) = event.get("fields") else {
            panic!("{event:?}")
        };
        assert_eq!(fields["trace_id"], "3895213347334635099".into());
        assert_eq!(fields["query"], r#"{"a":[1]}"#.into());
    }

    #[test]
    fn parse_other_text_reports_argument_without_its_content() {
        for line in ["", "s3cret", r#"{"s3cret":1}"#, "{s3cret", "CEF:0|s3cret|"] {
            let error = call(line).unwrap_err();
            assert_eq!(error.argument, Some(0), "{line}");
            assert!(!error.text.contains("s3cret"), "{error}");
            // The CLI adds the full stop.
            assert!(!error.text.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn parsed_type_has_every_field_of_the_result() {
        let event = call(r#"{"name":"Ingress"}"#).unwrap();
        let Type::Object(attributes) = event_type() else {
            panic!("an object")
        };
        let names: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(names, attributes.keys().collect::<Vec<_>>());
        assert_eq!(names.len(), 11);
    }
}
