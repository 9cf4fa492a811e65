//! Setting a webhook up: creation and update are the same to the API.

use konnect::{
    Client, DestinationWebhook, DestinationWebhookChanges, EndpointWebhook, EndpointWebhookChanges,
    LogFormat, Region, v2, v3,
};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Private};

use crate::errors::diagnose;
use crate::resources::audit_log_destination::require;
use crate::resources::audit_log_webhook::{ATTRIBUTES, Form, Model};
use crate::{authorization, take_over};

/// A creation, or an update of `prior`.
pub(crate) struct Change<'a> {
    pub(crate) client: &'a Client,
    pub(crate) region: Region,
    pub(crate) config: &'a Model,
    pub(crate) prior: Option<&'a Model>,
    pub(crate) planned: &'a Model,
}

impl Change<'_> {
    /// Sets a region up for the first time. A `PATCH` can be repeated, so that one whose answer was lost or
    /// can't be read is made once more; if that fails too, a note says what to do about what may be there.
    pub(crate) async fn create(
        self,
        private: &mut Private,
        diagnostics: &mut Diagnostics,
    ) -> Result<Model, Diagnostics> {
        let mut done = self.send(private).await;
        if done.as_ref().is_err_and(Failure::may_have_happened) {
            done = self.send(private).await;
        }
        if done.as_ref().is_err_and(Failure::may_have_happened) {
            diagnostics.push(take_over::unsure(&self.region));
        }
        done.map_err(|failure| failure.told(self.config))
    }

    /// One `PATCH` of the version that the configuration asks for, or none if nothing of Konnect's changes.
    /// A change of form sends everything, since nothing of the other form counts.
    pub(crate) async fn set_up(self, private: &mut Private) -> Result<Model, Diagnostics> {
        let done = self.send(private).await;
        if done.as_ref().is_err_and(Failure::may_have_happened) {
            authorization::in_doubt(private);
        }
        done.map_err(|failure| failure.told(self.config))
    }

    async fn send(&self, private: &mut Private) -> Result<Model, Failure> {
        match self.planned.form() {
            Form::Destination => self.point(private).await,
            Form::Endpoint | Form::Open => self.deliver(private).await,
        }
    }

    fn same_form(&self) -> Option<&Model> {
        self.prior.filter(|prior| prior.form() == self.planned.form())
    }

    /// v3: points the region at a destination.
    async fn point(&self, private: &mut Private) -> Result<Model, Failure> {
        let planned = self.planned;
        let destination = require(
            planned.audit_log_destination_id.clone(),
            "audit_log_destination_id",
        )?;
        let same = self.same_form();
        let moved = same.is_none_or(|p| p.audit_log_destination_id.known() != Some(&destination));
        let enabled = same.is_none_or(|p| p.enabled != planned.enabled);
        let found = if moved || enabled {
            let changes = DestinationWebhookChanges {
                audit_log_destination_id: moved.then_some(destination),
                enabled: planned.enabled.known().copied().filter(|_| enabled),
            };
            v3::update_webhook(self.client, &self.region, &changes).await?
        } else {
            let found = v3::get_webhook(self.client, &self.region).await?;
            if found.audit_log_destination_id.is_none() {
                return Err(self.vanished().into());
            }
            found
        };
        authorization::forget(private);
        Ok(to_destination(found, self.region.clone(), planned))
    }

    /// v2: has the region deliver to an endpoint of its own.
    async fn deliver(&self, private: &mut Private) -> Result<Model, Failure> {
        let (planned, config) = (self.planned, self.config.arguments());
        let same = self.same_form();
        let others = authorization::written_by_others(private);
        let mut authorization = match same {
            // Who changed the delivery may have pointed the webhook at a destination: then Konnect has no
            // authorization for an endpoint any more, whether other writers are looked for or not.
            Some(prior) if same_delivery(prior, planned) || !others => {
                authorization::to_send(config, private)?
            }
            _ => Some(authorization::configured(config)?.0),
        };
        let differs = same.is_none_or(|prior| !same_delivery(prior, planned));
        let enabled = same.is_none_or(|prior| prior.enabled != planned.enabled);
        let nothing = !differs && !enabled;
        if authorization.is_none() && (nothing || authorization::looks_before_writing(config, private)) {
            let found = v2::get_webhook(self.client, &self.region).await?;
            if found.endpoint.is_none() {
                return Err(self.vanished().into());
            }
            if nothing {
                return Ok(to_endpoint(found, self.region.clone(), planned));
            }
            let seen = found.updated_at.clone();
            let now = to_endpoint(found, self.region.clone(), planned);
            // If it is as planned already, this very change was made before, and its answer was lost.
            let made = now.enabled == planned.enabled && same_delivery(&now, planned);
            if !made && authorization::written_meanwhile(config, private, seen.as_deref()) {
                authorization = Some(authorization::configured(config)?.0);
            }
        }
        let sent = authorization.is_some();
        let delivery = sent || differs;
        let mut changes = EndpointWebhookChanges {
            enabled: planned.enabled.known().copied(),
            ..<_>::default()
        };
        if delivery {
            changes.endpoint = Some(require(planned.endpoint.clone(), "endpoint")?);
            changes.authorization = authorization;
            changes.log_format = planned.log_format.known().map(|f| LogFormat::from(f.as_str()));
            changes.skip_ssl_verification = planned.skip_ssl_verification.known().copied();
        }
        let mut found = v2::update_webhook(self.client, &self.region, &changes).await?;
        if others {
            // The time of our write counts as reads show it, so that an API whose answers to writes and
            // reads differ can't make every plan send again.
            found = v2::get_webhook(self.client, &self.region).await.unwrap_or(found);
        }
        authorization::written(private, config, sent, found.updated_at.as_deref());
        Ok(to_endpoint(found, self.region.clone(), planned))
    }
}

