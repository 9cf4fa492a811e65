//! Errors of the API as diagnostics on attributes.

use konnect::{Error, ErrorKind};
use terraform_plugin::{Diagnostic, Diagnostics, Path, Step};

/// Converts a failed call to diagnostics. An error about a field of the request is on the attribute of this name. The
/// SDK moves a message whose attribute the schema lacks to the block.
pub(crate) fn api_error(error: &Error) -> Diagnostics {
    let invalid: Diagnostics = error
        .invalid_parameters()
        .iter()
        .map(|parameter| {
            // The API may return a path into the body: `body.endpoint`, `/endpoint`.
            let field = parameter.field.rsplit(['.', '/']).next().unwrap_or_default();
            // A value that another object has is not invalid.
            let diagnostic = if error.is_conflict() {
                Diagnostic::error(error.summary(), error.detail())
            } else {
                Diagnostic::error(
                    "Konnect does not accept this value",
                    format!(
                        "Konnect rejected \"{field}\": {}.\n\n{facts}",
                        parameter.reason,
                        facts = error.facts()
                    ),
                )
            };
            diagnostic.at(attribute(field))
        })
        .collect();
    if !invalid.is_empty() {
        return invalid;
    }
    let diagnostic = Diagnostic::error(error.summary(), error.detail());
    match error.kind() {
        ErrorKind::Region(_) => diagnostic.at("region").into(),
        _ => diagnostic.into(),
    }
}

fn attribute(name: &str) -> Path {
    Path::root().then(Step::Attribute(name.to_owned().into()))
}
