//! The configuration that describes an existing object.

use crate::schema::{Attribute, Kind, Schema};
use crate::value::Value;

/// Removes from a state what does not belong in a configuration: values that only the provider sets, defaults, empty
/// optional values, deprecated arguments and secrets. Terraform prints a null argument as `null`, and omits it if it is
/// computed.
pub(crate) fn config_of(schema: &Schema, state: &Value) -> Value {
    let mut config = object(schema, state);
    // Terraform's own generator omits it too.
    if schema
        .attribute("id")
        .is_some_and(|id| id.optional && id.computed)
    {
        config.set("id", Value::Null);
    }
    config
}

fn object(schema: &Schema, state: &Value) -> Value {
    if state.as_object().is_none() {
        return Value::Null;
    }
    let attributes = schema.attributes().iter();
    Value::object(
        attributes.map(|attribute| (attribute.name, argument(attribute, state.get(attribute.name)))),
    )
}

fn argument(attribute: &Attribute, value: &Value) -> Value {
    let settable = attribute.required || attribute.optional;
    let omitted = attribute.write_only
        || attribute.sensitive
        || (!attribute.required && attribute.deprecation.is_some())
        || attribute.default.as_ref() == Some(value)
        || (attribute.optional && is_empty(value));
    if !settable || omitted {
        return Value::Null;
    }
    let mut known = value.clone();
    if let Kind::Nested(_, inner) = &attribute.kind {
        for (_, element) in known.objects_mut() {
            *element = object(inner, element);
        }
    }
    if known.is_wholly_known() {
        known
    } else {
        Value::Null
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => elements.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Nesting, Type};

    fn schema() -> Schema {
        let inner = [
            Attribute::string("key").required(),
            Attribute::string("mode").optional().default("all"),
            Attribute::string("hash").computed(),
        ];
        Schema::new(
            "A thing.",
            [
                Attribute::string("id").optional().computed(),
                Attribute::string("name").required(),
                Attribute::string("note").optional(),
                Attribute::string("token").optional().sensitive(),
                Attribute::string("token_wo").optional().write_only(),
                Attribute::bool("on").optional().default(true),
                Attribute::string("old").optional().deprecated("Use name."),
                Attribute::string("updated").computed(),
                Attribute::new("tags", Kind::Plain(Type::set(Type::String))).optional(),
                Attribute::nested("rules", Nesting::List, inner).optional(),
            ],
        )
    }

    fn config(state: Value) -> Value {
        config_of(&schema(), &state.shaped(schema().object_type()).unwrap())
    }

    #[test]
    fn config_of_state_keeps_only_configurable_values() {
        let rule =
            |mode: &str| Value::object([("key", "k".into()), ("mode", mode.into()), ("hash", "h".into())]);
        let state = Value::object([
            ("id", "1".into()),
            ("name", "".into()),
            ("note", "".into()),
            ("token", "s3cret".into()),
            ("on", true.into()),
            ("old", "x".into()),
            ("updated", "now".into()),
            ("tags", Value::List(vec![])),
            ("rules", Value::List(vec![rule("all"), rule("some")])),
        ]);
        let rule = |mode: Value| Value::object([("key", "k".into()), ("mode", mode), ("hash", Value::Null)]);
        let expected = Value::object([
            ("name", "".into()),
            ("rules", Value::List(vec![rule(Value::Null), rule("some".into())])),
        ]);
        assert_eq!(config(state), expected.shaped(schema().object_type()).unwrap());
    }

    #[test]
    fn config_of_value_other_than_default_keeps_it() {
        let state = Value::object([("on", false.into()), ("note", "n".into())]);
        let config = config(state);
        assert_eq!(
            (config.get("on"), config.get("note")),
            (&false.into(), &"n".into())
        );
    }

    #[test]
    fn config_of_unknown_value_is_null() {
        let config = config(Value::object([("note", Value::Unknown)]));
        assert!(config.get("note").is_null());
    }
}
