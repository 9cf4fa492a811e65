//! The types of Terraform's language, and their JSON form in schemas and dynamic values.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// The deepest accepted nesting of a type.
const MAX_DEPTH: usize = 64;

/// A type of Terraform's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A string.
    String,
    /// A number of any size and precision.
    Number,
    /// A bool.
    Bool,
    /// Any type; each value specifies its own.
    Dynamic,
    /// Ordered values of one type.
    List(Box<Type>),
    /// Unordered, distinct values of one type.
    Set(Box<Type>),
    /// Values of one type by name.
    Map(Box<Type>),
    /// Ordered values of several types.
    Tuple(Vec<Type>),
    /// Values of several types by name.
    Object(BTreeMap<String, Type>),
}

/// The error for JSON that is not a type.
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

    /// The JSON form in schemas and dynamic values: `"string"`, `["list","string"]`,
    /// `["object",{"a":"string"}]` and so on.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::String => json!("string"),
            Self::Number => json!("number"),
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(ty) => json!(["list", ty.to_json()]),
            Self::Set(ty) => json!(["set", ty.to_json()]),
            Self::Map(ty) => json!(["map", ty.to_json()]),
            Self::Tuple(ty) => json!(["tuple", ty.iter().map(Self::to_json).collect::<Vec<_>>()]),
            Self::Object(ty) => {
                let mut object = serde_json::Map::new();
                for (name, ty) in ty {
                    object.insert(name.clone(), ty.to_json());
                }
                json!(["object", object])
            }
        }
    }

    /// An object of these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        // Not `collect`: see `Value::object`.
        let mut object = BTreeMap::new();
        for (name, ty) in attributes {
            object.insert(name.into(), ty);
        }
        Self::Object(object)
    }

    /// Reads the form of [`Type::to_json`].
    ///
    /// # Errors
    /// [`InvalidType`] for other JSON, and for a type that is nested too deeply.
    pub fn from_json(json: &Json) -> Result<Self, InvalidType> {
        Self::read(json, MAX_DEPTH)
    }

    fn read(json: &Json, deeper: usize) -> Result<Self, InvalidType> {
        let deeper = deeper.checked_sub(1).ok_or(InvalidType("nested too deeply"))?;
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Self::String),
                "number" => Ok(Self::Number),
                "bool" => Ok(Self::Bool),
                "dynamic" => Ok(Self::Dynamic),
                _ => Err(InvalidType("unknown name")),
            },
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), ty] if kind == "list" => Ok(Self::list(Self::read(ty, deeper)?)),
                [Json::String(kind), ty] if kind == "set" => Ok(Self::set(Self::read(ty, deeper)?)),
                [Json::String(kind), ty] if kind == "map" => Ok(Self::map(Self::read(ty, deeper)?)),
                [Json::String(kind), Json::Array(ty)] if kind == "tuple" => Ok(Self::Tuple(
                    ty.iter()
                        .map(|t| Self::read(t, deeper))
                        .collect::<Result<_, _>>()?,
                )),
                // A third part contains the names of optional attributes. Values contain all attributes.
                [Json::String(kind), Json::Object(ty), ..] if kind == "object" => {
                    let mut object = BTreeMap::new();
                    for (name, ty) in ty {
                        object.insert(name.clone(), Self::read(ty, deeper)?);
                    }
                    Ok(Self::Object(object))
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
    fn to_json_every_type_round_trips() {
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
    fn from_json_object_with_optional_attributes_is_read() {
        let json = json!(["object", {"a": "string"}, ["a"]]);
        assert_eq!(
            Type::from_json(&json),
            Ok(Type::Object(BTreeMap::from([("a".to_owned(), Type::String)])))
        );
    }

    #[test]
    fn from_json_invalid_type_is_error() {
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
        for _ in 0..MAX_DEPTH {
            deep = json!(["list", deep]);
        }
        assert!(Type::from_json(&deep).is_err());
    }
}
