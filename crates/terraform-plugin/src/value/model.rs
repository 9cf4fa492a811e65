//! The conversion between a [`Value`] and a model, a Rust type, with serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostics::Diagnostic;
use crate::value::path::{Path, Step};
use crate::value::types::Type;
use crate::value::{Mismatch, Value};

mod read;
mod write;

/// The error for a value that does not match a model, or a model that does not match a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct ModelError {
    /// The position in the value.
    pub path: Path,
    /// The reason. It never contains the value.
    pub reason: String,
}

impl ModelError {
    /// Adds a step before the path.
    fn inside(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }
}

impl From<ModelError> for Diagnostic {
    fn from(error: ModelError) -> Self {
        let detail = format!("The value does not match the provider's model: {}.", error.reason);
        Diagnostic::error("Invalid value", detail).at(error.path)
    }
}

impl From<Mismatch> for ModelError {
    fn from(mismatch: Mismatch) -> Self {
        let reason = format!("expected {}, found {}", mismatch.expected, mismatch.found);
        Self {
            path: mismatch.path,
            reason,
        }
    }
}

impl serde::de::Error for ModelError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self {
            path: Path::root(),
            reason: message.to_string(),
        }
    }

    // The messages of serde contain the value, which may be a secret.
    fn invalid_type(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format_args!("expected one of {}", expected.join(", ")))
    }
}

impl serde::ser::Error for ModelError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self {
            path: Path::root(),
            reason: message.to_string(),
        }
    }
}

/// Converts a value to a model.
///
/// # Errors
/// [`ModelError`] with the path of the mismatch, for instance an unknown value in a field that is not an
/// [`Attr`](crate::Attr).
pub fn from_value<M: DeserializeOwned>(value: Value) -> Result<M, ModelError> {
    M::deserialize(read::Reader(value))
}

/// Converts a model to a value with the fields of the model, for a comparison with a schema.
#[cfg(feature = "testing")]
pub(crate) fn to_unshaped_value<M: Serialize>(model: &M) -> Result<Value, ModelError> {
    model.serialize(write::Writer)
}

/// Converts a model to a value of this type.
///
/// # Errors
/// [`ModelError`] if the model does not match the type.
pub fn to_value<M: Serialize>(model: &M, ty: &Type) -> Result<Value, ModelError> {
    Ok(model.serialize(write::Writer)?.shaped(ty)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::Attr;
    use crate::Secret;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Inner {
        count: Attr<i64>,
        ratio: Option<f64>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Model {
        name: Attr<String>,
        secret: Attr<Secret>,
        on: Attr<bool>,
        inner: Attr<Inner>,
        list: Attr<Vec<Attr<String>>>,
        map: BTreeMap<String, Inner>,
    }

    fn model_type() -> Type {
        let inner = Type::Object(BTreeMap::from([
            ("count".to_owned(), Type::Number),
            ("ratio".to_owned(), Type::Number),
        ]));
        Type::Object(BTreeMap::from([
            ("name".to_owned(), Type::String),
            ("secret".to_owned(), Type::String),
            ("on".to_owned(), Type::Bool),
            ("inner".to_owned(), inner.clone()),
            ("list".to_owned(), Type::set(Type::String)),
            ("map".to_owned(), Type::map(inner)),
        ]))
    }

    #[test]
    fn from_value_distinguishes_null_unknown_and_known() {
        for name in [Attr::Null, Attr::Unknown, Attr::Known("n".to_owned())] {
            let model = Model {
                name,
                secret: Attr::Known("s".to_owned().into()),
                on: Attr::Unknown,
                inner: Attr::Known(Inner {
                    count: Attr::Unknown,
                    ratio: Some(0.5),
                }),
                list: Attr::Known(vec![Attr::Unknown, Attr::Known("x".to_owned()), Attr::Null]),
                map: BTreeMap::from([(
                    "k".to_owned(),
                    Inner {
                        count: Attr::Known(-7),
                        ratio: None,
                    },
                )]),
            };
            let value = to_value(&model, &model_type()).unwrap();
            assert!(matches!(value.get("list"), Value::Set(_)));
            assert_eq!(from_value::<Model>(value).unwrap(), model);
        }
    }

    #[test]
    fn from_value_mismatch_reports_path_without_value() {
        let good = Model {
            name: Attr::Null,
            secret: Attr::Null,
            on: Attr::Null,
            inner: Attr::Null,
            list: Attr::Null,
            map: BTreeMap::from([(
                "k".to_owned(),
                Inner {
                    count: Attr::Null,
                    ratio: None,
                },
            )]),
        };
        let mut value = to_value(&good, &model_type()).unwrap();
        let bad = Value::object([("count", "s3cret".into()), ("ratio", Value::Null)]);
        value.set("map", Value::Map(BTreeMap::from([("k".to_owned(), bad)])));
        let error = from_value::<Model>(value.clone()).unwrap_err();
        assert_eq!(error.path.to_string(), r#"map["k"].count"#);
        assert!(!error.to_string().contains("s3cret"), "{error}");

        value.set("map", Value::Unknown);
        let error = from_value::<Model>(value).unwrap_err();
        assert_eq!(
            (error.path, error.reason.as_str()),
            (Path::from("map"), "the value is unknown")
        );
    }

    #[test]
    fn from_value_reads_the_content_of_dynamic_values() {
        fn dynamic(ty: Type, value: Value) -> Value {
            Value::Dynamic(ty, Box::new(value))
        }
        let text = dynamic(Type::String, "x".into());
        assert_eq!(
            from_value::<Attr<String>>(text).unwrap(),
            Attr::Known("x".to_owned())
        );
        assert!(from_value::<bool>(dynamic(Type::Bool, Value::Bool(true))).unwrap());
        let list = Value::List(vec![dynamic(Type::Number, 7.into())]);
        let list = dynamic(Type::list(Type::Number), list);
        assert_eq!(from_value::<Vec<i64>>(list).unwrap(), [7]);
        let object = Value::object([("count", 7.into()), ("ratio", Value::Null)]);
        let map = Value::Map(BTreeMap::from([("k".to_owned(), object)]));
        let map = dynamic(Type::Dynamic, map);
        let read = from_value::<BTreeMap<String, Inner>>(map).unwrap();
        assert_eq!(read["k"].count, Attr::Known(7));
    }

    #[test]
    fn to_value_missing_field_is_null() {
        let inner = Inner {
            count: Attr::Known(1),
            ratio: None,
        };
        let wider = Type::Object(BTreeMap::from([
            ("count".to_owned(), Type::Number),
            ("more".to_owned(), Type::String),
            ("ratio".to_owned(), Type::Number),
        ]));
        assert!(to_value(&inner, &wider).unwrap().get("more").is_null());
        assert!(to_value(&inner, &Type::String).is_err());
    }
}
