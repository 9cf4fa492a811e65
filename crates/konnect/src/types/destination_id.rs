//! The id of an audit log destination.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The id of an audit log destination: a hyphenated UUID, kept as it was written.
///
/// Ids are equal when they are the same UUID, in whichever case they were written. Being a UUID, an
/// id can stand in a path as it is.
#[derive(Debug, Clone)]
pub struct DestinationId {
    text: String,
    uuid: Uuid,
}

/// A text that is no hyphenated UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the id of a destination is a UUID of 36 characters, such as `6945c4c4-3e06-4c5c-87e0-726d0cda4e05`")]
pub struct InvalidDestinationId;

impl DestinationId {
    /// Takes an id as a user or the API wrote it.
    ///
    /// # Errors
    /// When it is no UUID in its hyphenated form (braces, `urn:uuid:` and 32 bare digits are refused).
    pub fn parse(text: &str) -> Result<Self, InvalidDestinationId> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(InvalidDestinationId);
        }
        let uuid = Uuid::try_parse(text).map_err(|_| InvalidDestinationId)?;
        Ok(Self {
            text: text.to_owned(),
            uuid,
        })
    }

    /// The id as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for DestinationId {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl Eq for DestinationId {}

impl Hash for DestinationId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for DestinationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for DestinationId {
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
    fn the_text_is_kept_and_compared_as_a_uuid() {
        let upper = DestinationId::parse(&ID.to_uppercase()).unwrap();
        assert_eq!(upper.to_string(), ID.to_uppercase());
        assert_eq!(upper, DestinationId::parse(ID).unwrap());
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "6945c4c43e064c5c87e0726d0cda4e05",
            "{6945c4c4-3e06-4c5c-87e0-726d0cda4e05}",
            "urn:uuid:6945c4c4-3e06-4c5c-87e0-726d0cda4e05",
            "../../../../../../../../../../../../",
            "6945c4c4-3e06-4c5c-87e0-726d0cda4e0/",
            " 945c4c4-3e06-4c5c-87e0-726d0cda4e05",
        ] {
            assert_eq!(DestinationId::parse(text), Err(InvalidDestinationId), "{text:?}");
        }
    }
}
