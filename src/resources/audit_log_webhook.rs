//! `konnect_audit_log_webhook`: the audit log stream of a region (API descriptions v2 and v3,
//! `audit-log-webhook`).

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use konnect::{Client, DestinationId, EndpointWebhookChanges, Region, v2, v3};
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Attr, CreateCall, DeleteCall, Diagnostic, Diagnostics, ImportCall, ImportTarget, MoveSource, PlanCall,
    ReadCall, Resource, Schema, Secret, UpdateCall,
};

use crate::authorization::{self, Arguments, Send};
use crate::connection::{Connection, inherit_prior_region};
use crate::errors::diagnose;
use crate::resources::audit_log_destination::{region_from_state, require};
use crate::{kong_migration, take_over, validators};

mod change;
mod found;
mod schema;

use self::change::Change;

/// The attributes that the API may name in an error.
const ATTRIBUTES: &[&str] = &[
    "region",
    "enabled",
    "audit_log_destination_id",
    "endpoint",
    "authorization",
    "log_format",
    "skip_ssl_verification",
];

/// The private state: the mark by which a webhook is told from another one of the same region. A process may
/// outlive the run that sets a webhook up, as with `terraform test`, and then removes that very webhook.
const MARK: &str = "mark";

/// How long it may take at most to take a creation back. Nobody waits for it but the end of the process.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The type that Kong's provider has for it.
const KONG_TYPE: &str = "konnect_audit_log";

/// The resource `konnect_audit_log_webhook`.
#[derive(Default)]
pub(crate) struct AuditLogWebhook {
    /// The regions whose webhooks the host has in a state, as far as it has shown.
    held: Mutex<HashSet<Region>>,
}

/// Configuration, plan and state of a region's webhook, in either of its two forms.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    id: Attr<Region>,
    region: Attr<Region>,
    enabled: Attr<bool>,
    audit_log_destination_id: Attr<DestinationId>,
    endpoint: Attr<String>,
    authorization: Attr<Secret>,
    authorization_wo: Attr<Secret>,
    authorization_wo_version: Attr<i64>,
    detect_authorization_drift: Attr<bool>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    updated_at: Attr<String>,
    replace_existing: Attr<bool>,
}

/// The two forms of a webhook, each with an API version of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// v3: it delivers to a destination.
    Destination,
    /// v2: it holds its own endpoint.
    Endpoint,
    /// While planning: what decides is not known yet.
    Open,
}

impl Model {
    /// Which form is asked for, or is there.
    fn form(&self) -> Form {
        match (&self.audit_log_destination_id, &self.endpoint) {
            (Attr::Known(_), _) | (Attr::Unknown, Attr::Null) => Form::Destination,
            (Attr::Null, _) => Form::Endpoint,
            (Attr::Unknown, _) => Form::Open,
        }
    }

    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            stored: &self.authorization,
            write_only: &self.authorization_wo,
            version: &self.authorization_wo_version,
            detects: &self.detect_authorization_drift,
        }
    }

    /// What only a state of ours has, for one that comes from elsewhere.
    fn completed(mut self) -> Self {
        if self.replace_existing.is_null() {
            self.replace_existing = Attr::Known(false);
        }
        if self.detect_authorization_drift.is_null() && self.form() == Form::Endpoint {
            self.detect_authorization_drift = Attr::Known(true);
        }
        self
    }

    /// Plans the arguments whose defaults hang on the form.
    fn plan_defaults(&mut self, config: &Self) {
        let (log_format, off, on) = match config.form() {
            Form::Destination => (Attr::Null, Attr::Null, Attr::Null),
            Form::Endpoint => (
                Attr::Known(validators::DEFAULT_LOG_FORMAT.to_owned()),
                Attr::Known(false),
                Attr::Known(true),
            ),
            Form::Open => (Attr::Unknown, Attr::Unknown, Attr::Unknown),
        };
        self.log_format = or(&config.log_format, log_format);
        self.skip_ssl_verification = or(&config.skip_ssl_verification, off);
        self.detect_authorization_drift = or(&config.detect_authorization_drift, on);
    }

    /// The arguments that belong to an endpoint of its own, and whether they are set. One that is not known
    /// yet may turn out to be null.
    fn own_arguments(&self) -> [(&'static str, bool); 7] {
        [
            ("endpoint", self.endpoint.known().is_some()),
            ("authorization", self.authorization.known().is_some()),
            ("authorization_wo", self.authorization_wo.known().is_some()),
            (
                "authorization_wo_version",
                self.authorization_wo_version.known().is_some(),
            ),
            (
                "detect_authorization_drift",
                self.detect_authorization_drift.known().is_some(),
            ),
            ("log_format", self.log_format.known().is_some()),
            (
                "skip_ssl_verification",
                self.skip_ssl_verification.known().is_some(),
            ),
        ]
    }
}

