//! The conversion between `DynamicValue` and [`Value`].

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rmp::decode::RmpRead;
use rmp::{Marker, encode as write};

use crate::plugin::proto::tfplugin6::DynamicValue;
use crate::value::json::{UnknownFields, from_json};
use crate::value::number::NumberForm;
use crate::{Number, Type, Value};

/// The extension type of an unknown value.
const UNKNOWN: i8 = 0;
/// The extension type of an unknown value with refinements, which can be read as an unknown value.
const REFINED: i8 = 12;
/// The deepest accepted nesting. A schema limits the nesting of values, except for dynamic ones.
const MAX_DEPTH: usize = 100;
/// The largest accepted number of values in a message. Each occupies a multiple of its bytes: an object of one number
/// some 600.
const MAX_VALUES: usize = 1_000_000;

/// The error for bytes that are not a value of the type. It never contains the bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CodecError(Cow<'static, str>);

const SHORT: CodecError = wrong("the value ends too early");
const LONG: CodecError = wrong("there are bytes after the value");
const KEYS: CodecError = wrong("the keys of an object do not match its type");
const EXCESS: CodecError = wrong("the value is nested too deeply or too large");

const fn wrong(reason: &'static str) -> CodecError {
    CodecError(Cow::Borrowed(reason))
}

fn invalid_json(reason: impl fmt::Display) -> CodecError {
    CodecError(format!("invalid JSON value: {reason}").into())
}

type Result<T> = std::result::Result<T, CodecError>;

/// Reads a value of this type. An absent value, such as the state of an object that does not exist, is null.
///
/// # Errors
/// [`CodecError`] if the bytes are not a value of the type.
pub fn decode(wire: Option<&DynamicValue>, ty: &Type) -> Result<Value> {
    let Some(wire) = wire else { return Ok(Value::Null) };
    if !wire.msgpack.is_empty() {
        return from_msgpack(&wire.msgpack, ty);
    }
    if wire.json.is_empty() {
        return Ok(Value::Null);
    }
    let json = parse_json(&wire.json)?;
    from_json(&json, ty, UnknownFields::Reject).map_err(invalid_json)
}

/// Parses JSON of as many values as a message may have. `serde_json` limits the depth.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<serde_json::Value> {
    let mut left = MAX_VALUES;
    let mut in_text = false;
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' => drop(rest.next()),
            // Each value is the first, or follows one of these.
            b'[' | b'{' | b',' | b':' if !in_text => left = left.checked_sub(1).ok_or(EXCESS)?,
            _ => {}
        }
    }
    // The message of `serde_json` may contain the input.
    let position = |e: serde_json::Error| format!("broken at line {}, column {}", e.line(), e.column());
    serde_json::from_slice(bytes).map_err(|error| invalid_json(position(error)))
}

/// Writes a value, which must match the type exactly.
#[must_use]
pub fn encode(value: &Value, ty: &Type) -> DynamicValue {
    let mut msgpack = Vec::new();
    put(&mut msgpack, value, ty);
    DynamicValue {
        msgpack,
        json: Vec::new(),
    }
}

fn from_msgpack(bytes: &[u8], ty: &Type) -> Result<Value> {
    let mut decoder = Decoder {
        rest: bytes,
        left: MAX_VALUES,
    };
    let value = decoder.value(ty, MAX_DEPTH)?;
    if decoder.rest.is_empty() {
        Ok(value)
    } else {
        Err(LONG)
    }
}

