//! The arguments of a block that set the credential: their schema, validation and value.

use konnect::{Authorization, sentence};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Secret};

/// The arguments of a block that set the credential.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CredentialArguments<'a> {
    /// `authorization`.
    pub(crate) stored: &'a Attr<Secret>,
    /// `authorization_wo`.
    pub(crate) write_only: &'a Attr<Secret>,
    /// `authorization_wo_version`.
    pub(crate) version: &'a Attr<i64>,
}

impl CredentialArguments<'_> {
    /// The arguments of an apply from the planned ones. The write-only value comes from the configuration, because the
    /// plan does not contain it.
    pub(crate) const fn to_apply(self, config: Self) -> Self {
        Self {
            write_only: config.write_only,
            ..self
        }
    }

    /// Whether neither argument sets a credential.
    pub(crate) fn is_unset(self) -> bool {
        self.stored.is_null() && self.write_only.is_null()
    }

    /// The argument that sets the credential, for diagnostics.
    pub(crate) fn attribute(self) -> &'static str {
        if self.write_only.is_null() {
            "authorization"
        } else {
            "authorization_wo"
        }
    }

    /// The argument in use.
    pub(super) fn source(self) -> Option<Source> {
        match (self.write_only, self.stored) {
            (Attr::Null, Attr::Null) => None,
            (Attr::Null, _) => Some(Source::Stored),
            _ => Some(Source::WriteOnly),
        }
    }
}

/// The argument that sets the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Source {
    #[serde(rename = "stored")]
    Stored,
    #[serde(rename = "wo")]
    WriteOnly,
}

/// The description of `authorization_wo`, which is not sensitive: its value is null wherever it could be shown, and the
/// CLI stores the paths of several sensitive attributes in random order, which `plan -refresh-only` reports as a change.
pub(crate) const WRITE_ONLY: &str = "Write-only form of `authorization`: it is never stored in a plan or state, and accepts ephemeral \
                 values. Requires Terraform 1.11 or OpenTofu 1.11, or later. Without `authorization_wo_version`, a salted hash \
                 in the private state detects a new value. `Basic` values and values of fewer than 16 characters have no hash: \
                 set the version.";

/// The description of `authorization_wo_version`.
pub(crate) const VERSION: &str = "Version of `authorization_wo`, a whole number from 0. If set, no hash of the value is stored, and a new \
                 value is sent only when the version changes.";

/// Checks that not both are set, and that a version has a value. Unknown values can become null, and are accepted.
pub(crate) fn validate(config: CredentialArguments<'_>, diagnostics: &mut Diagnostics) {
    if config.stored.known().is_some() && config.write_only.known().is_some() {
        diagnostics.push(
            Diagnostic::error(
                "Conflicting authorization arguments",
                "Set either authorization, which is stored in the state, or authorization_wo, which is not.",
            )
            .at("authorization_wo"),
        );
    }
    if config.write_only.is_null() && config.version.known().is_some() {
        diagnostics.push(
            Diagnostic::error(
                "Version without a value",
                "authorization_wo_version is the version of authorization_wo: set both, or neither.",
            )
            .at("authorization_wo_version"),
        );
    }
}

/// The configured credential, for a request.
///
/// # Errors
/// On the argument: it is missing, or cannot be sent.
pub(crate) fn configured(config: CredentialArguments<'_>) -> Result<Authorization, Diagnostic> {
    let value = config
        .write_only
        .known()
        .or(config.stored.known())
        .ok_or_else(missing)?;
    parse(value, config.attribute())
}

/// The error for a creation without a credential.
pub(crate) fn missing() -> Diagnostic {
    Diagnostic::error(
        "Missing authorization",
        "Konnect requires an authorization for a new endpoint. Set authorization_wo, which is never stored, or \
         authorization, to the value of the Authorization header that the endpoint expects. Both can be omitted only for \
         an object that exists: its credential is then not managed.",
    )
    .at("authorization")
}

/// Parses the value of an argument for a request.
///
/// # Errors
/// On the argument: it cannot be sent.
pub(super) fn parse(value: &Secret, attribute: &'static str) -> Result<Authorization, Diagnostic> {
    Authorization::parse(value.expose())
        .map_err(|e| Diagnostic::error("Invalid authorization", sentence(&e)).at(attribute))
}
