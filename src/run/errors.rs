//! Converts errors of the API to diagnostics on attributes.

use konnect::{Error, ErrorKind};
use terraform_plugin::{Diagnostic, Diagnostics, Path, Schema};

use crate::credential::CredentialArguments;

/// Maps request fields to attributes. A field and its attribute have the same name, except that `authorization_wo` also
/// sets the field `authorization`.
pub(crate) struct FieldMap {
    attributes: Vec<&'static str>,
    authorization: &'static str,
}

impl FieldMap {
    /// Creates the map from a schema.
    pub(crate) fn of(schema: &Schema) -> Self {
        Self {
            attributes: schema
                .attributes()
                .iter()
                .map(terraform_plugin::Attribute::name)
                .collect(),
            authorization: "authorization",
        }
    }

    /// Adapts the map to a configuration that may set the credential with its write-only argument.
    pub(crate) fn with_credential(self, config: CredentialArguments<'_>) -> Self {
        Self {
            authorization: config.attribute(),
            ..self
        }
    }

    /// Converts a failed call to diagnostics. An error about a field is on its attribute, other errors are on the
    /// block.
    pub(crate) fn diagnose(&self, error: &Error) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        for parameter in error.invalid_parameters() {
            if let Some(attribute) = self.attribute(&parameter.field) {
                let detail = format!(
                    "Konnect rejected \"{attribute}\": {}.\n\n{error}",
                    parameter.reason
                );
                diagnostics
                    .push(Diagnostic::error("Konnect does not accept this value", detail).at(attribute));
            }
        }
        if !diagnostics.is_empty() {
            return diagnostics;
        }
        let diagnostic = Diagnostic::error(error.summary(), error.detail());
        match (error.kind(), self.attribute("region")) {
            (ErrorKind::Region(_), Some(region)) => diagnostic.at(Path::from(region)).into(),
            _ => diagnostic.into(),
        }
    }

    /// The attribute that sets a field. The API may return a path into the body: `body.endpoint`, `/endpoint`.
    fn attribute(&self, field: &str) -> Option<&'static str> {
        let field = field.rsplit(['.', '/']).next().unwrap_or_default();
        let attribute = self.attributes.iter().copied().find(|name| *name == field)?;
        Some(if attribute == "authorization" {
            self.authorization
        } else {
            attribute
        })
    }
}

#[cfg(test)]
mod tests {
    use terraform_plugin::{Attr, Attribute, Secret};

    use super::*;

    #[test]
    fn request_field_is_matched_by_name_or_path() {
        let schema = Schema::new(
            "",
            [Attribute::string("endpoint"), Attribute::string("authorization")],
        );
        let map = FieldMap::of(&schema);
        for field in ["endpoint", "body.endpoint", "/endpoint"] {
            assert_eq!(map.attribute(field), Some("endpoint"));
        }
        assert_eq!(map.attribute("body.other"), None);
        assert_eq!(map.attribute("authorization"), Some("authorization"));
        let value = Attr::Known(Secret::from("s".to_owned()));
        let config = CredentialArguments {
            stored: &Attr::Null,
            write_only: &value,
            version: &Attr::Null,
        };
        let map = map.with_credential(config);
        assert_eq!(map.attribute("authorization"), Some("authorization_wo"));
    }
}
