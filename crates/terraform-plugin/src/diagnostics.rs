//! Errors and warnings for the user, with the attribute that they concern.

use crate::value::path::Path;

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The operation fails.
    Error,
    /// The operation continues.
    Warning,
}

/// A message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// What happened, in one short line without a period.
    pub summary: String,
    /// The reason and the remedy, in sentences.
    pub detail: String,
    /// The attribute that it concerns, or `None` for the whole block.
    pub path: Option<Path>,
    /// Whether every plan shows this warning, see [`Self::in_every_plan`].
    pub in_every_plan: bool,
}

impl Diagnostic {
    /// An error that concerns the whole block.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            path: None,
            in_every_plan: false,
        }
    }

    /// A warning that concerns the whole block.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(summary, detail)
        }
    }

    /// Sets the attribute that the message concerns.
    #[must_use]
    pub fn at(self, path: impl Into<Path>) -> Self {
        Self {
            path: Some(path.into()),
            ..self
        }
    }

    /// Shows this warning in every plan that may be the only one of a change. A host plans again during apply, without
    /// warnings. Before Terraform 1.16, the only plan of an update with `-refresh=false` looks like that.
    #[must_use]
    pub fn in_every_plan(self) -> Self {
        Self {
            in_every_plan: true,
            ..self
        }
    }
}

/// The messages of one call in the order of their occurrence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No messages.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds the messages of another call.
    pub fn append(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Whether a message is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there are no messages.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces all texts.
    pub(crate) fn rewrite(&mut self, text: impl Fn(&str) -> String) {
        for diagnostic in &mut self.0 {
            diagnostic.summary = text(&diagnostic.summary);
            diagnostic.detail = text(&diagnostic.detail);
        }
    }

    /// The messages in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.0.extend(diagnostics);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self(diagnostics.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
