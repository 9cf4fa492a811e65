//! Values as Terraform has them: null, not known yet, or known.

pub(crate) mod attr;
pub(crate) mod json;
pub(crate) mod model;
pub(crate) mod number;
pub(crate) mod path;
pub(crate) mod secret;
pub(crate) mod types;

use std::collections::BTreeMap;
use std::fmt;

use crate::value::number::Number;
use crate::value::path::{Path, Step};
use crate::value::types::Type;

/// A value of a configuration, plan or state.
///
/// `Debug` shows the shape and never the text: any string may be a secret.
#[derive(Clone, Default)]
pub enum Value {
    /// Nothing is set.
    #[default]
    Null,
    /// Something that only a later step of the run will tell.
    Unknown,
    /// True or false.
    Bool(bool),
    /// A number of any size.
    Number(Number),
    /// Text.
    String(String),
    /// Elements of one type in an order.
    List(Vec<Value>),
    /// Elements of one type without order.
    Set(Vec<Value>),
    /// Elements of several types in an order.
    Tuple(Vec<Value>),
    /// Elements of one type by name.
    Map(BTreeMap<String, Value>),
    /// Attributes by name, every one of the type's, null ones too.
    Object(BTreeMap<String, Value>),
    /// A value of the type `dynamic`, with the type that it turned out to have.
    Dynamic(Type, Box<Value>),
}

/// A value does not have the shape that its type wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {wanted} is wanted, {found} was given")]
pub struct Mismatch {
    /// Where in the value.
    pub path: Path,
    /// What the type wants.
    pub wanted: &'static str,
    /// What the value is.
    pub found: &'static str,
}

impl Value {
    /// An object of these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Object(attributes.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the value as a whole is not known yet.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Dynamic(_, inner) => inner.is_unknown(),
            _ => false,
        }
    }

    /// Whether no part of the value is unknown.
    #[must_use]
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(of) | Self::Set(of) | Self::Tuple(of) => of.iter().all(Self::is_wholly_known),
            Self::Map(of) | Self::Object(of) => of.values().all(Self::is_wholly_known),
            Self::Dynamic(_, inner) => inner.is_wholly_known(),
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The attributes, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Object(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// An attribute of an object; null if it is no object or has no such attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.as_object()
            .and_then(|attributes| attributes.get(name))
            .unwrap_or(&NULL)
    }

    /// Sets an attribute of an object. Does nothing on any other value.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Self::Object(attributes) = self {
            attributes.insert(name.to_owned(), value);
        }
    }

    /// The same value in the exact shape of `of`: attributes that an object lacks are null, a
    /// sequence becomes the list, set or tuple that the type says, and a record the map or object.
    ///
    /// # Errors
    /// [`Mismatch`] where the value can't have that type.
    pub fn shaped(self, of: &Type) -> Result<Self, Mismatch> {
        self.shape(of, &Path::root())
    }

    fn shape(self, of: &Type, at: &Path) -> Result<Self, Mismatch> {
        let each = |elements: Vec<Value>, of: &Type| -> Result<Vec<Value>, Mismatch> {
            let shaped = elements
                .into_iter()
                .zip(0..)
                .map(|(v, i)| v.shape(of, &at.then(Step::Index(i))));
            shaped.collect()
        };
        match (self, of) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Unknown, _) => Ok(Self::Unknown),
            (Self::Dynamic(told, inner), Type::Dynamic) => {
                let inner = inner.shape(&told, at)?;
                Ok(Self::Dynamic(told, Box::new(inner)))
            }
            (Self::String(s), Type::String) => Ok(Self::String(s)),
            (Self::Bool(b), Type::Bool) => Ok(Self::Bool(b)),
            (Self::Number(n), Type::Number) => Ok(Self::Number(n)),
            (Self::List(of_any) | Self::Set(of_any) | Self::Tuple(of_any), Type::List(of)) => {
                Ok(Self::List(each(of_any, of)?))
            }
            (Self::List(of_any) | Self::Set(of_any) | Self::Tuple(of_any), Type::Set(of)) => {
                Ok(Self::Set(each(of_any, of)?))
            }
            (Self::List(of_any) | Self::Set(of_any) | Self::Tuple(of_any), Type::Tuple(types))
                if of_any.len() == types.len() =>
            {
                let shaped = of_any
                    .into_iter()
                    .zip(types)
                    .zip(0..)
                    .map(|((v, of), i)| v.shape(of, &at.then(Step::Index(i))));
                Ok(Self::Tuple(shaped.collect::<Result<_, _>>()?))
            }
            (Self::Map(entries) | Self::Object(entries), Type::Map(of)) => {
                let shaped = entries.into_iter().map(|(k, v)| {
                    let v = v.shape(of, &at.then(Step::Key(k.clone())))?;
                    Ok((k, v))
                });
                Ok(Self::Map(shaped.collect::<Result<_, _>>()?))
            }
            (Self::Map(mut entries) | Self::Object(mut entries), Type::Object(types)) => {
                let mut shaped = BTreeMap::new();
                for (name, of) in types {
                    let step = Step::Attribute(name.clone().into());
                    let value = entries
                        .remove(name)
                        .unwrap_or(Self::Null)
                        .shape(of, &at.then(step))?;
                    shaped.insert(name.clone(), value);
                }
                if let Some(stranger) = entries.into_keys().next() {
                    let path = at.then(Step::Attribute(stranger.into()));
                    return Err(Mismatch {
                        path,
                        wanted: "no such attribute",
                        found: "one",
                    });
                }
                Ok(Self::Object(shaped))
            }
            (value, of) => Err(Mismatch {
                path: at.clone(),
                wanted: kind_of_type(of),
                found: value.kind(),
            }),
        }
    }

    /// The word for what this is, for messages that must not show the value itself.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "a value not known yet",
            Self::Bool(_) => "a bool",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Tuple(_) => "a tuple",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Dynamic(..) => "a dynamic value",
        }
    }
}