#[async_trait]
impl Resource for AuditLogWebhook {
    type Data = Connection;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_webhook"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn on_state_seen(&self, state: &Model) {
        if let Attr::Known(region) = &state.region {
            self.held().insert(region.clone());
        }
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        match config.form() {
            Form::Destination if config.audit_log_destination_id.known().is_some() => {
                for (name, _) in config.own_arguments().into_iter().filter(|(_, set)| *set) {
                    let detail = format!(
                        "A webhook delivers either to a destination or to an endpoint of its own, and \"{name}\" \
                         belongs to the latter. Remove it, or audit_log_destination_id."
                    );
                    diagnostics.push(Diagnostic::error("Conflicting arguments", detail).at(name));
                }
            }
            Form::Endpoint if config.endpoint.is_null() => diagnostics.push(
                Diagnostic::error(
                    "No destination",
                    "Set audit_log_destination_id to the id of a konnect_audit_log_destination, or endpoint with \
                     authorization_wo or authorization for a webhook with an endpoint of its own.",
                )
                .at("audit_log_destination_id"),
            ),
            Form::Endpoint => {
                let why = "Konnect needs an authorization together with endpoint.";
                authorization::validate(config.arguments(), Some(why), diagnostics);
            }
            Form::Destination | Form::Open => {}
        }
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        match call.provider.region(&call.config.region) {
            Ok(region) => {
                let region = inherit_prior_region(
                    region,
                    &call.config.region,
                    call.prior.as_ref().map(|prior| &prior.region),
                );
                (call.planned.id, call.planned.region) = (region.clone(), region);
            }
            Err(error) => return call.diagnostics.push(error),
        }
        call.planned.plan_defaults(&call.config);
        call.keep_planned.extend([
            "log_format",
            "skip_ssl_verification",
            "detect_authorization_drift",
        ]);
        let form = call.config.form();
        if form == Form::Destination {
            call.planned.updated_at = Attr::Null;
            call.keep_planned.push("updated_at");
        }
        match &call.prior {
            None => self.guard(call).await,
            Some(prior) if form != Form::Destination => {
                let (config, prior) = (call.config.arguments(), prior.arguments());
                let found = &mut call.diagnostics;
                if authorization::plan("webhook", config, prior, &mut call.private, found) != Send::No {
                    call.planned.updated_at = Attr::Unknown;
                }
            }
            Some(_) => {}
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let region = require(call.provider.region(&call.planned.region)?, "region")?;
        let claim = call.provider.claim(&region);
        let mut set_up_here = claim.lock().await;
        if set_up_here.is_some() {
            return Err(take_over::set_up_twice(&region).into());
        }
        if call.planned.replace_existing != Attr::Known(true) {
            let occupant = take_over::occupant(client, &region).await;
            if let Some(occupant) = occupant.map_err(|e| diagnose(&e, ATTRIBUTES))? {
                return Err(take_over::occupied(&region, &occupant).into());
            }
        }
        let (config, planned) = (&call.config, &call.planned);
        let change = Change {
            client,
            region,
            config,
            prior: None,
            planned,
        };
        let created = change.create(&mut call.private, &mut call.diagnostics).await?;
        let mark = format!("{:016x}", fastrand::u64(..));
        call.private.set(MARK, &mark);
        *set_up_here = Some(mark);
        Ok(created)
    }

