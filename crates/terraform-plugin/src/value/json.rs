//! Values in JSON, as in stored states and in dynamic values from hosts that do not use msgpack.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::value::number::Number;
use crate::value::path::{Path, Step};
use crate::value::types::Type;
use crate::value::{InvalidValue, Value};

/// How to handle attributes that the type of an object lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownFields {
    /// Return an error.
    Reject,
    /// Ignore them: another version of the provider may have written the state.
    Ignore,
}

/// Reads a value of this type. A missing attribute is null. The error never contains the value.
pub(crate) fn from_json(
    json: &Json,
    ty: &Type,
    unknown_fields: UnknownFields,
) -> Result<Value, InvalidValue> {
    read(json, ty, unknown_fields, &Path::root())
}

fn read(json: &Json, ty: &Type, unknown_fields: UnknownFields, path: &Path) -> Result<Value, InvalidValue> {
    let wrong = |reason| InvalidValue::at(path.clone(), reason);
    let sequence = |elements: &[Json], ty: &Type| -> Result<Vec<Value>, InvalidValue> {
        elements
            .iter()
            .zip(0..)
            .map(|(e, i)| read(e, ty, unknown_fields, &path.then(Step::Index(i))))
            .collect()
    };
    if json.is_null() {
        return Ok(Value::Null);
    }
    match (ty, json) {
        (Type::String, Json::String(s)) => Ok(Value::String(s.clone())),
        // Terraform converts between primitive types if no information is lost.
        (Type::String, Json::Bool(b)) => Ok(Value::String(b.to_string())),
        (Type::String, Json::Number(n)) => Ok(Value::String(n.to_string())),
        (Type::Bool, Json::Bool(b)) => Ok(Value::Bool(*b)),
        (Type::Bool, Json::String(s)) => match s.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong("a bool is expected")),
        },
        (Type::Number, Json::Number(n)) => {
            number(&n.to_string()).ok_or_else(|| wrong("a number is expected"))
        }
        (Type::Number, Json::String(s)) => number(s).ok_or_else(|| wrong("a number is expected")),
        (Type::List(ty), Json::Array(elements)) => Ok(Value::List(sequence(elements, ty)?)),
        (Type::Set(ty), Json::Array(elements)) => Ok(Value::Set(sequence(elements, ty)?)),
        (Type::Tuple(types), Json::Array(elements)) if types.len() == elements.len() => {
            let read = elements.iter().zip(types).zip(0..);
            let read = read.map(|((e, ty), i)| self::read(e, ty, unknown_fields, &path.then(Step::Index(i))));
            Ok(Value::Tuple(read.collect::<Result<_, _>>()?))
        }
        (Type::Map(ty), Json::Object(entries)) => {
            let mut map = BTreeMap::new();
            for (k, v) in entries {
                let value = read(v, ty, unknown_fields, &path.then(Step::Key(k.clone())))?;
                map.insert(k.clone(), value);
            }
            Ok(Value::Map(map))
        }
        (Type::Object(types), Json::Object(entries)) => {
            let unknown = entries.keys().find(|k| !types.contains_key(*k));
            if let (UnknownFields::Reject, Some(unknown)) = (unknown_fields, unknown) {
                let path = path.then(Step::Attribute(unknown.clone().into()));
                return Err(InvalidValue::at(path, "the type has no such attribute"));
            }
            let mut object = BTreeMap::new();
            for (name, ty) in types {
                let path = path.then(Step::Attribute(name.clone().into()));
                let value = entries.get(name).unwrap_or(&Json::Null);
                object.insert(name.clone(), read(value, ty, unknown_fields, &path)?);
            }
            Ok(Value::Object(object))
        }
        (Type::Dynamic, Json::Object(entries)) => match (entries.get("type"), entries.get("value")) {
            (Some(ty), Some(value)) if entries.len() == 2 => {
                let ty =
                    Type::from_json(ty).map_err(|_| wrong("the type of the dynamic value is invalid"))?;
                let value = read(value, &ty, unknown_fields, path)?;
                Ok(Value::Dynamic(ty, Box::new(value)))
            }
            _ => Err(wrong("a dynamic value is an object with type and value")),
        },
        _ => Err(wrong("the value has another type")),
    }
}

fn number(text: &str) -> Option<Value> {
    Number::parse(text).ok().map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn object() -> Type {
        Type::Object(BTreeMap::from([
            ("name".to_owned(), Type::String),
            ("on".to_owned(), Type::Bool),
            ("ports".to_owned(), Type::set(Type::Number)),
            ("any".to_owned(), Type::Dynamic),
            (
                "pair".to_owned(),
                Type::Tuple(vec![Type::Bool, Type::map(Type::String)]),
            ),
        ]))
    }

    #[test]
    fn from_json_every_type_is_read() {
        let json = json!({
            "name": "n", "on": "true", "ports": [1, "2.50", 1e3],
            "any": {"type": ["list", "string"], "value": ["x"]},
            "pair": [false, {"k": "v"}],
        });
        let number = |s| Value::Number(Number::parse(s).unwrap());
        let expected = Value::object([
            ("name", "n".into()),
            ("on", true.into()),
            (
                "ports",
                Value::Set(vec![1000_i64.into(), number("2.5"), 1_i64.into()]),
            ),
            (
                "any",
                Value::Dynamic(Type::list(Type::String), Box::new(Value::List(vec!["x".into()]))),
            ),
            (
                "pair",
                Value::Tuple(vec![
                    false.into(),
                    Value::Map([("k".to_owned(), "v".into())].into()),
                ]),
            ),
        ]);
        assert!(from_json(&json, &object(), UnknownFields::Reject) == Ok(expected));
    }

    #[test]
    fn from_json_unknown_fields_are_ignored_or_rejected() {
        let json = json!({"name": "n", "since_gone": 1});
        let read = from_json(&json, &object(), UnknownFields::Ignore).unwrap();
        assert_eq!((read.get("name"), read.get("ports")), (&"n".into(), &Value::Null));
        let strict = from_json(&json, &object(), UnknownFields::Reject).unwrap_err();
        assert_eq!(strict.path, Path::from("since_gone"));
    }

    #[test]
    fn from_json_mismatch_reports_path() {
        for (json, path) in [
            (json!({"ports": [1, "many"]}), "ports[1]"),
            (json!({"pair": [true, {"k": []}]}), "pair[1][\"k\"]"),
            (json!({"pair": [true]}), "pair"),
            (json!({"any": {"value": 1}}), "any"),
            (json!({"on": "yes"}), "on"),
            (json!([]), ""),
        ] {
            let error = from_json(&json, &object(), UnknownFields::Ignore).unwrap_err();
            assert_eq!(error.path.to_string(), path, "{json}");
        }
    }
}