fn kind_of_type(of: &Type) -> &'static str {
    match of {
        Type::String => "a string",
        Type::Number => "a number",
        Type::Bool => "a bool",
        Type::Dynamic => "a dynamic value",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(_) => "a tuple of that length",
        Type::Object(_) => "an object",
    }
}

/// Equal are values that Terraform holds for equal: the elements of a set in any order, two
/// unknowns too.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Unknown, Self::Unknown) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Tuple(a), Self::Tuple(b)) => a == b,
            (Self::Set(a), Self::Set(b)) => {
                let mut rest: Vec<&Value> = b.iter().collect();
                a.len() == b.len()
                    && a.iter().all(|x| {
                        rest.iter()
                            .position(|y| *y == x)
                            .map(|found| rest.swap_remove(found))
                            .is_some()
                    })
            }
            (Self::Map(a), Self::Map(b)) | (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Dynamic(s, a), Self::Dynamic(t, b)) => s == t && a == b,
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Unknown => f.write_str("Unknown"),
            Self::Bool(_) => f.write_str("Bool"),
            Self::Number(_) => f.write_str("Number"),
            Self::String(_) => f.write_str("String"),
            Self::List(of) => f.debug_tuple("List").field(of).finish(),
            Self::Set(of) => f.debug_tuple("Set").field(of).finish(),
            Self::Tuple(of) => f.debug_tuple("Tuple").field(of).finish(),
            Self::Map(of) => f.debug_tuple("Map").field(of).finish(),
            Self::Object(of) => f.debug_tuple("Object").field(of).finish(),
            Self::Dynamic(of, inner) => f.debug_tuple("Dynamic").field(of).field(inner).finish(),
        }
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::String(s.to_owned())
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Number(i.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object_type() -> Type {
        Type::Object(BTreeMap::from([
            ("name".to_owned(), Type::String),
            ("tags".to_owned(), Type::set(Type::String)),
        ]))
    }

    #[test]
    fn shaping_fills_what_is_missing_and_refuses_what_is_strange() {
        let shaped = Value::Map(BTreeMap::from([(
            "tags".to_owned(),
            Value::List(vec!["x".into()]),
        )]))
        .shaped(&object_type())
        .unwrap();
        assert_eq!(
            shaped,
            Value::object([("name", Value::Null), ("tags", Value::Set(vec!["x".into()]))])
        );

        let strange = Value::object([("other", Value::Null)])
            .shaped(&object_type())
            .unwrap_err();
        assert_eq!(strange.path, Path::from("other"));
        let wrong = Value::object([("name", true.into())])
            .shaped(&object_type())
            .unwrap_err();
        assert_eq!(wrong.to_string(), "name: a string is wanted, a bool was given");
    }

    #[test]
    fn sets_are_equal_in_any_order_and_count_repetitions() {
        let set = |of: &[&str]| Value::Set(of.iter().map(|s| Value::from(*s)).collect());
        assert_eq!(set(&["a", "b"]), set(&["b", "a"]));
        assert_ne!(set(&["a", "a", "b"]), set(&["a", "b", "b"]));
        assert_ne!(set(&["a"]), set(&["a", "b"]));
    }

    #[test]
    fn debug_shows_no_text() {
        let secret = Value::object([("authorization", Value::List(vec!["Splunk s3cret".into()]))]);
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn unknown_is_found_at_any_depth() {
        let deep = |v| {
            Value::List(vec![Value::object([(
                "a",
                Value::Dynamic(Type::String, Box::new(v)),
            )])])
        };
        assert!(!deep(Value::Unknown).is_wholly_known());
        assert!(deep(Value::Null).is_wholly_known());
    }
}
