//! Single values of configurations and plans.

use std::fmt::Display;

use konnect::sentence;
use terraform_plugin::{Attr, Diagnostic};

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

/// The planned value, if it differs from the prior one.
pub(crate) fn changed_value<T: Clone + PartialEq>(prior: &Attr<T>, planned: &Attr<T>) -> Option<T> {
    if prior == planned {
        None
    } else {
        planned.known().cloned()
    }
}

/// The warning that the apply will fail with an error. A plan never fails, because `terraform destroy` plans first.
pub(crate) fn fails_at_apply(error: Diagnostic) -> Diagnostic {
    let mut warning = Diagnostic::warning(error.summary, format!("The apply will fail. {}", error.detail));
    warning.path = error.path;
    warning
}
