//! Regions.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::types::invalid::InvalidValue;

/// A geographical region of Konnect, such as `eu`: a validated DNS label.
///
/// The region becomes part of the host that receives the access token, so only a DNS label is accepted. Unknown regions
/// are accepted, because Kong adds regions; [`Region::is_known`] distinguishes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(Cow<'static, str>);

impl Region {
    /// The regions that Kong has published, and `global`, which serves the objects of an organization (API descriptions,
    /// `servers`, and Kong's how-to for audit log webhooks).
    pub const KNOWN: [&'static str; 7] = ["us", "eu", "au", "me", "in", "sg", "global"];

    /// Parses a region, as a user wrote it.
    ///
    /// # Errors
    /// When the text is not a lower-case DNS label of 1 to 63 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text.parse()
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

impl FromStr for Region {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let reason = if text.is_empty() {
            "a region must not be empty: use one such as `us` or `eu`".to_owned()
        } else if let Some(character) = text.chars().find(|c| !allowed(*c)) {
            format!(
                "a region consists of the letters a to z, digits and hyphens, and cannot contain {character:?}"
            )
        } else if text.len() > 63 {
            format!(
                "a region has at most 63 characters, and this one has {}",
                text.len()
            )
        } else if text.starts_with('-') || text.ends_with('-') {
            "a region must not begin or end with a hyphen".to_owned()
        } else if text.chars().any(|c| c.is_ascii_uppercase()) {
            format!(
                "a region is written in lower case: use `{}`",
                text.to_ascii_lowercase()
            )
        } else {
            return Ok(Self(Cow::Owned(text.to_owned())));
        };
        Err(InvalidValue::new(reason))
    }
}

/// Reads a region that the API returned, in any case.
impl TryFrom<String> for Region {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.to_ascii_lowercase().parse()
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
    fn parse_other_than_dns_label_is_rejected_with_its_reason() {
        for (text, reason) in [
            ("", "must not be empty"),
            ("-eu", "hyphen"),
            ("eu-", "hyphen"),
            (&"a".repeat(64), "this one has 64"),
            ("EU", "use `eu`"),
            ("evil.example/", "'.'"),
            ("eu/../x", "'/'"),
            ("eu@x", "'@'"),
            ("eu:1", "':'"),
            ("eu\n", "'\\n'"),
            (" eu", "' '"),
            ("eü", "'ü'"),
            ("eu#", "'#'"),
            ("e_u", "'_'"),
        ] {
            let error = Region::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        assert!(Region::parse(&"a".repeat(63)).is_ok());
    }
}
