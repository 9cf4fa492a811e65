//! The webhook of a region in either form: its model in configuration, plan and state, and its calls.

use konnect::{Cache, Client, DestinationWebhook, EndpointWebhook, Error, Region, v2 as konnect_v2};
use serde::{Deserialize, Serialize};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private, Secret};

use crate::credential::{self, CredentialArguments, CredentialTracker, WriteError};
use crate::run::RunState;
use crate::run::scope::Scope;
use crate::run::{kong as kong_migration, validators};
use crate::webhook::v3::{self as destination_webhook, Settings};
use crate::webhook::webhook_target::{Target, Webhook};
use crate::webhook::{stream as ownership, v2 as endpoint_webhook};

pub(crate) mod delivery;
pub(crate) mod list;
pub(crate) mod portal_list;
pub(crate) mod portal_resource;
pub(crate) mod portal_status;
pub(crate) mod resource;
pub(crate) mod rules;
pub(crate) mod status;
pub(crate) mod stream;
mod v2;
pub(crate) mod v3;
pub(crate) mod webhook_slot;
mod webhook_target;

/// Configuration, plan and state of a region's webhook, in either form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    pub(crate) id: Attr<String>,
    pub(crate) region: Attr<Region>,
    pub(crate) enabled: Attr<bool>,
    /// Text, because it usually comes from another resource, which can be mocked.
    pub(crate) audit_log_destination_id: Attr<String>,
    pub(crate) endpoint: Attr<String>,
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

impl Model {
    pub(crate) fn form(&self) -> Form {
        match (&self.audit_log_destination_id, &self.endpoint) {
            (Attr::Known(_), _) | (Attr::Unknown, Attr::Null) => Form::Destination,
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

    /// The arguments of a webhook that delivers to a destination.
    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings {
            audit_log_destination_id: &self.audit_log_destination_id,
            enabled: &self.enabled,
        }
    }

    /// The arguments of a webhook with its own endpoint.
    pub(crate) const fn endpoint_settings(&self) -> endpoint_webhook::Settings<'_> {
        endpoint_webhook::Settings {
            enabled: &self.enabled,
            endpoint: &self.endpoint,
            log_format: &self.log_format,
            skip_ssl_verification: &self.skip_ssl_verification,
        }
    }

    /// The target, if it is known.
    pub(crate) fn target(&self) -> Option<Target> {
        match (&self.audit_log_destination_id, &self.endpoint) {
            (Attr::Null, Attr::Known(endpoint)) => Some(Target::Endpoint(endpoint.clone())),
            _ => self.settings().target(),
        }
    }

