//! Ids as the API takes them.

use uuid::Uuid;

/// An id in the form that the state keeps, or `None` for a text that is not a UUID. Only the hyphenated form counts.
pub(crate) fn parse_uuid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.to_string())
}
