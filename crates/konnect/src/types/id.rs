//! IDs of objects.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The ID of an audit log destination.
pub type DestinationId = Id<kind::Destination>;

/// The ID of a Dev Portal.
pub type PortalId = Id<kind::Portal>;

/// The kinds of objects that have an [`Id`].
pub mod kind {
    /// Audit log destinations.
    #[derive(Debug)]
    pub enum Destination {}
    /// Dev Portals.
    #[derive(Debug)]
    pub enum Portal {}
}

/// A kind of object that has an [`Id`]. Only the types in [`kind`] implement it.
pub trait IdKind: sealed::Sealed {
    /// The kind with its article, as in the message of an error.
    const NAME: &'static str;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::kind::Destination {}
    impl Sealed for super::kind::Portal {}
}

impl IdKind for kind::Destination {
    const NAME: &'static str = "a destination";
}

impl IdKind for kind::Portal {
    const NAME: &'static str = "a Dev Portal";
}

/// The ID of an object: a hyphenated UUID in its original case.
///
/// Comparison ignores case. A UUID needs no escaping in a path. IDs of different kinds are different types.
pub struct Id<K> {
    text: String,
    uuid: Uuid,
    kind: PhantomData<fn() -> K>,
}

/// The error for a text that is not a hyphenated UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the id of {kind} is a UUID of 36 characters, such as `6945c4c4-3e06-4c5c-87e0-726d0cda4e05`")]
pub struct InvalidId {
    kind: &'static str,
}

impl<K: IdKind> Id<K> {
    /// Parses an ID, as a user or the API wrote it.
    ///
    /// # Errors
    /// When the text is not a UUID in its hyphenated form. Braces, `urn:uuid:` and 32 bare digits are rejected.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let invalid = InvalidId { kind: K::NAME };
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(invalid);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| invalid)?;
        Ok(Self {
            text: text.to_owned(),
            uuid,
            kind: PhantomData,
        })
    }
}

impl<K> Id<K> {
    /// Returns the ID as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            uuid: self.uuid,
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Id").field(&self.text).finish()
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<K> Eq for Id<K> {}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6945c4c4-3e06-4c5c-87e0-726d0cda4e05";

    #[test]
    fn parse_upper_case_is_kept_and_equal() {
        let upper = DestinationId::parse(&ID.to_uppercase()).unwrap();
        assert_eq!(upper.to_string(), ID.to_uppercase());
        assert_eq!(upper, DestinationId::parse(ID).unwrap());
    }

    #[test]
    fn parse_other_forms_are_rejected() {
        for text in [
            "",
            "6945c4c43e064c5c87e0726d0cda4e05",
            "{6945c4c4-3e06-4c5c-87e0-726d0cda4e05}",
            "urn:uuid:6945c4c4-3e06-4c5c-87e0-726d0cda4e05",
            "../../../../../../../../../../../../",
            "6945c4c4-3e06-4c5c-87e0-726d0cda4e0/",
            " 945c4c4-3e06-4c5c-87e0-726d0cda4e05",
        ] {
            let error = DestinationId::parse(text).unwrap_err();
            assert!(error.to_string().contains("a destination"), "{text:?}");
            assert!(PortalId::parse(text).unwrap_err().to_string().contains("Portal"));
        }
    }
}
