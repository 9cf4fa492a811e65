//! The IDs that the API accepts.

use uuid::Uuid;

/// An ID in the form of the state, or `None` for a text that is not a hyphenated UUID.
pub(crate) fn parse_uuid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36)?;
    Some(id.to_string())
}
