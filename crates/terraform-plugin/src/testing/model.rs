//! The comparison of a model with its schema.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::value::model::{from_value, to_unshaped_value};
use crate::{Attribute, Kind, Nesting, Schema, Value};

/// Asserts that the fields of a model are the attributes of its schema, nested ones included. The fields of a model
/// must be [`Attr`](crate::Attr) or `Option` where the attribute can be null.
///
/// # Panics
/// If a field or an attribute is missing in the other, or a value of the schema's type does not fit the model.
#[track_caller]
pub fn check_model<M: Serialize + DeserializeOwned>(schema: &Schema) {
    let errors = compare_model::<M>(schema);
    assert!(
        errors.is_empty(),
        "the model does not match the schema: {errors:?}"
    );
}

/// The differences between a model and its schema.
fn compare_model<M: Serialize + DeserializeOwned>(schema: &Schema) -> Vec<String> {
    let sample = sample(schema.attributes());
    let model: M = match from_value(sample.clone()) {
        Ok(model) => model,
        Err(error) => return vec![error.to_string()],
    };
    match to_unshaped_value(&model) {
        Ok(written) => {
            let mut errors = Vec::new();
            compare(&sample, &written, "", &mut errors);
            errors
        }
        Err(error) => vec![error.to_string()],
    }
}

/// A value in which every attribute is null, and every nested attribute has one element.
fn sample(attributes: &[Attribute]) -> Value {
    Value::object(attributes.iter().map(|attribute| {
        let value = match attribute.kind() {
            Kind::Plain(_) => Value::Null,
            Kind::Nested(Nesting::Single, inner) => sample(inner),
            Kind::Nested(Nesting::List, inner) => Value::List(vec![sample(inner)]),
            Kind::Nested(Nesting::Set, inner) => Value::Set(vec![sample(inner)]),
            Kind::Nested(Nesting::Map, inner) => Value::Map([("key".to_owned(), sample(inner))].into()),
        };
        (attribute.name(), value)
    }))
}

fn compare(sample: &Value, written: &Value, prefix: &str, errors: &mut Vec<String>) {
    match (sample, written) {
        (Value::Object(attributes), Value::Object(fields)) => {
            for (name, value) in attributes {
                match fields.get(name) {
                    Some(field) => compare(value, field, &format!("{prefix}{name}."), errors),
                    None => errors.push(format!("the model has no field {prefix}{name}")),
                }
            }
            let extra = fields.keys().filter(|name| !attributes.contains_key(*name));
            errors.extend(extra.map(|name| format!("the schema has no attribute {prefix}{name}")));
        }
        // A model writes a map as an object.
        (Value::Map(elements), Value::Object(fields)) => {
            for (value, field) in elements.values().zip(fields.values()) {
                compare(value, field, prefix, errors);
            }
        }
        (Value::List(elements) | Value::Set(elements), Value::List(fields)) => {
            for (value, field) in elements.iter().zip(fields) {
                compare(value, field, prefix, errors);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Attr;

    #[derive(Serialize, Deserialize)]
    struct Rule {
        key: Attr<String>,
    }

    #[derive(Serialize, Deserialize)]
    struct Model {
        name: Attr<String>,
        rules: Attr<Vec<Rule>>,
    }

    fn schema(rule: &'static str, further: Option<&'static str>) -> Schema {
        let rules = Attribute::nested("rules", Nesting::List, [Attribute::string(rule).optional()]);
        let further = further.map(|name| Attribute::string(name).optional());
        Schema::new(
            "",
            [Attribute::string("name").optional(), rules]
                .into_iter()
                .chain(further),
        )
    }

    #[test]
    fn check_model_same_attributes_passes() {
        check_model::<Model>(&schema("key", None));
    }

    #[test]
    fn check_model_attribute_without_field_names_it() {
        let errors = compare_model::<Model>(&schema("key", Some("note")));
        assert_eq!(errors, ["the model has no field note"]);
    }

    #[test]
    fn check_model_field_without_attribute_names_it() {
        let errors = compare_model::<Model>(&Schema::new("", [Attribute::string("name").optional()]));
        assert_eq!(errors.len(), 1);
        assert!(errors[0].contains("rules"), "{errors:?}");
    }

    #[test]
    fn check_model_nested_difference_names_both() {
        let errors = compare_model::<Model>(&schema("label", None));
        assert_eq!(errors.len(), 1);
        assert!(errors[0].contains("key"), "{errors:?}");
    }
}
