//! Parses the pages and filters of a query.

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
