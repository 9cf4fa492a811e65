//! The webhook of a region or of a Dev Portal: its model in configuration, plan and state, and its target.
//!
//! A region's webhook has one of two forms. With a destination, it is an object of v3. With an endpoint of its own, it
//! is an object of v2, which contains a credential and cannot be deleted. A Dev Portal's webhook has the first form.

use std::fmt;

use konnect::{DestinationWebhook, EndpointWebhook, Region, is_same_url};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret, Validator};

use crate::credential::endpoint::{self, EndpointArguments};
use crate::credential::{self, CredentialArguments};
use crate::run::kong;
use crate::run::scope::{Scope, global_portal, planned_id};
use crate::run::validators;
use crate::run::values::{format_of, time_of};

pub(crate) mod data;
pub(crate) mod list;
mod plan;
pub(crate) mod resource;
mod rules;
pub(crate) mod status;
mod stream;
mod v2;
mod v3;

/// The resource type, also in messages.
pub(crate) const TYPE: &str = "konnect_audit_log_webhook";

/// The audit log webhook of a region or of a Dev Portal: the stream of its audit events. Each region and each Dev
/// Portal has one. It delivers either to a destination (`audit_log_destination_id`, Konnect API v3, recommended), or,
/// for a region, to an endpoint of its own (`endpoint` with `authorization_wo` or `authorization`, API v2). A change
/// from one form to the other is an update in place and does not interrupt the stream.
///
/// A creation never changes a webhook that is switched on: the plan warns, and the apply fails. Import the existing
/// webhook, or set `replace_existing`.
///
/// Destroying a webhook with a destination deletes it. One with an endpoint of its own is switched off, since API v2
/// can't delete it: Konnect keeps the endpoint, and delivers nothing. If the webhook by then delivers to a target that
/// this resource neither applied nor imported, nothing is removed, with a warning.
#[derive(Debug, Clone, Default, PartialEq, terraform_plugin::Model)]
pub(crate) struct Model {
    /// The region, or the region and the Dev Portal as `REGION/PORTAL_ID`.
    #[tf(computed, use_state_for_unknown, semantic_equality = str::eq_ignore_ascii_case)]
    pub(crate) id: Attr<String>,
    /// Region whose audit events are delivered, or region of the Dev Portal: `us`, `eu`, `au`, `me`, `in`, `sg`,
    /// `global`, or a region that Kong adds later. A change removes this webhook and sets up the one of the other
    /// region. Default: the provider's `region` when the webhook is set up.
    #[tf(optional, computed, use_state_for_unknown, requires_replace, validate = validators::region(), identity, text)]
    pub(crate) region: Attr<Region>,
    /// Id of the Dev Portal whose audit events are delivered, a UUID. If omitted, the events of the region are. A
    /// change removes this webhook and sets up the one of the other Dev Portal.
    #[tf(optional, requires_replace, validate = Validator::not_blank(), identity = optional, semantic_equality = str::eq_ignore_ascii_case)]
    pub(crate) portal_id: Attr<String>,
    /// Whether events are delivered. If false, the webhook keeps its target and delivers nothing. Default: true.
    #[tf(default = true)]
    pub(crate) enabled: Attr<bool>,
    /// Whether events name the principal that caused them, for the webhook of a Dev Portal only. Kong marks it as
    /// unstable: it can change or disappear. If omitted, it is not managed and stays as it is.
    #[tf(optional)]
    pub(crate) include_principal_name: Attr<bool>,
    /// Id of the `konnect_audit_log_destination` that receives the events, a UUID. Exactly one of this and `endpoint`
    /// or `endpoint_wo` is required. A change connects the webhook to another destination in place.
    #[tf(optional, validate = Validator::not_blank(), semantic_equality = str::eq_ignore_ascii_case)]
    pub(crate) audit_log_destination_id: Attr<String>,
    /// HTTPS URL that receives the events, for a webhook without a destination. It is stored in the state in clear
    /// text; `endpoint_wo` is not.
    #[tf(optional, validate = validators::endpoint(), redact_parts = validators::secret_parts, semantic_equality = konnect::is_same_url)]
    pub(crate) endpoint: Attr<String>,
    #[tf(optional, write_only, validate = validators::secret_endpoint(), redact_parts = validators::secret_parts, description = endpoint::WRITE_ONLY)]
    pub(crate) endpoint_wo: Attr<Secret>,
    #[tf(optional, validate = Validator::whole_number(0, 1 << 53), description = endpoint::VERSION)]
    pub(crate) endpoint_wo_version: Attr<i64>,
    #[tf(computed, description = endpoint::HOST)]
    pub(crate) endpoint_host: Attr<String>,
    /// Value of the `Authorization` header that Konnect sends to `endpoint`, including the scheme. It is stored in the
    /// state; `authorization_wo` is not. Exactly one of the two is required to set an endpoint up. If both are omitted
    /// for an existing endpoint, its credential is not managed and stays as it is.
    #[tf(optional, sensitive, validate = validators::authorization())]
    pub(crate) authorization: Attr<Secret>,
    #[tf(optional, write_only, validate = validators::authorization(), description = credential::WRITE_ONLY)]
    pub(crate) authorization_wo: Attr<Secret>,
    #[tf(optional, validate = Validator::whole_number(0, 1 << 53), description = credential::VERSION)]
    pub(crate) authorization_wo_version: Attr<i64>,
    /// Format of the events sent to `endpoint`: `cef`, `json` or `cps` (CrowdStrike). Null for a webhook with a
    /// destination, which has its own format. Default: `cef`.
    #[tf(optional, computed, validate = Validator::one_of(validators::LOG_FORMATS))]
    pub(crate) log_format: Attr<String>,
    /// Whether Konnect accepts any certificate of `endpoint`. If true, deliveries and the credential can be
    /// intercepted: use it only for self-signed certificates outside production. Null for a webhook with a destination,
    /// which has its own setting. Default: false.
    #[tf(optional, computed, validate = validators::skips_verification())]
    pub(crate) skip_ssl_verification: Attr<bool>,
    /// Time of the last change of a webhook with an endpoint of its own, by Konnect's clock. Null for a webhook with a
    /// destination, for which the API returns no time.
    #[tf(computed)]
    pub(crate) updated_at: Attr<String>,
    /// Whether this resource may redirect a webhook that is switched on: by its creation, or by its first change after
    /// an import. If false, the apply fails and reports the current target. A webhook that is switched off is always
    /// overwritten by a creation. Has no effect after the first successful apply. Default: false.
    #[tf(default = false)]
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

/// What a webhook delivers to. `Debug` shows no URL.
#[derive(Clone)]
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
            (Self::Endpoint(a), Self::Endpoint(b)) => is_same_url(a, b),
            _ => false,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Target {
    /// Shows only the host of an endpoint, because its path can be a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(id) => write!(f, "the audit log destination {id}"),
            Self::Endpoint(url) => {
                let host = endpoint::host(url);
                write!(
                    f,
                    "an endpoint on {}",
                    host.known().map_or("an unknown host", String::as_str)
                )
            }
        }
    }
}

