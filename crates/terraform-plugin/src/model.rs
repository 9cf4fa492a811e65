//! The conversion between a [`Value`] and a model, a Rust struct whose fields are the attributes of a block.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::schema::{Kind, Nesting, Schema};
use crate::value::attr::Attr;
use crate::value::json::{UnknownFields, from_json};
use crate::value::number::Number;
use crate::value::path::Step;
use crate::value::secret::Secret;
use crate::value::types::Type;
use crate::value::{InvalidValue, Value};

/// The attributes of a block as a Rust struct, which is both their schema and their values.
///
/// Implement it with [`derive(Model)`](derive@crate::Model).
pub trait Model: Sized + Send + Sync + 'static {
    /// The schema of a block with these attributes.
    fn schema() -> Schema;

    /// Reads the fields.
    ///
    /// # Errors
    /// [`InvalidValue`] if a value does not fit its field.
    fn read(fields: &Fields<'_>) -> Result<Self, InvalidValue>;

    /// Writes the fields.
    fn write(&self, fields: &mut FieldsMut);
}

/// A Rust type for the values of an attribute, and its counterpart among Terraform's types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no counterpart among Terraform's types",
    label = "not a type of an attribute",
    note = "an attribute can be a `String`, `bool`, `i64`, `f64`, `Secret`, `Number` or `Value`, a struct with \
            `#[derive(Model)]`, a `Vec` or `BTreeMap<String, _>` of these, or a type that implements `AttributeType`"
)]
pub trait AttributeType: Sized {
    /// The type in the schema.
    fn kind() -> Kind;

    /// Reads a value.
    ///
    /// # Errors
    /// [`InvalidValue`] if the value does not fit the type.
    fn from_value(value: &Value) -> Result<Self, InvalidValue>;

    /// Writes a value.
    fn to_value(&self) -> Value;
}

fn unexpected(expected: &str, found: &Value) -> InvalidValue {
    let kind = match found {
        Value::Unknown => "unknown",
        Value::Null => "null",
        found => return InvalidValue::new(format!("expected {expected}, found {}", found.kind())),
    };
    InvalidValue::new(format!(
        "the value is {kind}, and the type of the field cannot hold that: use `Attr`"
    ))
}

/// Adds a step before the path of an error.
fn inside(mut error: InvalidValue, step: Step) -> InvalidValue {
    error.path.prepend(step);
    error
}

impl From<InvalidValue> for Diagnostic {
    fn from(error: InvalidValue) -> Self {
        let detail = format!("The value does not match the provider's model: {}.", error.reason);
        Diagnostic::error("Invalid value", detail).at(error.path)
    }
}

impl From<InvalidValue> for Diagnostics {
    fn from(error: InvalidValue) -> Self {
        Diagnostic::from(error).into()
    }
}

/// The attributes of an object from which a model reads its fields.
pub struct Fields<'a>(Option<&'a BTreeMap<String, Value>>);

impl Fields<'_> {
    /// Reads an attribute. All attributes of an unknown object are unknown.
    ///
    /// # Errors
    /// [`InvalidValue`] if the attribute is missing or does not fit the type.
    pub fn get<T: AttributeType>(&self, name: &'static str) -> Result<T, InvalidValue> {
        let value = match self.0 {
            None => &Value::Unknown,
            Some(values) => values
                .get(name)
                .ok_or_else(|| InvalidValue::new(format!("the object has no attribute \"{name}\"")))?,
        };
        T::from_value(value).map_err(|error| inside(error, Step::Attribute(name.into())))
    }

    /// Reads a string as a type whose serde form is a string.
    ///
    /// # Errors
    /// [`InvalidValue`] if the attribute is missing or the text does not fit the type.
    pub fn get_text<T: DeserializeOwned>(&self, name: &'static str) -> Result<Attr<T>, InvalidValue> {
        let text = match self.get::<Attr<String>>(name)? {
            Attr::Null => return Ok(Attr::Null),
            Attr::Unknown => return Ok(Attr::Unknown),
            Attr::Known(text) => text,
        };
        // The message of serde contains the text, which may be a secret.
        T::deserialize(serde_json::Value::String(text))
            .map(Attr::Known)
            .map_err(|_| {
                let error = InvalidValue::new("the text is not one of its values");
                inside(error, Step::Attribute(name.into()))
            })
    }
}

/// The attributes of an object to which a model writes its fields.
#[derive(Default)]
pub struct FieldsMut(BTreeMap<String, Value>);

impl FieldsMut {
    /// Writes a value as the string that is its serde form.
    pub fn put_text<T: Serialize>(&mut self, name: &'static str, value: &Attr<T>) {
        let text = value.as_ref().map(|value| match serde_json::to_value(value) {
            Ok(serde_json::Value::String(text)) => Value::String(text),
            _ => Value::Null,
        });
        self.put(name, &text);
    }

    /// Writes an attribute.
    pub fn put(&mut self, name: &'static str, value: &impl AttributeType) {
        self.0.insert(name.to_owned(), value.to_value());
    }
}

