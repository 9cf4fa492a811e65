//! The webhook of a region or of a Dev Portal: its model in configuration, plan and state, and its target.
//!
//! A region's webhook has one of two forms. With a destination, it is an object of v3. With an endpoint of its own, it
//! is an object of v2, which contains a credential and cannot be deleted. A Dev Portal's webhook has the first form.

use std::fmt;

use konnect::{DestinationWebhook, EndpointWebhook, Region};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret};
use url::Url;

use crate::credential::endpoint::{self, EndpointArguments};
use crate::credential::{self, CredentialArguments};
use crate::run::kong;
use crate::run::scope::{Scope, global_portal, planned_id};
use crate::run::validators::{self, normal_url};

pub(crate) mod list;
pub(crate) mod resource;
mod rules;
pub(crate) mod status;
mod stream;
mod v2;
mod v3;

/// The resource type, also in messages.
pub(crate) const TYPE: &str = "konnect_audit_log_webhook";

/// Configuration, plan and state of a webhook, in either form. Ids of other objects are text, because those objects can
/// be mocked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(crate) id: Attr<String>,
    pub(crate) region: Attr<Region>,
    pub(crate) portal_id: Attr<String>,
    pub(crate) enabled: Attr<bool>,
    pub(crate) audit_log_destination_id: Attr<String>,
    pub(crate) endpoint: Attr<String>,
    pub(crate) endpoint_wo: Attr<Secret>,
    pub(crate) endpoint_wo_version: Attr<i64>,
    pub(crate) endpoint_host: Attr<String>,
    pub(crate) authorization: Attr<Secret>,
    pub(crate) authorization_wo: Attr<Secret>,
    pub(crate) authorization_wo_version: Attr<i64>,
    pub(crate) log_format: Attr<String>,
    pub(crate) skip_ssl_verification: Attr<bool>,
    pub(crate) updated_at: Attr<String>,
    pub(crate) replace_existing: Attr<bool>,
}

/// The two forms of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// v3: the webhook delivers to a destination.
    Destination,
    /// v2: the webhook has its own endpoint.
    Endpoint,
    /// At plan: the values that determine the form are unknown.
    Open,
}

/// What a webhook delivers to.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A destination, by its id.
    Destination(String),
    /// An endpoint, by its URL.
    Endpoint(String),
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Destination(a), Self::Destination(b)) => a.eq_ignore_ascii_case(b),
            (Self::Endpoint(a), Self::Endpoint(b)) => normal_url(a) == normal_url(b),
            _ => false,
        }
    }
}

impl fmt::Display for Target {
    /// Shows only the host of an endpoint, because its path can be a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(id) => write!(f, "the audit log destination {id}"),
            Self::Endpoint(url) => {
                let url = Url::parse(url).ok();
                let host = url.as_ref().and_then(Url::host_str);
                write!(f, "an endpoint on {}", host.unwrap_or("an unknown host"))
            }
        }
    }
}

/// The webhook of a scope, as Konnect has it.
#[derive(Debug, Clone)]
pub(crate) enum Current {
    /// v3, with a destination.
    Destination(DestinationWebhook),
    /// v2, with an endpoint.
    Endpoint(EndpointWebhook),
}

impl Current {
    pub(crate) fn target(&self) -> Target {
        match self {
            Self::Destination(found) => {
                let id = found.audit_log_destination_id.as_ref();
                Target::Destination(id.map(ToString::to_string).unwrap_or_default())
            }
            Self::Endpoint(found) => Target::Endpoint(found.endpoint.clone().unwrap_or_default()),
        }
    }

    pub(crate) const fn is_enabled(&self) -> bool {
        match self {
            Self::Destination(found) => found.enabled,
            Self::Endpoint(found) => found.enabled,
        }
    }
}

/// The models of one change.
pub(crate) struct Change<'a> {
    /// The configuration of the apply, with arguments that the plan ignores.
    pub(crate) config: &'a Model,
    /// The current state, for an update.
    pub(crate) prior: Option<&'a Model>,
    /// The planned state.
    pub(crate) planned: &'a Model,
}

impl Change<'_> {
    /// The current state, if it has the planned form. Settings of the other form do not apply.
    fn prior_of_same_form(&self) -> Option<&Model> {
        self.prior.filter(|prior| prior.form() == self.planned.form())
    }

    /// The credential arguments of the apply.
    fn credential(&self) -> CredentialArguments<'_> {
        self.planned.credential().to_apply(self.config.credential())
    }
}

