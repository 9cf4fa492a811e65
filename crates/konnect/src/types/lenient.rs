//! Helpers that parse the responses of the API leniently.
//!
//! Unknown fields are ignored, `null` counts as absent, and enumerations keep values that Kong adds. Fields without
//! which a response is useless are required, so that a response of another kind (`{"message": "ok"}`) does not count as
//! an empty one of the expected kind. Times are text: `updated_at` is documented to begin as `0001-01-01T00:00:0Z`,
//! which is not a valid time.

use serde::{Deserialize, Deserializer};

use redact::single_line;

use crate::types::text::truncate;

/// Parses a value, or the default for `null`.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Parses a text for people: on one line, without invisible characters, at most about 1,000 characters long. `None` if
/// the result is empty.
pub(crate) fn foreign_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| shown(&text)).filter(|text| !text.is_empty()))
}

/// A name of an enumeration, which a message can show: this version of the client may not know it.
pub(crate) fn shown(text: &str) -> String {
    truncate(&single_line(text))
}

/// Parses a time, or `None` for a time that was never set: year 1 in any form and time zone.
pub(crate) fn set_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = foreign_text(deserializer)?;
    Ok(text.filter(|text| {
        !["0001-01-01", "0000-12-31"]
            .iter()
            .any(|never| text.starts_with(never))
    }))
}
