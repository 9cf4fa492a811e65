//! Values as JSON: stored states, and dynamic values of hosts that send no msgpack.

use serde_json::Value as Json;

use crate::value::Value;
use crate::value::number::Number;
use crate::value::path::{Path, Step};
use crate::value::types::Type;

/// Whether an object may have attributes that its type has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownFields {
    /// An attribute that the type lacks is an error.
    Reject,
    /// An attribute that the type lacks is passed over: a state may come from another version.
    Ignore,
}

/// The JSON is no value of the type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct JsonError {
    /// Where in the value.
    pub path: Path,
    /// What does not fit. It never quotes the value.
    pub reason: &'static str,
}

/// Reads a value of this type. An attribute that is missing is null.
///
/// # Errors
/// [`JsonError`] where the JSON does not fit the type.
pub fn from_json(json: &Json, of: &Type, unknown_fields: UnknownFields) -> Result<Value, JsonError> {
    read(json, of, unknown_fields, &Path::root())
}

fn read(json: &Json, of: &Type, unknown_fields: UnknownFields, at: &Path) -> Result<Value, JsonError> {
    let wrong = |reason| JsonError {
        path: at.clone(),
        reason,
    };
    let sequence = |elements: &[Json], of: &Type| -> Result<Vec<Value>, JsonError> {
        elements
            .iter()
            .zip(0..)
            .map(|(e, i)| read(e, of, unknown_fields, &at.then(Step::Index(i))))
            .collect()
    };
    if json.is_null() {
        return Ok(Value::Null);
    }
    match (of, json) {
        (Type::String, Json::String(s)) => Ok(Value::String(s.clone())),
        // Terraform converts between the primitive types wherever nothing is lost.
        (Type::String, Json::Bool(b)) => Ok(Value::String(b.to_string())),
        (Type::String, Json::Number(n)) => Ok(Value::String(n.to_string())),
        (Type::Bool, Json::Bool(b)) => Ok(Value::Bool(*b)),
        (Type::Bool, Json::String(s)) => match s.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong("a bool is wanted")),
        },
        (Type::Number, Json::Number(n)) => number(&n.to_string()).ok_or_else(|| wrong("a number is wanted")),
        (Type::Number, Json::String(s)) => number(s).ok_or_else(|| wrong("a number is wanted")),
        (Type::List(of), Json::Array(elements)) => Ok(Value::List(sequence(elements, of)?)),
        (Type::Set(of), Json::Array(elements)) => Ok(Value::Set(sequence(elements, of)?)),
        (Type::Tuple(types), Json::Array(elements)) if types.len() == elements.len() => {
            let read = elements.iter().zip(types).zip(0..);
            let read = read.map(|((e, of), i)| self::read(e, of, unknown_fields, &at.then(Step::Index(i))));
            Ok(Value::Tuple(read.collect::<Result<_, _>>()?))
        }
        (Type::Map(of), Json::Object(entries)) => {
            let read = entries.iter().map(|(k, v)| {
                let value = read(v, of, unknown_fields, &at.then(Step::Key(k.clone())))?;
                Ok((k.clone(), value))
            });
            Ok(Value::Map(read.collect::<Result<_, _>>()?))
        }
        (Type::Object(types), Json::Object(entries)) => {
            let stranger = entries.keys().find(|k| !types.contains_key(*k));
            if let (UnknownFields::Reject, Some(stranger)) = (unknown_fields, stranger) {
                let path = at.then(Step::Attribute(stranger.clone().into()));
                return Err(JsonError {
                    path,
                    reason: "the type has no such attribute",
                });
            }
            let read = types.iter().map(|(name, of)| {
                let at = at.then(Step::Attribute(name.clone().into()));
                let value = read(entries.get(name).unwrap_or(&Json::Null), of, unknown_fields, &at)?;
                Ok((name.clone(), value))
            });
            Ok(Value::Object(read.collect::<Result<_, _>>()?))
        }
        (Type::Dynamic, Json::Object(entries)) => match (entries.get("type"), entries.get("value")) {
            (Some(told), Some(value)) if entries.len() == 2 => {
                let told = Type::from_json(told).map_err(|_| wrong("a dynamic value has no such type"))?;
                let value = read(value, &told, unknown_fields, at)?;
                Ok(Value::Dynamic(told, Box::new(value)))
            }
            _ => Err(wrong("a dynamic value is an object of type and value")),
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
    fn every_kind_is_read() {
        let json = json!({
            "name": "n", "on": "true", "ports": [1, "2.50", 1e3],
            "any": {"type": ["list", "string"], "value": ["x"]},
            "pair": [false, {"k": "v"}],
        });
        let number = |s| Value::Number(Number::parse(s).unwrap());
        let wanted = Value::object([
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
        assert!(from_json(&json, &object(), UnknownFields::Reject) == Ok(wanted));
    }

    #[test]
    fn a_state_of_another_version_is_read_leniently() {
        let json = json!({"name": "n", "since_gone": 1});
        let read = from_json(&json, &object(), UnknownFields::Ignore).unwrap();
        assert_eq!((read.get("name"), read.get("ports")), (&"n".into(), &Value::Null));
        let strict = from_json(&json, &object(), UnknownFields::Reject).unwrap_err();
        assert_eq!(strict.path, Path::from("since_gone"));
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path() {
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
