//! The validation of a configuration against its schema.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::{Kind, Nesting, Schema};
use crate::value::Value;
use crate::value::path::Path;

/// The optional features that the host supports in a call (`ClientCapabilities` in the protocol).
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientCapabilities {
    /// The host sends write-only arguments, and keeps them out of plans and states.
    pub write_only_attributes: bool,
}

/// Checks every attribute of a configuration, in which values may be unknown. Makes no requests.
#[must_use]
pub fn validate(schema: &Schema, config: &Value, client: ClientCapabilities) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    validate_object(schema, config, &Path::root(), client, &mut diagnostics);
    diagnostics
}

fn validate_object(
    schema: &Schema,
    config: &Value,
    parent: &Path,
    client: ClientCapabilities,
    diagnostics: &mut Diagnostics,
) {
    for attribute in schema.attributes() {
        let value = config.get(attribute.name);
        let path = parent.attribute(attribute.name);
        if attribute.required && value.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "Missing required argument",
                    format!("Set \"{}\".", attribute.name),
                )
                .at(path.clone()),
            );
        }
        if attribute.computed && !attribute.optional && !value.is_null() {
            diagnostics.push(
                Diagnostic::error(
                    "Value for a read-only attribute",
                    format!("\"{}\" is computed by the provider: remove it.", attribute.name),
                )
                .at(path.clone()),
            );
        }
        if attribute.write_only && !value.is_null() && !client.write_only_attributes {
            diagnostics.push(
                Diagnostic::error(
                    "Write-only arguments are not supported",
                    format!(
                        "\"{}\" is a write-only argument, which requires Terraform 1.11 or later, or OpenTofu 1.11 or \
                         later. Use a newer version, or an argument that is stored in the state.",
                        attribute.name
                    ),
                )
                .at(path.clone()),
            );
        }
        for validator in &attribute.validators {
            validator.check(value, &path, diagnostics);
        }
        let Kind::Nested(nesting, inner) = &attribute.kind else {
            continue;
        };
        for (step, object) in value.objects() {
            // Nothing is known about an unknown object.
            if object.is_unknown() {
                continue;
            }
            let mut inside = Diagnostics::new();
            validate_object(inner, object, &path.join(step), client, &mut inside);
            for diagnostic in inside {
                // A path cannot address an element of a set.
                diagnostics.push(match nesting {
                    Nesting::Set => diagnostic.at(path.clone()),
                    _ => diagnostic,
                });
            }
        }
    }
    if config.as_object().is_some() {
        for rule in &schema.rules {
            rule.check(config, parent, diagnostics);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attribute, Validator};

    fn schema() -> Schema {
        let element = || {
            [Attribute::string("x")
                .required()
                .validator(Validator::one_of(&["ok"]))]
        };
        Schema::new(
            "A thing.",
            [
                Attribute::string("name")
                    .required()
                    .validator(Validator::not_blank()),
                Attribute::string("password").optional().write_only(),
                Attribute::string("id").computed(),
                Attribute::nested("list", Nesting::List, element()).optional(),
                Attribute::nested("map", Nesting::Map, element()).optional(),
                Attribute::nested("set", Nesting::Set, element()).optional(),
                Attribute::nested("one", Nesting::Single, element()).optional(),
            ],
        )
    }

    fn errors(config: Value, client: ClientCapabilities) -> Vec<(String, String)> {
        let config = config.shaped(schema().object_type()).unwrap();
        validate(&schema(), &config, client)
            .into_iter()
            .map(|d| (d.path.map(|p| p.to_string()).unwrap_or_default(), d.summary))
            .collect()
    }

    #[test]
    fn validate_unknown_values_pass() {
        for list in [Value::Unknown, Value::List(vec![Value::Unknown])] {
            let config = Value::object([("name", Value::Unknown), ("list", list)]);
            assert_eq!(errors(config, <_>::default()), []);
        }
    }

    #[test]
    fn validate_invalid_values_are_reported_on_their_attributes() {
        let bad = || Value::object([("x", "bad".into())]);
        let config = Value::object([
            ("name", " ".into()),
            (
                "list",
                Value::List(vec![Value::object([("x", "ok".into())]), bad()]),
            ),
            ("map", Value::Map([("k".to_owned(), bad())].into())),
            ("set", Value::Set(vec![bad()])),
            ("one", Value::object([("x", Value::Null)])),
        ]);
        let expected = [
            ("name", "Value is blank"),
            ("list[1].x", "Value not allowed"),
            ("map[\"k\"].x", "Value not allowed"),
            ("set", "Value not allowed"),
            ("one.x", "Missing required argument"),
        ];
        assert_eq!(
            errors(config, <_>::default()),
            expected.map(|(p, s)| (p.to_owned(), s.to_owned()))
        );
    }

    /// Terraform itself reports it only at plan, with a message for the author of the provider.
    #[test]
    fn validate_computed_attribute_with_value_is_error() {
        for value in [Value::from("x"), Value::Unknown] {
            let config = Value::object([("name", "n".into()), ("id", value)]);
            let error = ("id".to_owned(), "Value for a read-only attribute".to_owned());
            assert_eq!(errors(config, <_>::default()), [error]);
        }
    }
}
