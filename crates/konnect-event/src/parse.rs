//! The parser for all formats.

use crate::model::{Event, MAX_LINE_BYTES, ParseError};
use crate::{cef, json};

/// Reads an event in any of the formats. A line break at the end is ignored.
///
/// A CEF value may contain spaces and unescaped punctuation. It ends before ` key=` with a key that the line does not
/// have yet, so a user agent cannot overwrite earlier fields. The field `sig` is recognized only as the last one.
///
/// # Errors
/// When the line is empty, too long, or not an event in any format.
pub fn parse(line: &str) -> Result<Event, ParseError> {
    let line = without_line_break(line);
    if line.len() > MAX_LINE_BYTES {
        return Err(ParseError::TooLong(line.len()));
    }
    let text = line.trim();
    if text.is_empty() {
        Err(ParseError::Empty)
    } else if text.starts_with('{') {
        json::parse(line)
    } else {
        cef::parse(line)
    }
}

/// The line without the line break at its end, if it has one.
pub(super) fn without_line_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}
