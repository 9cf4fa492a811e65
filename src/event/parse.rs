//! `parse_audit_event`: parses one delivered line.

use std::collections::BTreeMap;

use konnect::sentence;
use konnect_event::{Event, parse};
use serde::Serialize;
use terraform_plugin::{
    Arguments, Function, FunctionDefinition, FunctionError, Parameter, Type, Value, to_value,
};

/// The function `parse_audit_event`.
pub(crate) struct ParseAuditEvent;

/// The result of the function.
#[derive(Debug, Serialize)]
struct Parsed {
    format: &'static str,
    kind: &'static str,
    timestamp: String,
    vendor: String,
    product: String,
    version: String,
    event_class_id: String,
    name: String,
    severity: Option<i64>,
    fields: BTreeMap<String, String>,
    signature: Option<String>,
}

impl Parsed {
    fn ty() -> Type {
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
        Type::Object(
            texts
                .chain(others)
                .map(|(name, ty)| (name.to_owned(), ty))
                .collect(),
        )
    }
}

impl From<Event> for Parsed {
    fn from(event: Event) -> Self {
        Self {
            format: event.format.as_str(),
            kind: event.kind.as_str(),
            timestamp: event.timestamp,
            vendor: event.vendor,
            product: event.product,
            version: event.version,
            event_class_id: event.event_class_id,
            name: event.name,
            severity: event.severity,
            fields: event.fields,
            signature: event.signature,
        }
    }
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
             - `timestamp`: time of the event as the line contains it, RFC 3339.\n\
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
            Parsed::ty(),
        )
        .parameter(Parameter::new(
            "line",
            Type::String,
            "One line of a delivery, at most 1 MiB. A line break at its end is ignored.",
        ))
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let line: String = arguments.get(0)?;
        let event = parse(&line).map_err(|error| FunctionError::argument(0, sentence(&error)))?;
        to_value(&Parsed::from(event), &Parsed::ty()).map_err(|error| FunctionError::new(sentence(&error)))
    }
}

#[cfg(test)]
mod tests {
    use terraform_plugin::{ServeMode, Server};

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
    fn parse_json_line_keeps_digits_and_absent_values() {
        let event = call(r#"{"name":"Ingress","trace_id":3895213347334635099,"query":{"a":[1]}}"#).unwrap();
        assert_eq!(event.get("kind"), &"access".into());
        assert_eq!(event.get("vendor"), &"".into());
        assert!(event.get("severity").is_null() && event.get("signature").is_null());
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
            assert!(error.text.ends_with('.'), "{error}");
        }
    }

    #[test]
    fn parsed_type_has_every_field_of_the_result() {
        let event = call(r#"{"name":"Ingress"}"#).unwrap();
        let Type::Object(attributes) = Parsed::ty() else {
            panic!("an object")
        };
        let names: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(names, attributes.keys().collect::<Vec<_>>());
        assert_eq!(names.len(), 11);
    }
}
