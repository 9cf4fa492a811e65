//! Regions.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A geographical region of Konnect, such as `eu`: a validated DNS label.
///
/// The region becomes part of the host that receives the access token, so only a DNS label is accepted. Unknown regions
/// are accepted, because Kong adds regions; [`Region::is_known`] distinguishes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(Cow<'static, str>);

/// The reason why a text is not a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRegion {
    /// The text is empty.
    #[error("a region must not be empty: use one such as `us` or `eu`")]
    Empty,
    /// It is longer than a DNS label may be.
    #[error("a region has at most 63 characters, and this one has {0}")]
    TooLong(usize),
    /// It contains upper-case letters. The value is the lower-case form.
    #[error("a region is written in lower case: use `{0}`")]
    UpperCase(String),
    /// It begins or ends with a hyphen.
    #[error("a region must not begin or end with a hyphen")]
    OuterHyphen,
    /// It contains a character that a DNS label cannot contain.
    #[error("a region consists of the letters a to z, digits and hyphens, and cannot contain {0:?}")]
    Character(char),
}

impl Region {
    /// The regions that Kong has published, and `global`, which serves the objects of an organization (API descriptions,
    /// `servers`, and Kong's how-to for audit log webhooks).
    pub const KNOWN: [&'static str; 7] = ["us", "eu", "au", "me", "in", "sg", "global"];

    /// Parses a region, as a user wrote it.
    ///
    /// # Errors
    /// When the text is not a lower-case DNS label of 1 to 63 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        if text.is_empty() {
            return Err(InvalidRegion::Empty);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if let Some(character) = text.chars().find(|c| !allowed(*c)) {
            return Err(InvalidRegion::Character(character));
        }
        if text.len() > 63 {
            return Err(InvalidRegion::TooLong(text.len()));
        }
        if text.starts_with('-') || text.ends_with('-') {
            return Err(InvalidRegion::OuterHyphen);
        }
        if text.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(InvalidRegion::UpperCase(text.to_ascii_lowercase()));
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// Returns `global`, which serves the objects of an organization.
    #[must_use]
    pub const fn global() -> Self {
        Self(Cow::Borrowed("global"))
    }

    /// Returns the name, as it appears in a host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the region is in [`Region::KNOWN`]. An unknown region may be new, or misspelled.
    #[must_use]
    pub fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.as_str())
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        Self::parse(&text)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0.into_owned()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_unknown_region_is_accepted() {
        for name in Region::KNOWN {
            assert!(Region::parse(name).unwrap().is_known(), "{name}");
        }
        assert!(!Region::parse("br-2").unwrap().is_known());
        assert!(Region::global().is_known());
        assert_eq!(Region::global(), Region::parse("global").unwrap());
    }

    #[test]
    fn parse_upper_case_suggests_lower_case() {
        let refusal = Region::parse("EU").unwrap_err();
        assert_eq!(refusal, InvalidRegion::UpperCase("eu".into()));
        assert!(refusal.to_string().contains("`eu`"));
    }

    #[test]
    fn parse_other_than_dns_label_is_rejected() {
        assert_eq!(Region::parse(""), Err(InvalidRegion::Empty));
        assert_eq!(Region::parse("-eu"), Err(InvalidRegion::OuterHyphen));
        assert_eq!(Region::parse("eu-"), Err(InvalidRegion::OuterHyphen));
        assert_eq!(Region::parse(&"a".repeat(64)), Err(InvalidRegion::TooLong(64)));
        assert!(Region::parse(&"a".repeat(63)).is_ok());
        for (text, character) in [
            ("evil.example/", '.'),
            ("eu/../x", '/'),
            ("eu@x", '@'),
            ("eu:1", ':'),
            ("eu\n", '\n'),
            (" eu", ' '),
            ("eü", 'ü'),
            ("eu#", '#'),
            ("e_u", '_'),
        ] {
            assert_eq!(
                Region::parse(text),
                Err(InvalidRegion::Character(character)),
                "{text:?}"
            );
        }
    }
}
