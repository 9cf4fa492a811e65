//! Queries: invalid parameters, and cursors, which remain correct when items before them are deleted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::problem::{InvalidParameter, Problem};

#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<InvalidParameter>);

impl Faults {
    /// Records an invalid parameter, once.
    pub(crate) fn add(&mut self, parameter: InvalidParameter) {
        if !self.0.contains(&parameter) {
            self.0.push(parameter);
        }
    }

    /// Records a parameter that violates `rule`.
    pub(crate) fn reject(&mut self, key: &str, rule: &'static str, reason: &str) {
        self.add(InvalidParameter::query(key, rule, reason));
    }

    /// Returns what was read. 400 if a parameter was invalid.
    pub(crate) fn finish<T>(self, read: T) -> Result<T, Problem> {
        if self.0.is_empty() {
            Ok(read)
        } else {
            Err(Problem::bad_request("Invalid query parameters", self.0))
        }
    }
}

/// The cursor of a position in a list.
pub(crate) fn cursor(sequence: u64) -> String {
    STANDARD.encode(json!({ "sequence": sequence }).to_string())
}

/// The position of a cursor, or `None` for an invalid one.
pub(crate) fn read_cursor(text: &str) -> Option<u64> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    document.get("sequence")?.as_u64()
}
