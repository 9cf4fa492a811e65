//! The value of an attribute in a model: null, unknown or known.

use std::ops::Deref;

use crate::diagnostics::Diagnostic;
use crate::value::path::Path;

/// The value of an attribute: null, unknown or known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Attr<T> {
    /// Not set.
    #[default]
    Null,
    /// A value that a later step of the run determines.
    Unknown,
    /// Set to this value.
    Known(T),
}

impl<T> Attr<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Converts to the value, if it is known.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Whether it is not set.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether a later step of the run determines the value.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is set to a value that is known now.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Converts a known value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Attr<U> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(convert(value)),
        }
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> Attr<&T> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(value),
        }
    }

    /// Borrows the value as what it dereferences to, for instance an `Attr<String>` as an `Attr<&str>`.
    pub fn as_deref(&self) -> Attr<&T::Target>
    where
        T: Deref,
    {
        self.as_ref().map(T::deref)
    }

    /// The value of the attribute at this path, which must be known here.
    ///
    /// # Errors
    /// A diagnostic on the attribute if it is null or unknown.
    pub fn require(&self, path: impl Into<Path>) -> Result<&T, Diagnostic> {
        let path = path.into();
        let (summary, detail) = match self {
            Self::Known(value) => return Ok(value),
            Self::Null => (
                "Missing value",
                format!("\"{path}\" has no value, and the provider needs one."),
            ),
            Self::Unknown => (
                "Value is not known yet",
                format!(
                    "The provider needs \"{path}\" now, and its value is known only after apply. Set it to a value that \
                     does not depend on other resources, or apply those first with -target."
                ),
            ),
        };
        Err(Diagnostic::error(summary, detail).at(path))
    }
}

impl<T> From<T> for Attr<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

/// `None` is null.
impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl From<&str> for Attr<String> {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn require_known_returns_value_and_others_report_attribute() {
        assert_eq!(Attr::Known(1).require("a").ok(), Some(&1));
        for (value, summary) in [
            (Attr::<i64>::Null, "Missing value"),
            (Attr::Unknown, "Value is not known yet"),
        ] {
            let error = value.require("a.b").unwrap_err();
            assert_eq!(error.summary, summary);
            assert_eq!(error.path, Some(Path::from("a").attribute("b")));
        }
    }

    #[test]
    fn as_deref_and_map_keep_null_and_unknown() {
        let text: Attr<String> = "ab".into();
        assert_eq!(text.as_deref().map(str::len), Attr::Known(2));
        assert_eq!(Attr::<String>::Unknown.as_deref(), Attr::Unknown);
        assert_eq!(Attr::<String>::from(None), Attr::Null);
    }
}