/// Converts a value to a model.
///
/// # Errors
/// [`InvalidValue`] with the path of the mismatch.
pub fn from_value<M: Model>(value: &Value) -> Result<M, InvalidValue> {
    M::read(&Fields(match content(value) {
        Value::Object(values) | Value::Map(values) => Some(values),
        Value::Unknown => None,
        other => return Err(unexpected("an object", other)),
    }))
}

/// Converts a model to an object.
pub fn to_object<M: Model>(model: &M) -> Value {
    let mut fields = FieldsMut::default();
    model.write(&mut fields);
    Value::Object(fields.0)
}

/// Converts anything that has a JSON form to a value of this type, for instance the result of a function.
///
/// # Errors
/// [`InvalidValue`] if the JSON form does not match the type.
pub fn to_value<T: Serialize>(data: &T, ty: &Type) -> Result<Value, InvalidValue> {
    let json = serde_json::to_value(data).map_err(|_| InvalidValue::new("the value has no JSON form"))?;
    from_json(&json, ty, UnknownFields::Reject)
}

/// The content of a value of the type `dynamic`.
fn content(value: &Value) -> &Value {
    match value {
        Value::Dynamic(_, inner) => content(inner),
        value => value,
    }
}

impl<T: AttributeType> AttributeType for Attr<T> {
    fn kind() -> Kind {
        T::kind()
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Dynamic(_, inner) if inner.is_null() => Ok(Self::Null),
            value if value.is_unknown() => Ok(Self::Unknown),
            value => T::from_value(value).map(Self::Known),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown,
            Self::Known(value) => value.to_value(),
        }
    }
}

