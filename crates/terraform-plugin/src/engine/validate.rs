//! Validation of a configuration against its schema.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, Kind, Nesting};
use crate::value::Value;
use crate::value::path::{Path, Step};

/// What the host says that it can do, in the call at hand (protocol, `ClientCapabilities`).
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientCapabilities {
    /// It passes write-only arguments on and keeps them out of plans and states.
    pub write_only_attributes: bool,
}

/// Checks every attribute of a configuration, which may hold unknown values. No request is made.
#[must_use]
pub fn validate(schema: &Schema, config: &Value, host: ClientCapabilities) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    attributes(schema.attributes(), config, &Path::root(), host, &mut diagnostics);
    diagnostics
}

fn attributes(
    declared: &[Attribute],
    config: &Value,
    at: &Path,
    host: ClientCapabilities,
    diagnostics: &mut Diagnostics,
) {
    for attribute in declared {
        let value = config.get(attribute.name);
        let path = at.then(Step::Attribute(attribute.name.into()));
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
                    format!("\"{}\" is told by the provider: remove it here.", attribute.name),
                )
                .at(path.clone()),
            );
        }
        if attribute.write_only && !value.is_null() && !host.write_only_attributes {
            diagnostics.push(
                Diagnostic::error(
                    "Write-only arguments are not supported here",
                    format!(
                        "\"{}\" is never stored, which needs Terraform 1.11 or OpenTofu 1.11, or a later \
                         version. Use a newer version, or the argument that may be stored.",
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
        match (nesting, value) {
            (Nesting::Single, Value::Object(_)) => attributes(inner, value, &path, host, diagnostics),
            (_, Value::List(of)) => {
                for (element, i) in of.iter().zip(0..) {
                    attributes(inner, element, &path.then(Step::Index(i)), host, diagnostics);
                }
            }
            (_, Value::Map(of)) => {
                for (key, element) in of {
                    attributes(
                        inner,
                        element,
                        &path.then(Step::Key(key.clone())),
                        host,
                        diagnostics,
                    );
                }
            }
            // An element of a set has no path of its own.
            (_, Value::Set(of)) => {
                for element in of {
                    let mut inside = Diagnostics::new();
                    attributes(inner, element, &path, host, &mut inside);
                    inside
                        .into_iter()
                        .for_each(|d| diagnostics.push(d.at(path.clone())));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Validator;

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

    fn found(config: Value, host: ClientCapabilities) -> Vec<(String, String)> {
        let config = config.shaped(schema().object_type()).unwrap();
        validate(&schema(), &config, host)
            .into_iter()
            .map(|d| (d.path.map(|p| p.to_string()).unwrap_or_default(), d.summary))
            .collect()
    }

    #[test]
    fn unknown_values_are_left_for_later() {
        assert_eq!(
            found(
                Value::object([("name", Value::Unknown), ("list", Value::Unknown)]),
                <_>::default()
            ),
            []
        );
    }

    #[test]
    fn each_complaint_is_on_its_attribute() {
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
        let wanted = [
            ("name", "Value is blank"),
            ("list[1].x", "Value not allowed"),
            ("map[\"k\"].x", "Value not allowed"),
            ("set", "Value not allowed"),
            ("one.x", "Missing required argument"),
        ];
        assert_eq!(
            found(config, <_>::default()),
            wanted.map(|(p, s)| (p.to_owned(), s.to_owned()))
        );
    }

    /// Terraform itself lets it through, and fails at the plan in words for the provider's author.
    #[test]
    fn what_only_the_provider_tells_cannot_be_given() {
        for given in [Value::from("x"), Value::Unknown] {
            let config = Value::object([("name", "n".into()), ("id", given)]);
            let complaint = ("id".to_owned(), "Value for a read-only attribute".to_owned());
            assert_eq!(found(config, <_>::default()), [complaint]);
        }
    }

    /// Protocol: a write-only argument without the host's capability is an error on the attribute.
    #[test]
    fn write_only_needs_a_host_that_can() {
        let config = || Value::object([("name", "n".into()), ("password", "p".into())]);
        let able = ClientCapabilities {
            write_only_attributes: true,
        };
        assert_eq!(found(config(), able), []);
        let complaints = found(config(), ClientCapabilities::default());
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].0, "password");
    }
}