impl Model {
    pub(crate) fn form(&self) -> Form {
        match (&self.audit_log_destination_id, &self.endpoint) {
            (Attr::Known(_), _) => Form::Destination,
            (Attr::Unknown, Attr::Null) if self.endpoint_wo.is_null() => Form::Destination,
            (Attr::Null, _) => Form::Endpoint,
            (Attr::Unknown, _) => Form::Open,
        }
    }

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

    /// The target, if it is known. With `endpoint_wo`, only a configuration contains it.
    pub(crate) fn target(&self) -> Option<Target> {
        match &self.audit_log_destination_id {
            Attr::Known(id) => Some(Target::Destination(id.clone())),
            Attr::Null => self.url().url().map(Target::Endpoint),
            Attr::Unknown => None,
        }
    }

    /// Whether the creation, or the first change after an import, may redirect a stream.
    pub(crate) fn replaces(&self) -> bool {
        self.replace_existing == Attr::Known(true)
    }

    /// Plans the arguments whose defaults depend on the form.
    pub(crate) fn plan_defaults(&mut self, config: &Self) {
        let (log_format, skip) = match config.form() {
            Form::Destination => (Attr::Null, Attr::Null),
            Form::Endpoint => (
                Attr::Known(validators::DEFAULT_LOG_FORMAT.to_owned()),
                Attr::Known(false),
            ),
            Form::Open => (Attr::Unknown, Attr::Unknown),
        };
        self.log_format = if config.log_format.is_null() {
            log_format
        } else {
            config.log_format.clone()
        };
        self.skip_ssl_verification = if config.skip_ssl_verification.is_null() {
            skip
        } else {
            config.skip_ssl_verification.clone()
        };
    }

    /// The state of a webhook that Konnect has. `private` is the private data of the resource.
    pub(crate) fn with(&self, found: Current, scope: &Scope, private: &Private) -> Self {
        let own = |known: &Attr<String>, found: String| {
            // The API may return an id in another letter case: the state keeps the original.
            let known = known.known().filter(|known| known.eq_ignore_ascii_case(&found));
            Attr::Known(known.cloned().unwrap_or(found))
        };
        let region = Attr::Known(scope.region.clone());
        let portal_id = match &scope.portal {
            Some(portal) => own(&self.portal_id, portal.to_string()),
            None => Attr::Null,
        };
        let found_in = Self {
            id: planned_id(&region, &portal_id),
            region,
            portal_id,
            replace_existing: self.replace_existing.clone(),
            ..Self::default()
        };
        match found {
            Current::Destination(found) => Self {
                enabled: found.enabled.into(),
                audit_log_destination_id: match found.audit_log_destination_id {
                    Some(id) => own(&self.audit_log_destination_id, id.to_string()),
                    None => Attr::Null,
                },
                ..found_in
            },
            Current::Endpoint(found) => {
                let (endpoint, endpoint_host) = endpoint::shown(private, found.endpoint.unwrap_or_default());
                Self {
                    enabled: found.enabled.into(),
                    endpoint,
                    endpoint_wo: self.endpoint_wo.clone(),
                    endpoint_wo_version: self.endpoint_wo_version.clone(),
                    endpoint_host,
                    authorization: self.authorization.clone(),
                    authorization_wo: self.authorization_wo.clone(),
                    authorization_wo_version: self.authorization_wo_version.clone(),
                    log_format: found.log_format.as_str().to_owned().into(),
                    skip_ssl_verification: found.skip_ssl_verification.into(),
                    updated_at: found.updated_at.into(),
                    ..found_in
                }
            }
        }
    }