/// A Rust type for the values of one variant of [`Value`].
macro_rules! plain {
    ($type:ty, $variant:ident, $expected:literal) => {
        impl AttributeType for $type {
            fn kind() -> Kind {
                Kind::Plain(Type::$variant)
            }

            fn from_value(value: &Value) -> Result<Self, InvalidValue> {
                match content(value) {
                    Value::$variant(value) => Ok(value.clone()),
                    other => Err(unexpected($expected, other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::$variant(Clone::clone(self))
            }
        }
    };
}

plain!(String, String, "a string");
plain!(bool, Bool, "a bool");
plain!(Number, Number, "a number");

impl AttributeType for Secret {
    fn kind() -> Kind {
        Kind::Plain(Type::String)
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        String::from_value(value).map(Self::from)
    }

    fn to_value(&self) -> Value {
        self.expose().into()
    }
}

impl AttributeType for i64 {
    fn kind() -> Kind {
        Kind::Plain(Type::Number)
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        let number = Number::from_value(value)?;
        number
            .as_i64()
            .ok_or_else(|| InvalidValue::new("expected a whole number of 64 bits"))
    }

    fn to_value(&self) -> Value {
        (*self).into()
    }
}

/// A decimal of a configuration is the nearest float, and a float is written as the shortest such decimal: `0.1` stays
/// `0.1`. NaN is written as null.
impl AttributeType for f64 {
    fn kind() -> Kind {
        Kind::Plain(Type::Number)
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        Ok(Number::from_value(value)?.to_f64())
    }

    fn to_value(&self) -> Value {
        Number::from_shortest(*self).map_or(Value::Null, Value::Number)
    }
}

/// A value of any type, `dynamic` in the schema.
impl AttributeType for Value {
    fn kind() -> Kind {
        Kind::Plain(Type::Dynamic)
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        Ok(value.clone())
    }

    fn to_value(&self) -> Value {
        self.clone()
    }
}

/// A list. With `#[tf(set)]`, the attribute is a set.
impl<T: AttributeType> AttributeType for Vec<T> {
    fn kind() -> Kind {
        match T::kind() {
            Kind::Nested(Nesting::Single, schema) => Kind::Nested(Nesting::List, schema),
            kind => Kind::Plain(Type::list(kind.value_type())),
        }
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        let elements = match content(value) {
            Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => elements,
            other => return Err(unexpected("a list", other)),
        };
        let read = elements.iter().zip(0_i64..).map(|(element, index)| {
            T::from_value(element).map_err(|error| inside(error, Step::Index(index)))
        });
        read.collect()
    }

    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: AttributeType> AttributeType for BTreeMap<String, T> {
    fn kind() -> Kind {
        match T::kind() {
            Kind::Nested(Nesting::Single, schema) => Kind::Nested(Nesting::Map, schema),
            kind => Kind::Plain(Type::map(kind.value_type())),
        }
    }

    fn from_value(value: &Value) -> Result<Self, InvalidValue> {
        let entries = match content(value) {
            Value::Map(entries) | Value::Object(entries) => entries,
            other => return Err(unexpected("a map", other)),
        };
        let read = entries.iter().map(|(key, value)| {
            let element = T::from_value(value).map_err(|error| inside(error, Step::Key(key.clone())))?;
            Ok((key.clone(), element))
        });
        read.collect()
    }

    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(key, element)| (key.clone(), element.to_value()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Path, path};

    #[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Color {
        DarkBlue,
    }

    #[derive(Debug, Clone, PartialEq, crate::Model)]
    struct Inner {
        /// A count.
        #[tf(optional)]
        count: Attr<i64>,
        /// A ratio.
        #[tf(optional)]
        ratio: Attr<f64>,
    }

    /// A model.
    #[derive(Debug, Clone, PartialEq, crate::Model)]
    struct Example {
        /// A name.
        #[tf(optional)]
        name: Attr<String>,
        /// A secret.
        #[tf(optional, sensitive)]
        secret: Attr<Secret>,
        /// A flag.
        #[tf(optional)]
        on: Attr<bool>,
        /// One object.
        #[tf(optional)]
        inner: Attr<Inner>,
        /// Texts.
        #[tf(optional, set)]
        list: Attr<Vec<Attr<String>>>,
        /// Objects by name.
        #[tf(optional)]
        map: Attr<BTreeMap<String, Inner>>,
        /// Anything.
        #[tf(optional)]
        any: Attr<Value>,
        /// A color.
        #[tf(optional, text)]
        color: Attr<Color>,
    }

    fn example() -> Example {
        Example {
            name: "n".into(),
            secret: Secret::from("s".to_owned()).into(),
            on: Attr::Unknown,
            inner: Inner {
                count: Attr::Unknown,
                ratio: 0.1.into(),
            }
            .into(),
            list: vec![Attr::Unknown, "x".into(), Attr::Null].into(),
            map: BTreeMap::from([(
                "k".to_owned(),
                Inner {
                    count: (-7).into(),
                    ratio: Attr::Null,
                },
            )])
            .into(),
            any: Value::Dynamic(Type::String, Box::new("x".into())).into(),
            color: Color::DarkBlue.into(),
        }
    }

    #[test]
    fn from_value_distinguishes_null_unknown_and_known() {
        for name in [Attr::Null, Attr::Unknown, "n".into()] {
            let model = Example { name, ..example() };
            let value = to_object(&model).shaped(Example::schema().object_type()).unwrap();
            assert!(matches!(value.get("list"), Value::Set(_)));
            assert_eq!(from_value::<Example>(&value).unwrap(), model);
        }
    }

    #[test]
    fn to_value_float_is_the_number_of_the_configuration() {
        let value = to_object(&example());
        assert_eq!(
            value.get("inner").get("ratio"),
            &Value::Number(Number::parse("0.1").unwrap())
        );
    }

    #[test]
    fn text_of_an_enum_is_its_serde_form() {
        let mut value = to_object(&example());
        assert_eq!(value.get("color"), &"dark_blue".into());
        value.set("color", "s3cret".into());
        let error = from_value::<Example>(&value).unwrap_err();
        assert_eq!(
            (error.path.clone(), error.to_string().contains("s3cret")),
            (path!(color), false)
        );
    }

    #[test]
    fn from_value_unknown_object_has_unknown_attributes() {
        let read = from_value::<Inner>(&Value::Unknown).unwrap();
        assert_eq!((read.count, read.ratio), (Attr::Unknown, Attr::Unknown));
    }

    #[test]
    fn from_value_mismatch_reports_path_without_value() {
        let mut value = to_object(&example());
        let bad = Value::object([("count", "s3cret".into()), ("ratio", Value::Null)]);
        value.set("map", Value::Map(BTreeMap::from([("k".to_owned(), bad)])));
        let error = from_value::<Example>(&value).unwrap_err();
        assert_eq!(error.path, path!(map["k"].count));
        assert_eq!(error.reason, "expected a number, found a string");

        let missing = Value::object([("count", Value::Null)]);
        value.set("inner", missing);
        let error = from_value::<Example>(&value).unwrap_err();
        assert_eq!(
            (error.path, error.reason.as_str()),
            (Path::from("inner"), "the object has no attribute \"ratio\"")
        );
    }

    #[test]
    fn from_value_unknown_in_plain_type_says_so() {
        let error = Vec::<String>::from_value(&Value::List(vec![Value::Unknown])).unwrap_err();
        assert_eq!(error.path, Path::root().then(0));
        assert!(error.reason.contains("unknown"), "{error}");
    }

    #[test]
    fn from_value_reads_the_content_of_dynamic_values() {
        fn dynamic(ty: Type, value: Value) -> Value {
            Value::Dynamic(ty, Box::new(value))
        }
        let text = dynamic(Type::String, "x".into());
        assert_eq!(Attr::<String>::from_value(&text).unwrap(), "x".into());
        assert!(bool::from_value(&dynamic(Type::Bool, Value::Bool(true))).unwrap());
        let list = Value::List(vec![dynamic(Type::Number, 7.into())]);
        let list = dynamic(Type::list(Type::Number), list);
        assert_eq!(Vec::<i64>::from_value(&list).unwrap(), [7]);
    }

    #[test]
    fn to_value_struct_with_serde_matches_type() {
        let ty = Type::Object(BTreeMap::from([("a".to_owned(), Type::list(Type::Number))]));
        let value = to_value(&serde_json::json!({ "a": [1, 2] }), &ty).unwrap();
        assert_eq!(value.get("a"), &Value::List(vec![1.into(), 2.into()]));
        assert!(to_value(&"text", &ty).is_err());
    }
}
