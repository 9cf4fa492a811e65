//! Destinations: their model in configuration, plan and state, and their IDs.

use konnect::{
    Destination, DestinationChanges, DestinationId, DestinationSettings, LogFormat, is_same_name, sentence,
};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret, Validator};

use crate::credential::endpoint::{self, EndpointArguments};
use crate::credential::{self, CredentialArguments, Fingerprint};
use crate::run::values::{changed_value, format_of, time_of};
use crate::run::{kong, time, validators};

pub(crate) mod data;
pub(crate) mod list;
mod messages;
pub(crate) mod resource;
mod search;
mod users;

/// An audit log destination: an HTTPS endpoint, usually the collector of a SIEM, with the credential and the format
/// that Konnect uses to deliver audit events. A destination receives no events by itself: a `konnect_audit_log_webhook`
/// connects a region or a Dev Portal to it. It belongs to the organization, not to a region.
///
/// All arguments are changed in place, without a gap in the stream. Konnect does not delete a destination that a
/// webhook uses: set `create_before_destroy` in `lifecycle`, so that a webhook moves to a new destination before the
/// old one is removed.
#[derive(Debug, Clone, Default, PartialEq, terraform_plugin::Model)]
pub(crate) struct Model {
    // Text, because a state can contain an ID that is not from Konnect.
    /// Id of the destination, a UUID that Konnect assigns.
    #[tf(computed, use_state_for_unknown, identity, semantic_equality = str::eq_ignore_ascii_case)]
    pub(crate) id: Attr<String>,
    /// Display name, not blank. Konnect allows several destinations with the same name.
    #[tf(required, validate = Validator::not_blank(), semantic_equality = konnect::is_same_name)]
    pub(crate) name: Attr<String>,
    /// HTTPS URL that Konnect sends batches of audit events to. The firewall of the receiver must allow Konnect's
    /// addresses. It is stored in the state in clear text; `endpoint_wo` is not. Exactly one of the two is required.
    #[tf(optional, validate = validators::endpoint(), redact_parts = validators::secret_parts, semantic_equality = konnect::is_same_url)]
    pub(crate) endpoint: Attr<String>,
    #[tf(optional, write_only, validate = validators::secret_endpoint(), redact_parts = validators::secret_parts, description = endpoint::WRITE_ONLY)]
    pub(crate) endpoint_wo: Attr<Secret>,
    #[tf(optional, validate = Validator::whole_number(0, 1 << 53), description = endpoint::VERSION)]
    pub(crate) endpoint_wo_version: Attr<i64>,
    #[tf(computed, description = endpoint::HOST)]
    pub(crate) endpoint_host: Attr<String>,
    /// Value of the `Authorization` header that Konnect sends to the endpoint, including the scheme, for example
    /// `Bearer ...` or `Splunk ...`. It is stored in the state; `authorization_wo` is not. Exactly one of the two is
    /// required to create a destination. If both are omitted for an existing destination, its credential is not managed
    /// and stays as it is.
    #[tf(optional, sensitive, validate = validators::authorization())]
    pub(crate) authorization: Attr<Secret>,
    #[tf(optional, write_only, validate = validators::authorization(), description = credential::WRITE_ONLY)]
    pub(crate) authorization_wo: Attr<Secret>,
    #[tf(optional, validate = Validator::whole_number(0, 1 << 53), description = credential::VERSION)]
    pub(crate) authorization_wo_version: Attr<i64>,
    /// Format of the events: `cef` (ArcSight Common Event Format), `json`, or `cps` (CrowdStrike Parsing Standard).
    /// Default: `cef`.
    #[tf(default = validators::DEFAULT_LOG_FORMAT, validate = Validator::one_of(validators::LOG_FORMATS))]
    pub(crate) log_format: Attr<String>,
    /// Whether Konnect accepts any certificate of the endpoint. If true, deliveries and the credential can be
    /// intercepted: use it only for self-signed certificates outside production. Default: false.
    #[tf(default = false, validate = validators::skips_verification())]
    pub(crate) skip_ssl_verification: Attr<bool>,
    /// Time of the creation by Konnect's clock, RFC 3339.
    #[tf(computed, use_state_for_unknown)]
    pub(crate) created_at: Attr<String>,
    /// Time of the last change by Konnect's clock. Kong documents the value before the first change as
    /// `0001-01-01T00:00:0Z`, which is not a valid time. The provider treats it as text.
    #[tf(computed)]
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

    /// The settings of a destination with an endpoint.
    ///
    /// # Errors
    /// A value is absent.
    fn settings(&self, endpoint: String) -> Result<DestinationSettings, Diagnostic> {
        Ok(DestinationSettings {
            name: self.name.require("name")?.clone(),
            endpoint,
            log_format: LogFormat::from(self.log_format.require("log_format")?.as_str()),
            skip_ssl_verification: self.skip_ssl_verification.known().copied().unwrap_or_default(),
        })
    }

    /// The changes from a state, except for the endpoint and the credential.
    fn changes_from(&self, prior: &Self) -> DestinationChanges {
        DestinationChanges {
            name: changed_value(&prior.name, &self.name),
            log_format: changed_value(&prior.log_format, &self.log_format)
                .map(|format| LogFormat::from(format.as_str())),
            skip_ssl_verification: changed_value(&prior.skip_ssl_verification, &self.skip_ssl_verification),
            ..DestinationChanges::default()
        }
    }

    /// Combines a response of the API with the known values. `private` is the private data of the resource.
    pub(crate) fn with(&self, found: Destination, private: &Private) -> Self {
        let (endpoint, endpoint_host) = self.url().shown(private, found.settings.endpoint);
        Self {
            id: found.id.as_str().into(),
            name: found.settings.name.into(),
            endpoint,
            endpoint_host,
            log_format: format_of(&found.settings.log_format),
            skip_ssl_verification: found.settings.skip_ssl_verification.into(),
            created_at: time_of(found.created_at),
            updated_at: time_of(found.updated_at),
            ..self.clone()
        }
    }

    /// Whether a response of the API contains all known values, except for times. `applied` is the URL that was applied
    /// with `endpoint_wo`.
    pub(crate) fn equals(&self, found: &Destination, applied: Option<&Fingerprint>) -> bool {
        self.name
            .known()
            .is_some_and(|name| is_same_name(name, &found.name))
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
    let id = state.id.require("id")?.clone();
    let parsed = DestinationId::parse(&id).ok();
    if parsed.is_none() {
        diagnostics.push(Diagnostic::warning(
            "Destination does not exist",
            format!(
                "The state has the id {id:?}, which is not a UUID, so Konnect can't have this destination. It is \
                 removed from the state."
            ),
        ));
    }
    Ok(parsed)
}
