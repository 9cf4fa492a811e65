//! The value of an attribute in a model: null, unknown or known.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, EnumAccess, VariantAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// The name by which the serde implementations of [`super::model`] recognize an [`Attr`].
pub(crate) const NAME: &str = "$terraform::Attr";
/// The variants of [`Attr`] in the order of their indices.
pub(crate) const VARIANTS: &[&str] = &["Null", "Unknown", "Known"];

/// The value of an attribute that can be null or unknown. A field of a model can have the type `T` itself if the value
/// is always known, and `Option<T>` if it is never unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Attr<T> {
    /// Not set.
    #[default]
    Null,
    /// A value that a later step of the run determines.
    Unknown,
    /// Set to this value.
    Known(T),
}

impl<T> Attr<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Converts to the value, if it is known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Whether it is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether a later step of the run determines the value.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

/// `None` is null.
impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl<T: Serialize> Serialize for Attr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit_variant(NAME, 0, VARIANTS[0]),
            Self::Unknown => serializer.serialize_unit_variant(NAME, 1, VARIANTS[1]),
            Self::Known(value) => serializer.serialize_newtype_variant(NAME, 2, VARIANTS[2], value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Attr<T> {
    #[inline(never)] // else its code is in each field of each model
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum(NAME, VARIANTS, AttrVisitor(PhantomData))
    }
}

struct AttrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AttrVisitor<T> {
    type Value = Attr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that may be null or unknown")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Attr<T>, A::Error> {
        let (index, content): (u32, _) = access.variant()?;
        match index {
            0 => content.unit_variant().map(|()| Attr::Null),
            1 => content.unit_variant().map(|()| Attr::Unknown),
            _ => content.newtype_variant().map(Attr::Known),
        }
    }
}