    /// The arguments that belong to an endpoint and are set.
    fn endpoint_arguments(&self) -> impl Iterator<Item = &'static str> {
        let arguments = [
            ("endpoint", self.endpoint.known().is_some()),
            ("endpoint_wo", self.endpoint_wo.known().is_some()),
            ("endpoint_wo_version", self.endpoint_wo_version.known().is_some()),
            ("authorization", self.authorization.known().is_some()),
            ("authorization_wo", self.authorization_wo.known().is_some()),
            (
                "authorization_wo_version",
                self.authorization_wo_version.known().is_some(),
            ),
            ("log_format", self.log_format.known().is_some()),
            (
                "skip_ssl_verification",
                self.skip_ssl_verification.known().is_some(),
            ),
        ];
        arguments
            .into_iter()
            .filter(|(_, set)| *set)
            .map(|(name, _)| name)
    }

    /// Checks that the arguments belong to one form.
    pub(crate) fn validate(&self, diagnostics: &mut Diagnostics) {
        let has_portal = self.portal_id.known().is_some();
        if has_portal && self.region == Attr::Known(Region::global()) {
            diagnostics.push(global_portal());
        }
        match self.form() {
            Form::Destination | Form::Endpoint
                if has_portal || self.audit_log_destination_id.known().is_some() =>
            {
                for name in self.endpoint_arguments() {
                    let detail = if has_portal {
                        format!(
                            "The webhook of a Dev Portal delivers to a destination, and \"{name}\" belongs to a webhook \
                             with an endpoint of its own. Remove it, and set audit_log_destination_id."
                        )
                    } else {
                        format!(
                            "A webhook delivers either to a destination or to an endpoint of its own, and \"{name}\" \
                             belongs to the latter. Remove it, or audit_log_destination_id."
                        )
                    };
                    diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(name));
                }
                if self.audit_log_destination_id.is_null() && self.url().is_unset() {
                    diagnostics.push(missing_target());
                }
            }
            Form::Endpoint if self.url().is_unset() => diagnostics.push(missing_target()),
            Form::Endpoint => {
                self.url().validate(diagnostics);
                credential::validate(self.credential(), diagnostics);
            }
            Form::Destination | Form::Open => {}
        }
    }

    /// A model without the arguments that have the default of its form, for generated configuration.
    pub(crate) fn without_defaults(self) -> Self {
        let custom_format = |format: &String| format != validators::DEFAULT_LOG_FORMAT;
        Self {
            log_format: self
                .log_format
                .known()
                .filter(|format| custom_format(format))
                .cloned()
                .into(),
            skip_ssl_verification: self
                .skip_ssl_verification
                .known()
                .filter(|skip| **skip)
                .copied()
                .into(),
            ..self
        }
    }

    /// Converts a `konnect_audit_log` of Kong's provider. The region remains null until the configuration sets it.
    ///
    /// # Errors
    /// The state has no webhook.
    pub(crate) fn from_kong(state: &kong::State<'_>) -> Result<Self, Diagnostics> {
        let Some(endpoint) = state
            .text("endpoint")
            .filter(|endpoint| endpoint != "unconfigured")
        else {
            return Err(Diagnostic::error(
                "State can't be moved",
                "The konnect_audit_log has no endpoint, so there is no webhook to manage. Remove it from the state (a \
                 `removed` block with `destroy = false`) and create this resource instead.",
            )
            .into());
        };
        Ok(Self {
            enabled: state.bool("enabled").unwrap_or_default().into(),
            endpoint: endpoint.into(),
            authorization: state.text("authorization").map(Secret::from).into(),
            log_format: state.text("log_format").into(),
            skip_ssl_verification: state.bool("skip_ssl_verification").into(),
            updated_at: state.text("updated_at").into(),
            replace_existing: Attr::Known(false),
            ..Self::default()
        })
    }

    /// Converts a `konnect_portal_audit_log_webhook` of Kong's providers. The region remains null until the
    /// configuration sets it.
    ///
    /// # Errors
    /// The state has no Dev Portal.
    pub(crate) fn from_kong_portal(state: &kong::State<'_>) -> Result<Self, Diagnostics> {
        let Some(portal_id) = state.text("portal_id") else {
            return Err(Diagnostic::error(
                "State can't be moved",
                "The konnect_portal_audit_log_webhook has no portal_id, so it is not known which webhook to manage. \
                 Remove it from the state (a `removed` block with `destroy = false`) and import the webhook instead.",
            )
            .into());
        };
        Ok(Self {
            portal_id: portal_id.into(),
            enabled: state.bool("enabled").unwrap_or_default().into(),
            audit_log_destination_id: state.text("audit_log_destination_id").into(),
            replace_existing: Attr::Known(false),
            ..Self::default()
        })
    }
}

fn missing_target() -> Diagnostic {
    Diagnostic::error(
        "Missing target",
        "Set audit_log_destination_id to the id of a konnect_audit_log_destination, or, for a region, endpoint or \
         endpoint_wo with authorization_wo or authorization for a webhook with an endpoint of its own.",
    )
    .at("audit_log_destination_id")
}
