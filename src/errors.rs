//! Errors of the API as diagnostics on the attributes that they are about.

use konnect::{Error, ErrorKind};
use terraform_plugin::{Diagnostic, Diagnostics};

/// A failed call in the user's terms. Parameters that the API names go to the attributes of the
/// same name, if the block has them; the rest is about the block as a whole.
pub(crate) fn diagnose(error: &Error, attributes: &'static [&'static str]) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    for parameter in error.invalid_parameters() {
        // A field may come as a path into the body, `body.endpoint` or `/endpoint`.
        let field = parameter.field.rsplit(['.', '/']).next().unwrap_or_default();
        if let Some(attribute) = attributes.iter().find(|a| **a == field) {
            let detail = format!(
                "Konnect says of \"{attribute}\": {}.\n\n{error}",
                parameter.reason
            );
            diagnostics.push(Diagnostic::error("Konnect does not accept this value", detail).at(*attribute));
        }
    }
    if !diagnostics.is_empty() {
        return diagnostics;
    }
    let diagnostic = Diagnostic::error(error.summary(), error.to_string());
    if matches!(error.kind(), ErrorKind::Region(_)) && attributes.contains(&"region") {
        return diagnostic.at("region").into();
    }
    diagnostic.into()
}
