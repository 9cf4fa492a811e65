//! The name of a Konnect region.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A geographical region of Konnect, such as `eu`: a validated DNS label.
///
/// The region becomes a part of the host that the access token is sent to, so nothing but a DNS label
/// is ever let through. Regions this crate has not heard of are accepted, since Kong adds regions over
/// time; [`Region::is_known`] tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(Cow<'static, str>);

/// Why a text is not the name of a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRegion {
    /// Nothing was given.
    #[error("a region must not be empty: give one such as `us` or `eu`")]
    Empty,
    /// Longer than a DNS label may be.
    #[error("a region has at most 63 characters, this one has {0}")]
    TooLong(usize),
    /// Correct but for upper-case letters; holds the lower-case form.
    #[error("a region is written in lower case: use `{0}`")]
    UpperCase(String),
    /// A hyphen at the beginning or the end.
    #[error("a region must not begin or end with a hyphen")]
    OuterHyphen,
    /// A character that a DNS label can't hold.
    #[error("a region consists of the letters a to z, digits and hyphens, and can't contain {0:?}")]
    Character(char),
}

impl Region {
    /// The regions Kong has published, with `global`, where an organisation's own objects live
    /// (API descriptions, `servers`, and Kong's how-to for audit log webhooks).
    pub const KNOWN: [&'static str; 7] = ["us", "eu", "au", "me", "in", "sg", "global"];

    /// Takes a region's name as the user wrote it.
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

    /// `global`, the host of what belongs to an organisation rather than to a geography.
    #[must_use]
    pub const fn global() -> Self {
        Self(Cow::Borrowed("global"))
    }

    /// The name, as it stands in a host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the region is in [`Region::KNOWN`]; an unknown one may be new, or a typing mistake.
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
    fn published_regions_are_known_and_others_are_still_accepted() {
        for name in Region::KNOWN {
            assert!(Region::parse(name).unwrap().is_known(), "{name}");
        }
        assert!(!Region::parse("br-2").unwrap().is_known());
        assert!(Region::global().is_known());
        assert_eq!(Region::global(), Region::parse("global").unwrap());
    }

    #[test]
    fn upper_case_is_refused_with_the_lower_case_form() {
        let refusal = Region::parse("EU").unwrap_err();
        assert_eq!(refusal, InvalidRegion::UpperCase("eu".into()));
        assert!(refusal.to_string().contains("`eu`"));
    }

    #[test]
    fn nothing_but_a_dns_label_gets_through() {
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