    pub(crate) fn webhook(&self) -> Option<Webhook> {
        Some(Webhook {
            target: self.target()?,
            enabled: self.enabled == Attr::Known(true),
            updated_at: self.updated_at.known().cloned(),
        })
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

    /// The arguments that belong to an endpoint and are set.
    fn endpoint_arguments(&self) -> impl Iterator<Item = &'static str> {
        let arguments = [
            ("endpoint", self.endpoint.known().is_some()),
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

    /// The state of a webhook that delivers to a destination.
    pub(crate) fn with_destination(&self, found: DestinationWebhook, region: Region) -> Self {
        Self {
            id: region.to_string().into(),
            region: region.into(),
            enabled: found.enabled.into(),
            audit_log_destination_id: found
                .audit_log_destination_id
                .map(|id| self.settings().keep_letter_case(&id))
                .into(),
            replace_existing: self.replace_existing.clone(),
            ..Self::default()
        }
    }

    /// The state of a webhook with its own endpoint.
    pub(crate) fn with_endpoint(&self, found: EndpointWebhook, region: Region) -> Self {
        Self {
            id: region.to_string().into(),
            region: region.into(),
            enabled: found.enabled.into(),
            audit_log_destination_id: Attr::Null,
            endpoint: found.endpoint.into(),
            log_format: found.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.skip_ssl_verification.into(),
            updated_at: found.updated_at.into(),
            ..self.clone()
        }
    }

    /// Checks that the arguments belong to one form.
    pub(crate) fn validate(&self, diagnostics: &mut Diagnostics) {
        match self.form() {
            Form::Destination if self.audit_log_destination_id.known().is_some() => {
                for name in self.endpoint_arguments() {
                    let detail = format!(
                        "A webhook delivers either to a destination or to an endpoint of its own, and \"{name}\" belongs \
                         to the latter. Remove it, or audit_log_destination_id."
                    );
                    diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(name));
                }
            }
            Form::Endpoint if self.endpoint.is_null() => diagnostics.push(
                Diagnostic::error(
                    "Missing target",
                    "Set audit_log_destination_id to the id of a konnect_audit_log_destination, or endpoint with \
                     authorization_wo or authorization for a webhook with an endpoint of its own.",
                )
                .at("audit_log_destination_id"),
            ),
            Form::Endpoint => credential::validate(self.credential(), diagnostics),
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

    /// Converts a state of Kong's provider. The region remains null until the configuration sets it.
    ///
    /// # Errors
    /// The state has no webhook.
    pub(crate) fn from_kong(state: &kong_migration::State<'_>) -> Result<Self, Diagnostics> {
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
}

/// Reads the webhook of a region in either form. Arguments that Konnect does not store have their defaults. A server
/// without v2 has no webhook with its own endpoint.
pub(crate) async fn find(cache: &Cache, region: &Region) -> Result<Option<Model>, Error> {
    let none = Model {
        replace_existing: Attr::Known(false),
        ..Model::default()
    };
    if let Some(found) = read_destination(cache, region, &none).await? {
        return Ok(Some(found));
    }
    match read_endpoint(cache, region, &none).await {
        Err(error) if konnect_v2::is_webhook_absent(&error) && !error.is_forbidden() => Ok(None),
        found => found,
    }
}

/// Reads a webhook that delivers to a destination. Returns `None` without a destination.
pub(crate) async fn read_destination(
    cache: &Cache,
    region: &Region,
    known: &Model,
) -> Result<Option<Model>, Error> {
    let found = destination_webhook::read(cache, &Scope::region(region.clone())).await?;
    Ok(found.map(|found| known.with_destination(found, region.clone())))
}

/// Reads a webhook with its own endpoint.
async fn read_endpoint(cache: &Cache, region: &Region, known: &Model) -> Result<Option<Model>, Error> {
    let found = endpoint_webhook::read(cache, region).await?;
    Ok(found.map(|found| known.with_endpoint(found, region.clone())))
}

/// Like [`read_endpoint`], for a webhook of v3: v2 may be unavailable.
pub(crate) async fn read_endpoint_if_available(
    cache: &Cache,
    region: &Region,
    known: &Model,
) -> Result<Option<Model>, Error> {
    match read_endpoint(cache, region, known).await {
        Err(error) if konnect_v2::is_webhook_absent(&error) => Ok(None),
        found => found,
    }
}

/// A creation, or an update of `prior`, which are the same API call.
pub(crate) struct Change<'a> {
    pub(crate) run: &'a RunState,
    pub(crate) client: &'a Client,
    pub(crate) region: &'a Region,
    pub(crate) config: &'a Model,
    pub(crate) prior: Option<&'a Model>,
    pub(crate) planned: &'a Model,
}

impl Change<'_> {
    /// Sends one `PATCH` in the version of the planned form, or none if nothing changes. A change of form sends
    /// everything, because settings of the other form do not apply.
    pub(crate) async fn send(
        &self,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Model, WriteError> {
        let written = match self.planned.form() {
            Form::Destination => self.send_destination(private).await?,
            Form::Endpoint | Form::Open => self.send_endpoint(private, diagnostics).await?,
        };
        ownership::written(private);
        Ok(written)
    }

    fn prior_of_same_form(&self) -> Option<&Model> {
        self.prior.filter(|prior| prior.form() == self.planned.form())
    }

    /// The scope of the webhook.
    pub(crate) fn scope(&self) -> Scope {
        Scope::region(self.region.clone())
    }

    /// v3: connects the region to a destination.
    async fn send_destination(&self, private: &mut Private) -> Result<Model, WriteError> {
        let planned = self.planned;
        let prior = self.prior_of_same_form().map(Model::settings);
        let found =
            destination_webhook::write(self.run, self.client, &self.scope(), prior, planned.settings())
                .await?;
        CredentialTracker::new(planned.credential(), private, false).forget();
        Ok(planned.with_destination(found, self.region.clone()))
    }

    /// v2: configures an endpoint for the region.
    async fn send_endpoint(
        &self,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Model, WriteError> {
        let planned = self.planned;
        let credential = planned.credential().to_apply(self.config.credential());
        let mut tracker = CredentialTracker::new(credential, private, self.run.detects_drift);
        let settings = planned.endpoint_settings();
        let found = match self.prior {
            None => {
                endpoint_webhook::create(self.client, self.region, settings, credential, &mut tracker).await
            }
            Some(any) => {
                let prior = self.prior_of_same_form();
                // Kong's provider stores times in another form, which cannot be compared.
                let comparable = prior.is_some() && !any.region.is_null();
                let before = if comparable {
                    any.updated_at.clone()
                } else {
                    Attr::Unknown
                };
                endpoint_webhook::update(
                    self.client,
                    self.region,
                    prior.map(Model::endpoint_settings),
                    &before,
                    settings,
                    &mut tracker,
                    diagnostics,
                )
                .await
            }
        };
        Ok(planned.with_endpoint(found?, self.region.clone()))
    }
}

/// Removes a webhook, or disables it if the API cannot remove it.
pub(crate) async fn remove(client: &Client, scope: &Scope, form: Form) -> Result<(), Error> {
    match form {
        Form::Destination => destination_webhook::delete(client, scope).await,
        Form::Endpoint | Form::Open => endpoint_webhook::switch_off(client, &scope.region).await,
    }
}
