//! Cursors, which remain correct when items before them are deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The cursor of a position in a list.
pub(crate) fn cursor(sequence: u64) -> String {
    STANDARD.encode(json!({ "sequence": sequence }).to_string())
}

/// The position of a cursor, or `None` for an invalid one.
pub(crate) fn read_cursor(text: &str) -> Option<u64> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    document.get("sequence")?.as_u64()
}
