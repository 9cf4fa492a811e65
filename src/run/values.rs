//! Values of a plan in an apply.

use terraform_plugin::{Attr, Diagnostic};

/// Returns a value that an apply requires.
///
/// # Errors
/// On the attribute: it is null after apply-time evaluation.
pub(crate) fn require<T>(value: Attr<T>, attribute: &'static str) -> Result<T, Diagnostic> {
    value.into_known().ok_or_else(|| {
        let detail = format!("\"{attribute}\" is null after apply-time evaluation. Set it to a value.");
        Diagnostic::error("Missing value", detail).at(attribute)
    })
}

/// The planned value, if it differs from the prior one.
pub(crate) fn changed_value<T: Clone + PartialEq>(prior: &Attr<T>, planned: &Attr<T>) -> Option<T> {
    if prior == planned {
        None
    } else {
        planned.known().cloned()
    }
}
