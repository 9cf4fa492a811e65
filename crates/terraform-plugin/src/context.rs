//! Errors of other crates as diagnostics.

use std::error::Error;

use crate::diagnostics::{Diagnostic, Diagnostics};

/// Turns any error into a diagnostic.
///
/// ```
/// use terraform_plugin::{Context, Diagnostics};
///
/// fn port(text: &str) -> Result<u16, Diagnostics> {
///     text.parse().context("Cannot read the port")
/// }
/// let error = port("http").unwrap_err();
/// assert_eq!(error.iter().next().unwrap().detail, "Invalid digit found in string.");
/// ```
pub trait Context<T> {
    /// Reports the error with this summary, a short line without a period: what failed. The detail is the error with its
    /// causes.
    ///
    /// # Errors
    /// The diagnostic.
    fn context(self, summary: impl Into<String>) -> Result<T, Diagnostics>;
}

impl<T, E: Error> Context<T> for Result<T, E> {
    fn context(self, summary: impl Into<String>) -> Result<T, Diagnostics> {
        self.map_err(|error| Diagnostic::error(summary, sentence(&error)).into())
    }
}

/// An error and its causes as one sentence. Many errors repeat their cause, which is then left out.
fn sentence(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    let mut letters = text.chars();
    let mut sentence: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(letters.as_str());
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot connect")]
    struct Connect(#[source] std::io::Error);

    #[test]
    fn context_error_with_cause_is_one_sentence() {
        let refused = std::io::Error::other("connection refused");
        let failed: Result<(), _> = Err(Connect(refused));
        let errors = failed.context("Cannot read thing").unwrap_err();
        let error = errors.iter().next().unwrap();
        assert_eq!(error.summary, "Cannot read thing");
        assert_eq!(error.detail, "Cannot connect: connection refused.");
    }
}
