//! The types that a value can have, and their JSON form in schemas and dynamic values.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// The deepest nesting of a type that is read from outside.
const DEEPEST: usize = 64;

/// A type of Terraform's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A number of any size.
    Number,
    /// True or false.
    Bool,
    /// Any type, told with the value.
    Dynamic,
    /// Values of one type in an order.
    List(Box<Type>),
    /// Values of one type without order or repetition.
    Set(Box<Type>),
    /// Values of one type by name.
    Map(Box<Type>),
    /// Values of several types in an order.
    Tuple(Vec<Type>),
    /// Values of several types by name.
    Object(BTreeMap<String, Type>),
}

/// The JSON is no type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a type: {0}")]
pub struct InvalidType(&'static str);

impl Type {
    /// A list of this type.
    #[must_use]
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of this type.
    #[must_use]
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of this type.
    #[must_use]
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// The form that schemas and dynamic values carry: `"string"`, `["list","string"]`,
    /// `["object",{"a":"string"}]` and so on (plugin protocol, values on the wire).
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(of) => json!(["list", of.to_json()]),
            Self::Set(of) => json!(["set", of.to_json()]),
            Self::Map(of) => json!(["map", of.to_json()]),
            Self::Tuple(of) => json!(["tuple", of.iter().map(Self::to_json).collect::<Vec<_>>()]),
            Self::Object(of) => {
                let of: serde_json::Map<_, _> = of.iter().map(|(k, t)| (k.clone(), t.to_json())).collect();
                json!(["object", of])
            }
        }
    }

    /// Reads the form that [`Type::to_json`] writes.
    ///
    /// # Errors
    /// [`InvalidType`] for anything else, and for a type nested absurdly deep.
    pub fn from_json(json: &Json) -> Result<Self, InvalidType> {
        Self::read(json, DEEPEST)
    }

    fn read(json: &Json, deeper: usize) -> Result<Self, InvalidType> {
        let deeper = deeper.checked_sub(1).ok_or(InvalidType("nested too deep"))?;
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(InvalidType("unknown name")),
            },
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), of] if kind == "list" => Ok(Self::list(Self::read(of, deeper)?)),
                [Json::String(kind), of] if kind == "set" => Ok(Self::set(Self::read(of, deeper)?)),
                [Json::String(kind), of] if kind == "map" => Ok(Self::map(Self::read(of, deeper)?)),
                [Json::String(kind), Json::Array(of)] if kind == "tuple" => Ok(Self::Tuple(
                    of.iter()
                        .map(|t| Self::read(t, deeper))
                        .collect::<Result<_, _>>()?,
                )),
                // A third part names the attributes that may be left out; values carry them all.
                [Json::String(kind), Json::Object(of), ..] if kind == "object" => {
                    let of = of.iter().map(|(k, t)| Ok((k.clone(), Self::read(t, deeper)?)));
                    Ok(Self::Object(of.collect::<Result<_, InvalidType>>()?))
                }
                _ => Err(InvalidType("unknown kind")),
            },
            _ => Err(InvalidType("neither a name nor a kind with its parts")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_its_json_form() {
        let object = Type::Object(BTreeMap::from([
            ("a".to_owned(), Type::Tuple(vec![Type::Bool, Type::Dynamic])),
            ("b".to_owned(), Type::map(Type::set(Type::list(Type::Number)))),
        ]));
        assert_eq!(
            object.to_json().to_string(),
            r#"["object",{"a":["tuple",["bool","dynamic"]],"b":["map",["set",["list","number"]]]}]"#
        );
        assert_eq!(Type::from_json(&object.to_json()), Ok(object));
    }

    #[test]
    fn optional_attributes_of_an_object_type_are_read() {
        let json = json!(["object", {"a": "string"}, ["a"]]);
        assert_eq!(
            Type::from_json(&json),
            Ok(Type::Object(BTreeMap::from([("a".to_owned(), Type::String)])))
        );
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for json in [
            json!("text"),
            json!(["list"]),
            json!(["tuple", "string"]),
            json!(1),
            json!({}),
        ] {
            assert!(Type::from_json(&json).is_err(), "{json}");
        }
        let mut deep = json!("string");
        for _ in 0..DEEPEST {
            deep = json!(["list", deep]);
        }
        assert!(Type::from_json(&deep).is_err());
    }
}
