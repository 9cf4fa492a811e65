//! The values of Terraform's language: null, unknown or known.

/// Implements `From` for the types that a literal or a variable can have.
macro_rules! conversions {
    ($to:ty: $($value:ident: $from:ty => $convert:expr,)+) => {
        $(impl From<$from> for $to {
            fn from($value: $from) -> Self {
                $convert
            }
        })+
    };
}

pub(crate) mod attr;
pub(crate) mod json;
pub(crate) mod number;
pub(crate) mod path;
pub(crate) mod secret;
pub(crate) mod types;

use std::collections::BTreeMap;
use std::{fmt, iter, mem};

use crate::value::number::Number;
use crate::value::path::{Path, Step};
use crate::value::types::Type;

/// A value of a configuration, plan or state.
///
/// `Debug` shows the structure without strings and numbers, because any of them may be a secret.
#[derive(Clone, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A value that a later step of the run determines.
    Unknown,
    /// A bool.
    Bool(bool),
    /// A number of any size and precision.
    Number(Number),
    /// A string.
    String(String),
    /// Ordered elements of one type.
    List(Vec<Value>),
    /// Unordered elements of one type.
    Set(Vec<Value>),
    /// Ordered elements of several types.
    Tuple(Vec<Value>),
    /// Elements of one type by name.
    Map(BTreeMap<String, Value>),
    /// Attributes by name: all attributes of the type, including null ones.
    Object(BTreeMap<String, Value>),
    /// A value of the type `dynamic`, with its actual type.
    Dynamic(Type, Box<Value>),
}

static NULL: Value = Value::Null;

/// The error for a value that does not match a type or a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", position(path))]
pub struct InvalidValue {
    /// The position in the value.
    pub path: Path,
    /// The reason. It never contains the value.
    pub reason: String,
}

/// A path before a reason. Empty for the value itself.
fn position(path: &Path) -> String {
    if path.steps().is_empty() {
        return String::new();
    }
    format!("{path}: ")
}

impl InvalidValue {
    /// An error on the value itself. The reason must not contain the value, which may be a secret.
    pub fn new(reason: impl Into<String>) -> Self {
        Self::at(Path::root(), reason)
    }

    pub(crate) fn at(path: Path, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { path, reason }
    }
}