impl Change<'_> {
    /// The webhook was removed after the refresh: the state stays, and the next plan sets it up again.
    fn vanished(&self) -> Diagnostic {
        let detail = format!(
            "The webhook of region {} was removed by somebody else after this plan was made. Plan again: the plan \
             will set it up again.",
            self.region
        );
        Diagnostic::error("Webhook is gone", detail)
    }
}

/// Why a change failed.
enum Failure {
    Api(konnect::Error),
    Value(Diagnostic),
}

impl Failure {
    /// Whether the webhook may have been changed all the same.
    fn may_have_happened(&self) -> bool {
        matches!(self, Self::Api(error) if error.may_have_happened())
    }

    fn told(self, config: &Model) -> Diagnostics {
        match self {
            Self::Api(error) => authorization::on_given(config.arguments(), diagnose(&error, ATTRIBUTES)),
            Self::Value(diagnostic) => diagnostic.into(),
        }
    }
}

impl From<konnect::Error> for Failure {
    fn from(error: konnect::Error) -> Self {
        Self::Api(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Value(diagnostic)
    }
}

/// Whether all that Konnect tells again but `enabled` stays as it is.
fn same_delivery(prior: &Model, planned: &Model) -> bool {
    prior.endpoint == planned.endpoint
        && prior.log_format == planned.log_format
        && prior.skip_ssl_verification == planned.skip_ssl_verification
}

/// The state of a webhook that delivers to a destination.
pub(crate) fn to_destination(found: DestinationWebhook, region: Region, known: &Model) -> Model {
    // The same id may come back in other letters: what the user wrote stays.
    let known_id = known.audit_log_destination_id.known();
    let same = known_id.filter(|id| found.audit_log_destination_id.as_ref() == Some(id));
    Model {
        id: region.clone().into(),
        region: region.into(),
        enabled: found.enabled.into(),
        audit_log_destination_id: same.cloned().or(found.audit_log_destination_id).into(),
        replace_existing: known.replace_existing.clone(),
        ..Model::default()
    }
}

/// The state of a webhook with an endpoint of its own.
pub(crate) fn to_endpoint(found: EndpointWebhook, region: Region, known: &Model) -> Model {
    Model {
        id: region.clone().into(),
        region: region.into(),
        enabled: found.enabled.into(),
        audit_log_destination_id: Attr::Null,
        endpoint: found.endpoint.into(),
        log_format: found.log_format.as_str().to_owned().into(),
        skip_ssl_verification: found.skip_ssl_verification.into(),
        updated_at: found.updated_at.into(),
        ..known.clone()
    }
}