/// The webhook of a scope, as Konnect has it.
#[derive(Clone)]
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

    /// Whether it has an endpoint: v2 must then be available.
    pub(crate) fn uses_v2(&self) -> bool {
        self.form() == Form::Endpoint
    }

    /// The argument that sets the target, for diagnostics.
    pub(crate) fn target_attribute(&self) -> &'static str {
        if self.form() == Form::Destination {
            "audit_log_destination_id"
        } else {
            self.url().attribute()
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
            config.skip_ssl_verification
        };
    }

    /// The state of a webhook that Konnect has. `private` is the private data of the resource.
    pub(crate) fn with(&self, found: Current, scope: &Scope, private: &Private) -> Self {
        let region = Attr::Known(scope.region.clone());
        let portal_id = scope.portal.as_ref().map(ToString::to_string).into();
        let found_in = Self {
            id: planned_id(&region, &portal_id),
            region,
            portal_id,
            replace_existing: self.replace_existing,
            ..Self::default()
        };
        match found {
            Current::Destination(found) => Self {
                enabled: found.enabled.into(),
                // The API need not return it.
                include_principal_name: match (self.include_principal_name, found.include_principal_name) {
                    (Attr::Known(_), Some(found)) => Attr::Known(found),
                    (known, _) => known,
                },
                audit_log_destination_id: found.audit_log_destination_id.map(|id| id.to_string()).into(),
                ..found_in
            },
            Current::Endpoint(found) => {
                let (endpoint, endpoint_host) = self.url().shown(private, found.endpoint.unwrap_or_default());
                Self {
                    enabled: found.enabled.into(),
                    endpoint,
                    endpoint_wo: self.endpoint_wo.clone(),
                    endpoint_wo_version: self.endpoint_wo_version,
                    endpoint_host,
                    authorization: self.authorization.clone(),
                    authorization_wo: self.authorization_wo.clone(),
                    authorization_wo_version: self.authorization_wo_version,
                    log_format: format_of(&found.log_format),
                    skip_ssl_verification: found.skip_ssl_verification.into(),
                    updated_at: time_of(found.updated_at),
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
        if self.portal_id.is_null() && self.include_principal_name.known().is_some() {
            diagnostics.push(
                Diagnostic::error(
                    "Conflicting arguments",
                    "Only the webhook of a Dev Portal has \"include_principal_name\". Remove it, or set portal_id.",
                )
                .at("include_principal_name"),
            );
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
            include_principal_name: state.bool("include_principal_name").into(),
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