impl Value {
    /// An object of these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Self {
        // Not `collect`, which sorts: that would be compiled again for each kind of iterator.
        let mut object = BTreeMap::new();
        for (name, value) in attributes {
            object.insert(name.into(), value);
        }
        Self::Object(object)
    }

    /// Whether the value is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether the whole value is unknown.
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
            Self::Dynamic(_, inner) => inner.is_wholly_known(),
            value => value.elements().all(Self::is_wholly_known),
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The attributes of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Object(attributes) => Some(attributes),
            _ => None,
        }
    }

    /// An attribute of an object. Null if the attribute does not exist or the value is not an object.
    #[must_use]
    pub fn get(&self, name: &str) -> &Value {
        self.as_object()
            .and_then(|attributes| attributes.get(name))
            .unwrap_or(&NULL)
    }

    /// An attribute of an object. `None` for other values, and for an attribute that the object lacks.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match self {
            Self::Object(attributes) => attributes.get_mut(name),
            _ => None,
        }
    }

    /// The elements of a list, set, tuple, map or object, without their keys.
    pub(crate) fn elements(&self) -> Box<dyn Iterator<Item = &Value> + '_> {
        match self {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => Box::new(elements.iter()),
            Self::Map(entries) | Self::Object(entries) => Box::new(entries.values()),
            _ => Box::new(iter::empty()),
        }
    }

    /// The same, to change them.
    pub(crate) fn elements_mut(&mut self) -> Box<dyn Iterator<Item = &mut Value> + '_> {
        match self {
            Self::List(elements) | Self::Set(elements) | Self::Tuple(elements) => {
                Box::new(elements.iter_mut())
            }
            Self::Map(entries) | Self::Object(entries) => Box::new(entries.values_mut()),
            _ => Box::new(iter::empty()),
        }
    }

    /// The steps to the elements or attributes. The elements of a set have none.
    fn steps(&self) -> Vec<Option<Step>> {
        match self {
            Self::List(elements) | Self::Tuple(elements) => {
                (0..).map(Step::Index).map(Some).take(elements.len()).collect()
            }
            Self::Map(entries) => entries.keys().map(|key| Some(key.into())).collect(),
            Self::Object(attributes) => {
                let names = attributes.keys();
                names
                    .map(|name| Some(Step::Attribute(name.clone().into())))
                    .collect()
            }
            other => other.elements().map(|_| None).collect(),
        }
    }

    /// The elements of a list, set, tuple, map or object, each with its step.
    pub(crate) fn children_mut(&mut self) -> impl Iterator<Item = (Option<Step>, &mut Value)> {
        self.steps().into_iter().zip(self.elements_mut())
    }

    /// The objects in the value of a nested attribute, each with its step: the value itself, or its elements.
    pub(crate) fn objects(&self) -> Vec<(Option<Step>, &Value)> {
        match self {
            Self::Object(_) => vec![(None, self)],
            _ => self.steps().into_iter().zip(self.elements()).collect(),
        }
    }

    /// The same, to change them.
    pub(crate) fn objects_mut(&mut self) -> Vec<(Option<Step>, &mut Value)> {
        match self {
            Self::Object(_) => vec![(None, self)],
            _ => self.children_mut().collect(),
        }
    }

    /// The object at a step of [`Self::objects`], or null.
    pub(crate) fn object_at(&self, step: Option<&Step>) -> &Value {
        match (self, step) {
            (Self::Object(_), None) => self,
            (Self::List(elements), Some(Step::Index(index))) => {
                let element = usize::try_from(*index).ok().and_then(|index| elements.get(index));
                element.unwrap_or(&NULL)
            }
            (Self::Map(entries), Some(Step::Key(key))) => entries.get(key).unwrap_or(&NULL),
            _ => &NULL,
        }
    }

    /// Whether both are lists, sets, tuples, maps or objects with as many elements, and with the same keys.
    pub(crate) fn pairs_with(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::List(one), Self::List(other))
            | (Self::Set(one), Self::Set(other))
            | (Self::Tuple(one), Self::Tuple(other)) => one.len() == other.len(),
            (Self::Map(one), Self::Map(other)) | (Self::Object(one), Self::Object(other)) => {
                one.keys().eq(other.keys())
            }
            _ => false,
        }
    }

    /// Sets an attribute of an object. Does nothing for other values.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Self::Object(attributes) = self {
            attributes.insert(name.to_owned(), value);
        }
    }

    /// Converts the value to exactly this type: missing attributes of an object become null, a sequence becomes the
    /// list, set or tuple of the type, and a map or object becomes the map or object of the type.
    ///
    /// # Errors
    /// [`InvalidValue`] if the value does not match the type.
    pub fn shaped(self, ty: &Type) -> Result<Self, InvalidValue> {
        self.shape(ty, &Path::root())
    }

    fn shape(self, ty: &Type, path: &Path) -> Result<Self, InvalidValue> {
        let each = |mut elements: Vec<Value>, ty: &Type| -> Result<Vec<Value>, InvalidValue> {
            for (element, i) in elements.iter_mut().zip(0..) {
                *element = mem::take(element).shape(ty, &path.then(Step::Index(i)))?;
            }
            Ok(elements)
        };
        match (self, ty) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Unknown, _) => Ok(Self::Unknown),
            (Self::Dynamic(ty, inner), Type::Dynamic) => {
                let inner = inner.shape(&ty, path)?;
                Ok(Self::Dynamic(ty, Box::new(inner)))
            }
            (Self::String(s), Type::String) => Ok(Self::String(s)),
            (Self::Bool(b), Type::Bool) => Ok(Self::Bool(b)),
            (Self::Number(n), Type::Number) => Ok(Self::Number(n)),
            (Self::List(elements) | Self::Set(elements) | Self::Tuple(elements), Type::List(ty)) => {
                Ok(Self::List(each(elements, ty)?))
            }
            (Self::List(elements) | Self::Set(elements) | Self::Tuple(elements), Type::Set(ty)) => {
                Ok(Self::Set(each(elements, ty)?))
            }
            (
                Self::List(mut elements) | Self::Set(mut elements) | Self::Tuple(mut elements),
                Type::Tuple(types),
            ) if elements.len() == types.len() => {
                for ((element, ty), i) in elements.iter_mut().zip(types).zip(0..) {
                    *element = mem::take(element).shape(ty, &path.then(Step::Index(i)))?;
                }
                Ok(Self::Tuple(elements))
            }
            (Self::Map(mut entries) | Self::Object(mut entries), Type::Map(ty)) => {
                for (key, value) in &mut entries {
                    *value = mem::take(value).shape(ty, &path.then(Step::Key(key.clone())))?;
                }
                Ok(Self::Map(entries))
            }
            (Self::Map(mut entries) | Self::Object(mut entries), Type::Object(types)) => {
                let mut shaped = BTreeMap::new();
                for (name, ty) in types {
                    let step = Step::Attribute(name.clone().into());
                    let value = entries
                        .remove(name)
                        .unwrap_or(Self::Null)
                        .shape(ty, &path.then(step))?;
                    shaped.insert(name.clone(), value);
                }
                if let Some(unknown) = entries.into_keys().next() {
                    let path = path.then(Step::Attribute(unknown.into()));
                    return Err(InvalidValue::at(path, "expected no attribute of this name"));
                }
                Ok(Self::Object(shaped))
            }
            (value, ty) => Err(InvalidValue::at(
                path.clone(),
                format!("expected {}, found {}", kind_of_type(ty), value.kind()),
            )),
        }
    }

    /// The kind of value, for messages that must not contain the value.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Unknown => "an unknown value",
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

