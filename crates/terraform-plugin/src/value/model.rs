//! Models: from a [`Value`] to a Rust type and back, through serde.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostics::Diagnostic;
use crate::value::path::{Path, Step};
use crate::value::types::Type;
use crate::value::{Mismatch, Value};

mod read;
mod write;

/// A value does not fit the model, or a model the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct ModelError {
    /// Where in the value.
    pub path: Path,
    /// What does not fit. It never quotes the value.
    pub reason: String,
}

impl ModelError {
    /// The error as seen from one level further up.
    fn inside(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }
}

impl From<ModelError> for Diagnostic {
    fn from(error: ModelError) -> Self {
        let detail = format!("The value can't be used: {}.", error.reason);
        Diagnostic::error("Invalid value", detail).at(error.path)
    }
}

impl From<Mismatch> for ModelError {
    fn from(mismatch: Mismatch) -> Self {
        let reason = format!("{} is wanted, {} was given", mismatch.wanted, mismatch.found);
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

    // serde's own wording quotes the value, which may be a secret.
    fn invalid_type(_: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        Self::custom(format_args!("{wanted} is wanted"))
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, wanted: &dyn serde::de::Expected) -> Self {
        Self::custom(format_args!("{wanted} is wanted"))
    }

    fn unknown_variant(_: &str, wanted: &'static [&'static str]) -> Self {
        Self::custom(format_args!("one of {} is wanted", wanted.join(", ")))
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

/// Reads a model out of a value.
///
/// # Errors
/// [`ModelError`] with the path of what does not fit, for instance an unknown value where the
/// model has no [`Attr`](super::Attr).
pub fn from_value<M: DeserializeOwned>(value: Value) -> Result<M, ModelError> {
    M::deserialize(read::Reader(value))
}

/// Writes a model as a value in its own shape, for a comparison with a schema.
#[cfg(feature = "testing")]
pub(crate) fn to_unshaped_value<M: Serialize>(model: &M) -> Result<Value, ModelError> {
    model.serialize(write::Writer)
}

/// Writes a model as a value of this type.
///
/// # Errors
/// [`ModelError`] if the model does not fit the type.
pub fn to_value<M: Serialize>(model: &M, of: &Type) -> Result<Value, ModelError> {
    Ok(model.serialize(write::Writer)?.shaped(of)?)
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
    fn null_unknown_and_known_stay_apart() {
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
    fn an_error_names_the_path_and_not_the_value() {
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
            (Path::from("map"), "the value is not known yet")
        );
    }

    #[test]
    fn a_model_that_lacks_an_attribute_of_the_schema_writes_it_as_null() {
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
