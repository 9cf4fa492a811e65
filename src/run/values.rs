//! Single values of configurations and plans.

use std::fmt::Display;

use konnect::{LogFormat, sentence};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, foreign_text};

use crate::run::time;

/// Parses an argument that is text, because it usually comes from another object, which can be mocked.
///
/// # Errors
/// On the attribute: the text is invalid.
pub(crate) fn argument<T, E: Display>(
    text: &str,
    attribute: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Diagnostic> {
    parse(text)
        .map_err(|error| Diagnostic::error(format!("Invalid {attribute}"), sentence(&error)).at(attribute))
}

/// A time of Konnect for the state. Konnect can repeat the credential in place of one.
pub(crate) fn time_of(found: Option<String>) -> Attr<String> {
    let found = found.map(|at| {
        if time::is_valid(&at) {
            at
        } else {
            foreign_text(&at)
        }
    });
    found.into()
}

/// A format of Konnect for the state.
pub(crate) fn format_of(found: &LogFormat) -> Attr<String> {
    match found {
        LogFormat::Other(name) => foreign_text(name).into(),
        known => known.as_str().into(),
    }
}

/// The planned value, if it differs from the prior one.
pub(crate) fn changed_value<T: Clone + PartialEq>(prior: &Attr<T>, planned: &Attr<T>) -> Option<T> {
    if prior == planned {
        None
    } else {
        planned.known().cloned()
    }
}

const FAILS: &str = "The apply will fail.";

/// The warning that the apply will fail with an error. A plan never fails, because `terraform destroy` plans first.
pub(crate) fn fails_at_apply(error: Diagnostic) -> Diagnostic {
    let mut warning = Diagnostic::warning(error.summary, format!("{FAILS} {}", error.detail));
    warning.path = error.path;
    warning
}

/// Whether one of these is a warning that the apply will fail.
pub(crate) fn will_fail(diagnostics: &Diagnostics) -> bool {
    diagnostics.iter().any(|found| found.detail.starts_with(FAILS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_konnect_contain_no_secret() {
        terraform_plugin::remember_secret("Splunk f0rmat-s3cret");
        let (echo, cleaned) = ("f0rmat-s3cret\u{1b}", Attr::Known("[redacted]".to_owned()));
        assert_eq!(time_of(Some(echo.to_owned())), cleaned);
        assert_eq!(format_of(&LogFormat::Other(echo.to_owned())), cleaned);
        let time = "2026-01-02T03:04:05Z";
        assert_eq!(time_of(Some(time.to_owned())), Attr::Known(time.to_owned()));
        assert_eq!(format_of(&LogFormat::Cps), Attr::Known("cps".to_owned()));
    }
}