    /// The region was free before. Where it was not, because `replace_existing` says that this does not matter,
    /// there is no way back to what it had; and the next apply may set it up again. Another run may have set it
    /// up by now, since this one has lost its lock: what it has is looked at first.
    async fn rollback_create(&self, provider: &Connection, state: &Model) {
        let (Ok(client), Attr::Known(region)) = (provider.client(), &state.region) else {
            return;
        };
        if state.replace_existing == Attr::Known(true) {
            return;
        }
        let client = client.after_stop();
        let removal = async {
            let ours = is_still(&client, region, state).await?;
            if ours {
                remove(&client, region, state.form()).await?;
            }
            Ok::<_, konnect::Error>(ours)
        };
        match tokio::time::timeout(ROLLBACK_TIMEOUT, removal).await {
            Ok(Ok(true)) => {
                *provider.claim(region).lock().await = None;
                tracing::warn!(%region, "removed a webhook of which no state will tell");
            }
            Ok(Ok(false)) => {
                tracing::warn!(%region, "left a webhook that has been changed since to whoever did it");
            }
            _ => tracing::error!(%region, "a webhook may be left behind of which no state tells"),
        }
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let known = call.state.clone().completed();
        if let Some(warning) = call.provider.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known));
        }
        // Taken over from another provider: the configuration is still to tell the region.
        let Attr::Known(region) = known.region.clone() else {
            return Ok(Some(known));
        };
        let cache = call.provider.cache()?;
        let found = found::again(cache, &region, &known, &mut call.private).await;
        if matches!(found, Ok(None)) {
            self.held().remove(&region);
        }
        found.map_err(|e| diagnose(&e, ATTRIBUTES))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let region = require(call.planned.region.clone(), "region")?;
        let (config, planned) = (&call.config, &call.planned);
        let change = Change {
            client,
            region,
            config,
            prior: Some(&call.prior),
            planned,
        };
        change.set_up(&mut call.private).await
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let client = call.provider.client()?;
        let region = region_from_state(&call.state.region)?;
        let claim = call.provider.claim(&region);
        let mut set_up_here = claim.lock().await;
        if set_up_here.is_some() && *set_up_here != call.private.get(MARK) {
            // The new one came first and has overwritten this one: what is there now is not ours to remove.
            call.diagnostics.push(take_over::overwritten(&region));
            return Ok(());
        }
        match remove(client, &region, call.state.form()).await {
            Err(error) if !error.is_not_found() => Err(diagnose(&error, ATTRIBUTES)),
            _ => {
                self.held().remove(&region);
                *set_up_here = None;
                Ok(())
            }
        }
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let cache = call.provider.cache()?;
        let region = match &call.target {
            ImportTarget::Id(text) => Region::parse(text).map_err(|e| {
                let detail = format!(
                    "A webhook is imported by its region, such as eu. {}",
                    validators::sentence(&e)
                );
                Diagnostic::error("Invalid import id", detail)
            })?,
            ImportTarget::Identity(identity) => require(identity.region.clone(), "region")?,
        };
        let region = require(call.provider.region(&Attr::Known(region))?, "region")?;
        let none = Model::default();
        let mut found = found::with_destination(cache, &region, &none).await;
        if matches!(found, Ok(None)) {
            authorization::imported(&mut call.private);
            found = found::with_endpoint(cache, &region, &none).await;
        }
        let found = found.map_err(|e| diagnose(&e, ATTRIBUTES))?;
        found.map(Model::completed).ok_or_else(|| {
            Diagnostic::error(
                "Region has no webhook",
                format!(
                    "The audit log webhook of region {region} has not been set up, so that there is nothing to \
                     import. Remove the import: applying the resource sets the webhook up."
                ),
            )
            .into()
        })
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["konnect_audit_log of kong/konnect"]
    }

    /// Kong's resource is the v2 webhook of the region that its provider block named, which its state does
    /// not tell: the region stays open until the configuration tells it.
    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        let taken =
            kong_migration::is_source(source, KONG_TYPE) || kong_migration::is_renamed(source, KONG_TYPE);
        taken.then(|| {
            let state = kong_migration::State(&source.state);
            let Some(endpoint) = state.text("endpoint").filter(|endpoint| endpoint != "unconfigured") else {
                return Err(Diagnostic::error(
                    "State can't be taken over",
                    "The konnect_audit_log has no endpoint, so that there is no webhook to take over. Remove it \
                     from the state (a `removed` block with `destroy = false`) and create this resource instead.",
                )
                .into());
            };
            Ok(Model {
                enabled: state.truth("enabled").unwrap_or_default().into(),
                endpoint: endpoint.into(),
                authorization: state.text("authorization").map(Secret::from).into(),
                log_format: state.text("log_format").into(),
                skip_ssl_verification: state.truth("skip_ssl_verification").into(),
                updated_at: state.text("updated_at").into(),
                ..Model::default()
            }
            .completed())
        })
    }
}