struct Decoder<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Decoder<'a> {
    fn value(&mut self, ty: &Type, deeper: usize) -> Result<Value> {
        let deeper = deeper.checked_sub(1).ok_or(EXCESS)?;
        self.left = self.left.checked_sub(1).ok_or(EXCESS)?;
        match self.peek()? {
            Marker::Null => {
                self.marker()?;
                return Ok(Value::Null);
            }
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => return self.unknown(),
            _ => {}
        }
        match ty {
            Type::Bool => match self.marker()? {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => Err(wrong("expected a bool")),
            },
            Type::String => Ok(Value::String(self.string()?.to_owned())),
            Type::Number => self.number(),
            Type::List(ty) => Ok(Value::List(self.elements(ty, deeper)?)),
            Type::Set(ty) => Ok(Value::Set(self.elements(ty, deeper)?)),
            Type::Tuple(types) => {
                if self.array()? as usize != types.len() {
                    return Err(wrong("expected a tuple of its length"));
                }
                Ok(Value::Tuple(
                    types
                        .iter()
                        .map(|ty| self.value(ty, deeper))
                        .collect::<Result<_>>()?,
                ))
            }
            Type::Map(ty) => {
                let mut entries = BTreeMap::new();
                for _ in 0..self.map()? {
                    let key = self.string()?.to_owned();
                    if entries.insert(key, self.value(ty, deeper)?).is_some() {
                        return Err(KEYS);
                    }
                }
                Ok(Value::Map(entries))
            }
            Type::Object(types) => {
                let mut attributes = BTreeMap::new();
                for _ in 0..self.map()? {
                    let key = self.string()?.to_owned();
                    let ty = types.get(&key).ok_or(KEYS)?;
                    if attributes.insert(key, self.value(ty, deeper)?).is_some() {
                        return Err(KEYS);
                    }
                }
                if attributes.len() == types.len() {
                    Ok(Value::Object(attributes))
                } else {
                    Err(KEYS)
                }
            }
            Type::Dynamic => {
                const EXPECTED: CodecError = wrong("expected a type and its value");
                if self.array()? != 2 {
                    return Err(EXPECTED);
                }
                let ty = self.bytes()?;
                let ty = serde_json::from_slice(ty).map_err(|_| EXPECTED)?;
                let ty = Type::from_json(&ty).map_err(|_| EXPECTED)?;
                let value = self.value(&ty, deeper)?;
                Ok(Value::Dynamic(ty, Box::new(value)))
            }
        }
    }

    fn elements(&mut self, ty: &Type, deeper: usize) -> Result<Vec<Value>> {
        // Reserves no memory for the length, which the sender can choose.
        let mut elements = Vec::new();
        for _ in 0..self.array()? {
            elements.push(self.value(ty, deeper)?);
        }
        Ok(elements)
    }

    fn number(&mut self) -> Result<Value> {
        const EXPECTED: CodecError = wrong("expected a number");
        let number = match self.peek()? {
            Marker::FixPos(_) | Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => {
                let n: u64 = rmp::decode::read_int(&mut self.rest).map_err(|_| SHORT)?;
                Number::from(n)
            }
            Marker::FixNeg(_) | Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => {
                let n: i64 = rmp::decode::read_int(&mut self.rest).map_err(|_| SHORT)?;
                Number::from(n)
            }
            Marker::F32 => {
                self.marker()?;
                let f = self.rest.read_data_f32().map_err(|_| SHORT)?;
                Number::from_f64(f.into()).ok_or(EXPECTED)?
            }
            Marker::F64 => {
                self.marker()?;
                let f = self.rest.read_data_f64().map_err(|_| SHORT)?;
                Number::from_f64(f).ok_or(EXPECTED)?
            }
            _ => Number::parse(self.string().map_err(|_| EXPECTED)?).map_err(|_| EXPECTED)?,
        };
        Ok(Value::Number(number))
    }

    fn unknown(&mut self) -> Result<Value> {
        let meta = rmp::decode::read_ext_meta(&mut self.rest).map_err(|_| SHORT)?;
        self.take(meta.size as usize)?;
        match meta.typeid {
            UNKNOWN | REFINED => Ok(Value::Unknown),
            _ => Err(wrong("expected a value or the mark of an unknown one")),
        }
    }

    fn peek(&self) -> Result<Marker> {
        self.rest.first().map(|byte| Marker::from_u8(*byte)).ok_or(SHORT)
    }

    fn marker(&mut self) -> Result<Marker> {
        let marker = self.peek()?;
        self.rest = &self.rest[1..];
        Ok(marker)
    }

    fn array(&mut self) -> Result<u32> {
        rmp::decode::read_array_len(&mut self.rest).map_err(|_| wrong("expected a sequence"))
    }

    fn map(&mut self) -> Result<u32> {
        rmp::decode::read_map_len(&mut self.rest).map_err(|_| wrong("expected keys with values"))
    }

    fn string(&mut self) -> Result<&'a str> {
        const EXPECTED: CodecError = wrong("expected a string");
        let length = rmp::decode::read_str_len(&mut self.rest).map_err(|_| EXPECTED)?;
        std::str::from_utf8(self.take(length as usize)?).map_err(|_| EXPECTED)
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = match self.peek()? {
            Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => rmp::decode::read_bin_len(&mut self.rest).ok(),
            _ => rmp::decode::read_str_len(&mut self.rest).ok(),
        };
        self.take(length.ok_or(wrong("expected bytes"))? as usize)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }
}

// Ignores the results of rmp: writing to a `Vec` does not fail, and a message cannot contain lengths of more than 32
// bits.
fn put(out: &mut Vec<u8>, value: &Value, ty: &Type) {
    match value {
        Value::Null => drop(write::write_nil(out)),
        Value::Unknown => {
            drop(write::write_ext_meta(out, 1, UNKNOWN));
            out.push(0);
        }
        Value::Bool(b) => drop(write::write_bool(out, *b)),
        Value::String(s) => drop(write::write_str(out, s)),
        Value::Number(n) => match n.form() {
            NumberForm::Integer(i) => drop(write::write_sint(out, *i)),
            NumberForm::Float(f) => drop(write::write_f64(out, *f)),
            NumberForm::Decimal(d) => drop(write::write_str(out, d)),
        },
        Value::List(elements) | Value::Set(elements) => {
            let element = match ty {
                Type::List(ty) | Type::Set(ty) => ty,
                _ => &Type::Dynamic,
            };
            drop(write::write_array_len(out, length(elements.len())));
            for v in elements {
                put(out, v, element);
            }
        }
        Value::Tuple(elements) => {
            let types = if let Type::Tuple(types) = ty {
                types.as_slice()
            } else {
                &[]
            };
            drop(write::write_array_len(out, length(elements.len())));
            for (i, v) in elements.iter().enumerate() {
                put(out, v, types.get(i).unwrap_or(&Type::Dynamic));
            }
        }
        Value::Map(entries) | Value::Object(entries) => {
            drop(write::write_map_len(out, length(entries.len())));
            for (key, v) in entries {
                let ty = match ty {
                    Type::Map(ty) => ty,
                    Type::Object(types) => types.get(key).unwrap_or(&Type::Dynamic),
                    _ => &Type::Dynamic,
                };
                drop(write::write_str(out, key));
                put(out, v, ty);
            }
        }
        Value::Dynamic(ty, inner) => {
            drop(write::write_array_len(out, 2));
            drop(write::write_bin(out, ty.to_json().to_string().as_bytes()));
            put(out, inner, ty);
        }
    }
}

fn length(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
