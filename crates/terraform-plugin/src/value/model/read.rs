//! The serde deserializer over a [`Value`].

use serde::de::value::{StrDeserializer, U32Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::value::model::ModelError;
use crate::value::number::NumberForm;
use crate::value::path::Step;
use crate::value::{Value, attr};

/// Reads one value.
pub(crate) struct Reader(pub(crate) Value);

impl<'de> Deserializer<'de> for Reader {
    type Error = ModelError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Unknown => Err(unknown()),
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Number(n) => match n.form() {
                NumberForm::Integer(i) => visitor.visit_i64(i),
                NumberForm::Float(_) | NumberForm::Decimal(_) => visitor.visit_f64(n.to_f64()),
            },
            Value::String(s) => visitor.visit_string(s),
            Value::List(_) | Value::Set(_) | Value::Tuple(_) => self.deserialize_seq(visitor),
            Value::Map(_) | Value::Object(_) => self.deserialize_map(visitor),
            Value::Dynamic(_, inner) => Self(*inner).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ModelError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ModelError> {
        if name == attr::NAME {
            return visitor.visit_enum(AttrAccess(self.0));
        }
        match self.0 {
            Value::String(s) => visitor.visit_enum(s.into_deserializer()),
            other => Self(other).deserialize_any(visitor),
        }
    }

    // The types of most fields. Calling only the visitor's method for the type leaves the code for the others out of the
    // program.

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        match self.0 {
            Value::Bool(b) => visitor.visit_bool(b),
            Value::Dynamic(_, inner) => Self(*inner).deserialize_bool(visitor),
            other => Err(mismatch(&other, &visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        match self.0 {
            Value::String(s) => visitor.visit_string(s),
            Value::Dynamic(_, inner) => Self(*inner).deserialize_string(visitor),
            other => Err(mismatch(&other, &visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        self.deserialize_string(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        match self.0 {
            Value::List(elements) | Value::Set(elements) | Value::Tuple(elements) => {
                visitor.visit_seq(Elements {
                    rest: elements.into_iter(),
                    index: 0,
                })
            }
            Value::Dynamic(_, inner) => Self(*inner).deserialize_seq(visitor),
            other => Err(mismatch(&other, &visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ModelError> {
        match entries(self.0) {
            Ok(entries) => visitor.visit_map(entries),
            Err(Value::Dynamic(_, inner)) => Self(*inner).deserialize_map(visitor),
            Err(other) => Err(mismatch(&other, &visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ModelError> {
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit
        unit_struct tuple tuple_struct identifier ignored_any
    }
}

fn entries(value: Value) -> Result<Entries, Value> {
    match value {
        Value::Map(entries) => Ok(Entries::new(entries, |k| Step::Key(k.to_owned()))),
        Value::Object(attributes) => Ok(Entries::new(attributes, |k| Step::Attribute(k.to_owned().into()))),
        other => Err(other),
    }
}

fn mismatch(value: &Value, expected: &dyn Expected) -> ModelError {
    if value.is_unknown() {
        unknown()
    } else {
        ModelError::invalid_type(Unexpected::Other("another type"), expected)
    }
}

fn unknown() -> ModelError {
    ModelError::custom("the value is unknown")
}

struct Elements {
    rest: std::vec::IntoIter<Value>,
    index: i64,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = ModelError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ModelError> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Reader(value))
            .map(Some)
            .map_err(|e| e.inside(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries {
    rest: std::collections::btree_map::IntoIter<String, Value>,
    value: Option<(String, Value)>,
    step: fn(&str) -> Step,
}

impl Entries {
    fn new(entries: std::collections::BTreeMap<String, Value>, step: fn(&str) -> Step) -> Self {
        Self {
            rest: entries.into_iter(),
            value: None,
            step,
        }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = ModelError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ModelError> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(StrDeserializer::new(&key));
        self.value = Some((key, value));
        read.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ModelError> {
        let Some((key, value)) = self.value.take() else {
            return Err(ModelError::custom("a value was requested before its key"));
        };
        seed.deserialize(Reader(value))
            .map_err(|e| e.inside((self.step)(&key)))
    }
}

/// Presents a value as one of the three variants of [`attr::Attr`].
struct AttrAccess(Value);

impl<'de> EnumAccess<'de> for AttrAccess {
    type Error = ModelError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ModelError> {
        let index = match &self.0 {
            Value::Null => 0_u32,
            value if value.is_unknown() => 1,
            _ => 2,
        };
        Ok((seed.deserialize(U32Deserializer::<ModelError>::new(index))?, self))
    }
}

impl<'de> VariantAccess<'de> for AttrAccess {
    type Error = ModelError;

    fn unit_variant(self) -> Result<(), ModelError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ModelError> {
        seed.deserialize(Reader(self.0))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ModelError> {
        Reader(self.0).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ModelError> {
        Reader(self.0).deserialize_any(visitor)
    }
}
