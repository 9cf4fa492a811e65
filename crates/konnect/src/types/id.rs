//! IDs of objects.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::types::invalid::InvalidValue;

/// Defines the ID of a kind of object.
macro_rules! id {
    ($name:ident, $object:literal) => {
        #[doc = concat!("The ID of ", $object, ": a hyphenated UUID in its original case.")]
        ///
        /// Comparison ignores case. A UUID needs no escaping in a path.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name {
            text: String,
            uuid: Uuid,
        }

        impl $name {
            /// Parses an ID, as a user or the API wrote it.
            ///
            /// # Errors
            /// When the text is not a UUID in its hyphenated form. Braces, `urn:uuid:` and 32 bare digits are rejected.
            pub fn parse(text: &str) -> Result<Self, InvalidValue> {
                text.parse()
            }

            /// Returns the ID as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let uuid = Uuid::try_parse(text).ok();
                match uuid.filter(|_| text.len() == uuid::fmt::Hyphenated::LENGTH) {
                    Some(uuid) => Ok(Self {
                        text: text.to_owned(),
                        uuid,
                    }),
                    None => Err(InvalidValue::new(concat!(
                        "the id of ",
                        $object,
                        " is a UUID of 36 characters, such as `6945c4c4-3e06-4c5c-87e0-726d0cda4e05`"
                    ))),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.text
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.uuid == other.uuid
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.uuid.hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }
    };
}

id!(DestinationId, "a destination");
id!(PortalId, "a Dev Portal");

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