impl AuditLogWebhook {
    /// Refuses a creation where the region delivers somewhere already. The plan tells it early; the change
    /// looks again.
    ///
    /// A replacement is planned as a creation too. So where this run has a webhook of the region in a state,
    /// the plan can't tell whether that is to go first, and only the change looks.
    async fn guard(&self, call: &mut PlanCall<'_, Self>) {
        let Attr::Known(region) = &call.planned.region else {
            return;
        };
        // An apply plans again what was not known before. By then another block may have had the region.
        if call.provider.claim(region).lock().await.is_some() {
            return call.diagnostics.push(take_over::set_up_twice(region));
        }
        let asked_to = !matches!(call.config.replace_existing, Attr::Null | Attr::Known(false));
        let Ok(client) = call.provider.client() else {
            return;
        };
        if asked_to || self.held().contains(region) {
            return;
        }
        match take_over::occupant(client, region).await {
            // The host may have handed over a state of the region meanwhile.
            Ok(Some(occupant)) if !self.held().contains(region) => {
                call.diagnostics.push(take_over::occupied(region, &occupant));
            }
            Ok(_) => {}
            Err(error) => call.diagnostics.append(diagnose(&error, ATTRIBUTES)),
        }
    }

    fn held(&self) -> MutexGuard<'_, HashSet<Region>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the region's webhook is what a state tells, so that nobody has written to it since.
async fn is_still(client: &Client, region: &Region, state: &Model) -> Result<bool, konnect::Error> {
    match state.form() {
        Form::Destination => v3::get_webhook(client, region)
            .await
            .map(|found| found.audit_log_destination_id.as_ref() == state.audit_log_destination_id.known()),
        Form::Endpoint | Form::Open => v2::get_webhook(client, region).await.map(|found| {
            found.endpoint.as_ref() == state.endpoint.known()
                && found.updated_at.as_ref() == state.updated_at.known()
        }),
    }
}

/// Removes a webhook, or switches it off where the API has no way to remove it.
async fn remove(client: &Client, region: &Region, form: Form) -> Result<(), konnect::Error> {
    match form {
        Form::Destination => v3::delete_webhook(client, region).await,
        Form::Endpoint | Form::Open => {
            let off = EndpointWebhookChanges {
                enabled: Some(false),
                ..<_>::default()
            };
            v2::update_webhook(client, region, &off).await.map(drop)
        }
    }
}

fn or<T: Clone>(given: &Attr<T>, otherwise: Attr<T>) -> Attr<T> {
    if given.is_null() { otherwise } else { given.clone() }
}
