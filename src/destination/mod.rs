//! Destinations: their model in configuration, plan and state, and their IDs.

use konnect::{Destination, DestinationId, sentence};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret};

use crate::credential::endpoint::{self, EndpointArguments};
use crate::credential::{CredentialArguments, Fingerprint};
use crate::run::values::require;
use crate::run::{kong, time};

pub(crate) mod data;
pub(crate) mod list;
mod messages;
pub(crate) mod resource;
mod search;
mod users;

/// Configuration, plan and state of a destination.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    /// Text, because a state can contain an ID that is not from Konnect.
    pub(crate) id: Attr<String>,
    pub(crate) name: Attr<String>,
    pub(crate) endpoint: Attr<String>,
    pub(crate) endpoint_wo: Attr<Secret>,
    pub(crate) endpoint_wo_version: Attr<i64>,
    pub(crate) endpoint_host: Attr<String>,
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

    pub(crate) fn url(&self) -> EndpointArguments<'_> {
        EndpointArguments {
            stored: &self.endpoint,
            write_only: &self.endpoint_wo,
            version: &self.endpoint_wo_version,
            host: &self.endpoint_host,
        }
    }

    /// Combines a response of the API with the known values. `private` is the private data of the resource.
    pub(crate) fn with(&self, found: Destination, private: &Private) -> Self {
        let (endpoint, endpoint_host) = endpoint::shown(private, found.settings.endpoint);
        // The API may return the ID in another letter case: the state keeps the original.
        let id = self
            .id
            .known()
            .filter(|id| id.eq_ignore_ascii_case(found.id.as_str()));
        Self {
            id: id.map_or_else(|| found.id.to_string(), Clone::clone).into(),
            name: found.settings.name.into(),
            endpoint,
            endpoint_host,
            log_format: found.settings.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: found.created_at.into(),
            updated_at: found.updated_at.into(),
            ..self.clone()
        }
    }

    /// Whether a response of the API contains all known values, except for times. `applied` is the URL that was applied
    /// with `endpoint_wo`.
    pub(crate) fn equals(&self, found: &Destination, applied: Option<&Fingerprint>) -> bool {
        self.name.known() == Some(&found.name)
            && endpoint::is_known(&self.endpoint, applied, &found.endpoint)
            && self.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
            && self.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
    }

    /// The time of the last change by Konnect's clock. Before the first change, it is the time of the creation.
    pub(crate) fn last_change(&self) -> Option<&str> {
        let changed = self.updated_at.known().filter(|at| time::is_valid(at));
        changed.or(self.created_at.known()).map(String::as_str)
    }

    /// Converts a state of Kong's provider. Its times have another form, which the first read replaces.
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
