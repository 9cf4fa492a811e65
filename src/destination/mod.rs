//! Destinations: their model in configuration, plan and state, and their IDs.

use konnect::{Destination, DestinationId, LogFormat, Region, sentence};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Secret};

use crate::credential::CredentialArguments;
use crate::run::kong;
use crate::run::values::require;

pub(crate) mod data;
pub(crate) mod data_many;
pub(crate) mod list;
mod messages;
pub(crate) mod resource;
mod search;
mod uncertain;
mod users;

/// Configuration, plan and state of a destination.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    /// Text, because a state can contain an ID that is not from Konnect.
    pub(crate) id: Attr<String>,
    pub(crate) region: Attr<Region>,
    pub(crate) name: Attr<String>,
    pub(crate) endpoint: Attr<String>,
    pub(crate) authorization: Attr<Secret>,
    pub(crate) authorization_wo: Attr<Secret>,
    pub(crate) authorization_wo_version: Attr<i64>,
    pub(crate) log_format: Attr<String>,
    pub(crate) skip_ssl_verification: Attr<bool>,
    pub(crate) created_at: Attr<String>,
    pub(crate) updated_at: Attr<String>,
}

impl Model {
    pub(crate) fn credential(&self) -> CredentialArguments<'_> {
        CredentialArguments {
            stored: &self.authorization,
            write_only: &self.authorization_wo,
            version: &self.authorization_wo_version,
        }
    }

    /// Combines a response of the API with the known values.
    pub(crate) fn with(&self, found: Destination, region: Region) -> Self {
        // The API may return the ID in another letter case: the state keeps the original.
        let id = self
            .id
            .known()
            .filter(|id| id.eq_ignore_ascii_case(found.id.as_str()));
        Self {
            id: id.map_or_else(|| found.id.to_string(), Clone::clone).into(),
            region: region.into(),
            name: found.settings.name.into(),
            endpoint: found.settings.endpoint.into(),
            log_format: found.settings.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: found.created_at.into(),
            updated_at: found.updated_at.into(),
            ..self.clone()
        }
    }

    /// Whether a response of the API contains all known values, except for times.
    pub(crate) fn equals(&self, found: &Destination) -> bool {
        self.name.known() == Some(&found.name)
            && self.endpoint.known() == Some(&found.endpoint)
            && self.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
            && self.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
    }

    /// The planned arguments of a creation, if all are known.
    pub(crate) fn complete(&self) -> Option<messages::Planned<'_>> {
        Some(messages::Planned {
            region: self.region.known()?,
            name: self.name.known()?,
            endpoint: self.endpoint.known()?,
            log_format: LogFormat::from(self.log_format.known()?.as_str()),
            skip_ssl_verification: *self.skip_ssl_verification.known()?,
        })
    }

    /// Converts a state of Kong's provider. The region remains null until the configuration sets it.
    ///
    /// # Errors
    /// The state has no valid ID.
    pub(crate) fn from_kong(state: &kong::State<'_>) -> Result<Self, Diagnostics> {
        let id = state.text("id").unwrap_or_default();
        let id = DestinationId::parse(&id)
            .map_err(|e| Diagnostic::error("State can't be moved", sentence(&e)).at("id"))?;
        Ok(Self {
            id: id.to_string().into(),
            name: state.text("name").into(),
            endpoint: state.text("endpoint").into(),
            authorization: state.text("authorization").map(Secret::from).into(),
            log_format: state.text("log_format").into(),
            skip_ssl_verification: state.bool("skip_ssl_verification").into(),
            created_at: state.text("created_at").into(),
            updated_at: state.text("updated_at").into(),
            ..Self::default()
        })
    }
}

/// The ID in a state. Returns `None`, with a warning, if Konnect cannot have such an object.
pub(crate) fn state_id(
    state: &Model,
    diagnostics: &mut Diagnostics,
) -> Result<Option<DestinationId>, Diagnostic> {
    let id = require(state.id.clone(), "id")?;
    let parsed = DestinationId::parse(&id).ok();
    if parsed.is_none() {
        diagnostics.push(Diagnostic::warning(
            "Destination does not exist",
            format!(
                "The state has the id \"{id}\", which is not a UUID, so Konnect can't have this destination. It is \
                 removed from the state."
            ),
        ));
    }
    Ok(parsed)
}

/// Parses the ID in a configuration or state.
///
/// # Errors
/// On `id`: it is not a UUID.
pub(crate) fn parse_id(text: &str) -> Result<DestinationId, Diagnostic> {
    DestinationId::parse(text).map_err(|e| Diagnostic::error("Invalid destination id", sentence(&e)).at("id"))
}
