//! The error for a value that a user wrote.

use std::borrow::Cow;

/// The reason why a value is not valid, as a sentence that says what to write. It never contains a secret.
///
/// By Rust's convention, it begins in lower case and has no full stop: [`sentence`](crate::sentence) adds them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidValue(Cow<'static, str>);

impl InvalidValue {
    pub(crate) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}
