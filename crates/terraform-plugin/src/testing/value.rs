//! Encoded values: from the codec of the crate, and byte by byte as an independent check of the codec.

#![allow(
    clippy::unnecessary_wraps,
    reason = "the results are the values of optional fields of messages"
)]

use std::collections::BTreeMap;

use crate::plugin::codec;
use crate::plugin::proto::tfplugin6 as tf;
use crate::{Type, Value};

/// A schema as a host receives it.
#[derive(Debug, Clone)]
pub struct Shape {
    /// The attributes.
    pub attributes: Vec<tf::schema::Attribute>,
    /// The type of a whole value.
    pub ty: Type,
    /// The version of a state.
    pub version: i64,
}

impl Shape {
    /// Reads a schema.
    pub fn of(schema: &tf::Schema) -> Self {
        let attributes = schema.block.clone().unwrap().attributes;
        let ty = Type::Object(attributes.iter().map(|a| (a.name.clone(), type_of(a))).collect());
        Self {
            attributes,
            ty,
            version: schema.version,
        }
    }

    /// An object with these attributes. The others are null.
    pub fn object(&self, set: &[(&str, Value)]) -> Value {
        Value::object(set.iter().cloned()).shaped(&self.ty).unwrap()
    }

    /// Encodes a value.
    pub fn encode(&self, value: &Value) -> Option<tf::DynamicValue> {
        Some(codec::encode(value, &self.ty))
    }

    /// Decodes a value of a response, which must exist.
    pub fn decode(&self, value: Option<&tf::DynamicValue>) -> Value {
        assert!(
            value.is_some_and(|v| v.json.is_empty() && !v.msgpack.is_empty()),
            "a provider returns msgpack: {value:?}"
        );
        codec::decode(value, &self.ty).unwrap()
    }

    /// The bytes of an object: these attributes, the others nil, in the order of their names.
    pub fn raw(&self, set: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let set: BTreeMap<&str, &Vec<u8>> = set.iter().map(|(name, bytes)| (*name, bytes)).collect();
        let Type::Object(types) = &self.ty else {
            panic!("an object")
        };
        let mut bytes = map_head(types.len());
        for name in types.keys() {
            bytes.extend(text(name));
            bytes.extend(set.get(name.as_str()).map_or(NIL, |bytes| bytes.as_slice()));
        }
        bytes
    }
}

fn type_of(attribute: &tf::schema::Attribute) -> Type {
    use tf::schema::object::NestingMode;
    let Some(nested) = &attribute.nested_type else {
        return Type::from_json(&serde_json::from_slice(&attribute.r#type).unwrap()).unwrap();
    };
    let inner = Type::Object(
        nested
            .attributes
            .iter()
            .map(|a| (a.name.clone(), type_of(a)))
            .collect(),
    );
    match nested.nesting() {
        NestingMode::List => Type::list(inner),
        NestingMode::Set => Type::set(inner),
        NestingMode::Map => Type::map(inner),
        NestingMode::Single | NestingMode::Invalid => inner,
    }
}

/// Null in msgpack.
pub const NIL: &[u8] = &[0xc0];
/// An unknown value as Terraform writes it: extension type 0 with one zero byte.
pub const UNKNOWN: &[u8] = &[0xd4, 0, 0];
/// False in msgpack.
pub const FALSE: &[u8] = &[0xc2];
/// True in msgpack.
pub const TRUE: &[u8] = &[0xc3];

/// A string in msgpack, in its shortest form.
pub fn text(value: &str) -> Vec<u8> {
    let length = value.len();
    let mut bytes = match u8::try_from(length).unwrap() {
        short @ 0..=31 => vec![0xa0 | short],
        long => vec![0xd9, long],
    };
    bytes.extend(value.bytes());
    bytes
}

/// The head of a map in msgpack, in its shortest form.
pub fn map_head(length: usize) -> Vec<u8> {
    match u8::try_from(length).unwrap() {
        short @ 0..=15 => vec![0x80 | short],
        long => vec![0xde, 0, long],
    }
}

/// A value from bytes of msgpack.
pub fn msgpack(bytes: impl Into<Vec<u8>>) -> Option<tf::DynamicValue> {
    Some(tf::DynamicValue {
        msgpack: bytes.into(),
        json: Vec::new(),
    })
}

/// A value in JSON.
pub fn json(value: &serde_json::Value) -> Option<tf::DynamicValue> {
    Some(tf::DynamicValue {
        msgpack: Vec::new(),
        json: value.to_string().into_bytes(),
    })
}

/// The errors among diagnostics, as `summary: detail`. Asserts that neither is empty.
pub fn errors(diagnostics: &[tf::Diagnostic]) -> Vec<String> {
    let errors = diagnostics
        .iter()
        .filter(|d| d.severity() == tf::diagnostic::Severity::Error);
    let said = errors.map(|d| {
        assert!(!d.summary.is_empty() && !d.detail.is_empty(), "{d:?}");
        format!("{}: {}", d.summary, d.detail)
    });
    said.collect()
}

/// The only error. Asserts that there is exactly one.
pub fn error(diagnostics: &[tf::Diagnostic]) -> String {
    let mut errors = errors(diagnostics);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

/// Asserts that there are no errors.
#[track_caller]
pub fn assert_no_errors(diagnostics: &[tf::Diagnostic]) {
    assert_eq!(errors(diagnostics), [""; 0]);
}