fn kind_of_type(ty: &Type) -> &'static str {
    match ty {
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

/// Compares as Terraform does: the order of a set does not matter, and two unknown values are equal.
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
            Self::List(content) => f.debug_tuple("List").field(content).finish(),
            Self::Set(content) => f.debug_tuple("Set").field(content).finish(),
            Self::Tuple(content) => f.debug_tuple("Tuple").field(content).finish(),
            Self::Map(content) => f.debug_tuple("Map").field(content).finish(),
            Self::Object(content) => f.debug_tuple("Object").field(content).finish(),
            Self::Dynamic(ty, inner) => f.debug_tuple("Dynamic").field(ty).field(inner).finish(),
        }
    }
}

conversions! { Value:
    text: &str => Self::String(text.to_owned()),
    text: String => Self::String(text),
    value: bool => Self::Bool(value),
    integer: i64 => Self::Number(integer.into()),
    number: Number => Self::Number(number),
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
    fn shaped_missing_attribute_is_null_and_unknown_attribute_is_error() {
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

        let unknown = Value::object([("other", Value::Null)])
            .shaped(&object_type())
            .unwrap_err();
        assert_eq!(unknown.path, Path::from("other"));
        let wrong = Value::object([("name", true.into())])
            .shaped(&object_type())
            .unwrap_err();
        assert_eq!(wrong.to_string(), "name: expected a string, found a bool");
    }

    #[test]
    fn eq_set_ignores_order_and_counts_repetitions() {
        let set = |texts: &[&str]| Value::Set(texts.iter().map(|s| Value::from(*s)).collect());
        assert_eq!(set(&["a", "b"]), set(&["b", "a"]));
        assert_ne!(set(&["a", "a", "b"]), set(&["a", "b", "b"]));
        assert_ne!(set(&["a"]), set(&["a", "b"]));
    }

    #[test]
    fn debug_string_is_omitted() {
        let secret = Value::object([("authorization", Value::List(vec!["Splunk s3cret".into()]))]);
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn is_wholly_known_nested_unknown_returns_false() {
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
