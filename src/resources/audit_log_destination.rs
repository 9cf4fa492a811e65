//! `konnect_audit_log_destination`: where audit events are sent (API description v3,
//! `audit-log-destinations`).

use std::time::Duration;

use async_trait::async_trait;
use konnect::{
    Client, CreatedDestination, Destination, DestinationChanges, DestinationId, Duplicates, LogFormat,
    NewDestination, Region, v3,
};
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Attr, CreateCall, DeleteCall, Diagnostic, Diagnostics, ImportCall, ImportTarget, MoveSource, PlanCall,
    ReadCall, Resource, Schema, Secret, UpdateCall,
};

use crate::authorization::{self, Arguments, Send};
use crate::connection::{Connection, inherit_prior_region};
use crate::errors::diagnose;
use crate::{kong_migration, validators};

mod identical;
mod lost;
mod schema;

use self::identical::Held;
use self::lost::{left_behind, lost_or_failed};

/// The attributes that the API may name in an error.
const ATTRIBUTES: &[&str] = &[
    "region",
    "name",
    "endpoint",
    "authorization",
    "log_format",
    "skip_ssl_verification",
];

/// How long it may take at most to take a creation back. Nobody waits for it but the end of the process.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The resource `konnect_audit_log_destination`.
#[derive(Default)]
pub(crate) struct AuditLogDestination {
    held: Held,
}

/// Configuration, plan and state of a destination.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    id: Attr<DestinationId>,
    region: Attr<Region>,
    name: Attr<String>,
    endpoint: Attr<String>,
    authorization: Attr<Secret>,
    authorization_wo: Attr<Secret>,
    authorization_wo_version: Attr<i64>,
    detect_authorization_drift: Attr<bool>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    allow_identical: Attr<bool>,
    created_at: Attr<String>,
    updated_at: Attr<String>,
}

impl Model {
    fn arguments(&self) -> Arguments<'_> {
        Arguments {
            stored: &self.authorization,
            write_only: &self.authorization_wo,
            version: &self.authorization_wo_version,
            detects: &self.detect_authorization_drift,
        }
    }

    /// A state that an import or another provider made lacks what only we have.
    fn completed(mut self) -> Self {
        if self.detect_authorization_drift.is_null() {
            self.detect_authorization_drift = Attr::Known(true);
        }
        if self.allow_identical.is_null() {
            self.allow_identical = Attr::Known(false);
        }
        self
    }
}

#[async_trait]
impl Resource for AuditLogDestination {
    type Data = Connection;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn on_state_seen(&self, state: &Model) {
        if let Attr::Known(id) = &state.id {
            self.held.insert(id);
        }
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        let why = "Konnect needs an authorization for every destination.";
        authorization::validate(config.arguments(), Some(why), diagnostics);
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        match call.provider.destination_region(&call.config.region) {
            Ok(region) => {
                let prior = call.prior.as_ref().map(|prior| &prior.region);
                call.planned.region = inherit_prior_region(region, &call.config.region, prior);
            }
            Err(error) => call.diagnostics.push(error),
        }
        if let Some(prior) = &call.prior {
            if prior.region.is_null() {
                // Kong's provider writes times in its own way: the first read tells it as Konnect does.
                call.planned.created_at = Attr::Unknown;
            }
            let (config, prior) = (call.config.arguments(), prior.arguments());
            let send = authorization::plan(
                "destination",
                config,
                prior,
                &mut call.private,
                &mut call.diagnostics,
            );
            if send != Send::No {
                call.planned.updated_at = Attr::Unknown;
            }
        } else if let Some(refusal) = identical::refusal(call.provider, &self.held, &call.planned).await {
            call.diagnostics.push(refusal);
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let planned = &call.planned;
        let region = require(call.provider.destination_region(&planned.region)?, "region")?;
        let new = NewDestination {
            name: require(planned.name.clone(), "name")?,
            endpoint: require(planned.endpoint.clone(), "endpoint")?,
            authorization: authorization::configured(call.config.arguments())?.0,
            log_format: LogFormat::from(require(planned.log_format.clone(), "log_format")?.as_str()),
            skip_ssl_verification: planned.skip_ssl_verification.clone().into_known(),
        };
        if let Some(refusal) = identical::refusal(call.provider, &self.held, planned).await {
            return Err(refusal.into());
        }
        let CreatedDestination {
            destination,
            duplicates,
        } = call
            .provider
            .creations()
            .create_destination(client, &region, &new, |id| self.held.contains(id))
            .await
            .map_err(|e| authorization::on_given(call.config.arguments(), lost_or_failed(&e, &region)))?;
        call.partial_state = Some(state(destination.clone(), region.clone(), planned));
        self.held.insert(&destination.id);
        if duplicates != Duplicates::None {
            call.diagnostics
                .push(left_behind(&duplicates, &destination.id, &region));
        }
        let (config, updated_at) = (call.config.arguments(), destination.updated_at.as_deref());
        authorization::written(&mut call.private, config, true, updated_at);
        Ok(state(destination, region, planned))
    }

    async fn rollback_create(&self, provider: &Connection, state: &Model) {
        let (Ok(client), Attr::Known(region), Attr::Known(id)) =
            (provider.client(), &state.region, &state.id)
        else {
            return;
        };
        let client = client.after_stop();
        let removal = v3::delete_destination(&client, region, id);
        match tokio::time::timeout(ROLLBACK_TIMEOUT, removal).await {
            Ok(Ok(())) => tracing::warn!(%region, %id, "deleted a destination of which no state will tell"),
            Ok(Err(error)) if error.is_not_found() => {}
            _ => tracing::error!(%region, %id, "a destination may be left behind of which no state tells"),
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
        match cache
            .destination(&region, &require(known.id.clone(), "id")?)
            .await
        {
            Ok(found) => {
                authorization::observe(&mut call.private, found.updated_at.as_deref());
                Ok(Some(state(found, region, &known)))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(diagnose(&error, ATTRIBUTES)),
        }
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let client = call.provider.client()?;
        let (prior, planned) = (&call.prior, &call.planned);
        let region = require(planned.region.clone(), "region")?;
        let id = require(prior.id.clone(), "id")?;
        let mut changes = DestinationChanges {
            name: changed_value(&prior.name, &planned.name),
            endpoint: changed_value(&prior.endpoint, &planned.endpoint),
            authorization: authorization::to_send(call.config.arguments(), &call.private)?,
            log_format: changed_value(&prior.log_format, &planned.log_format)
                .map(|f| LogFormat::from(f.as_str())),
            skip_ssl_verification: changed_value(
                &prior.skip_ssl_verification,
                &planned.skip_ssl_verification,
            ),
        };
        let found = if changes.is_empty() {
            // Nothing of Konnect's changes; what was not told yet is read.
            v3::get_destination(client, &region, &id)
                .await
                .map_err(|e| diagnose(&e, ATTRIBUTES))?
        } else {
            let config = call.config.arguments();
            if changes.authorization.is_none() && authorization::looks_before_writing(config, &call.private) {
                let now = v3::get_destination(client, &region, &id).await;
                let now = now.map_err(|e| diagnose(&e, ATTRIBUTES))?;
                let seen = now.updated_at.clone();
                // If it is as planned already, this very change was made before, and its answer was lost.
                let made = same_delivery(&state(now, region.clone(), planned), planned);
                if !made && authorization::written_meanwhile(config, &call.private, seen.as_deref()) {
                    changes.authorization = Some(authorization::configured(config)?.0);
                }
            }
            let updated = v3::update_destination(client, &region, &id, &changes).await;
            if updated.as_ref().is_err_and(konnect::Error::may_have_happened) {
                authorization::in_doubt(&mut call.private);
            }
            let updated = updated
                .map_err(|e| authorization::on_given(call.config.arguments(), diagnose(&e, ATTRIBUTES)))?;
            let after = seen_after(
                client,
                &region,
                updated,
                authorization::written_by_others(&call.private),
            )
            .await;
            let sent = changes.authorization.is_some();
            let config = call.config.arguments();
            authorization::written(&mut call.private, config, sent, after.updated_at.as_deref());
            after
        };
        Ok(state(found, region, planned))
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let client = call.provider.client()?;
        let region = region_from_state(&call.state.region)?;
        let id = require(call.state.id.clone(), "id")?;
        match v3::delete_destination(client, &region, &id).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) if error.status() == Some(409) => Err(Diagnostic::error(
                "Destination is still in use",
                format!(
                    "A webhook still uses the destination {id}. Remove that webhook first, or point it at \
                     another destination: look for a konnect_audit_log_webhook in other configurations, and for \
                     webhooks set up in the Konnect console.\n\n{error}"
                ),
            )
            .into()),
            other => other.map_err(|e| diagnose(&e, ATTRIBUTES)),
        }
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let cache = call.provider.cache()?;
        let (region, id) = match &call.target {
            ImportTarget::Id(text) => parse_import_id(text)?,
            ImportTarget::Identity(identity) => {
                (identity.region.clone(), require(identity.id.clone(), "id")?)
            }
        };
        let region = require(call.provider.destination_region(&region)?, "region")?;
        match cache.destination(&region, &id).await {
            Ok(found) => {
                authorization::imported(&mut call.private);
                Ok(state(found, region, &Model::default().completed()))
            }
            Err(error) if error.is_not_found() => Err(Diagnostic::error(
                "No such destination",
                format!(
                    "Region {region} keeps no audit log destination {id}. If another region keeps it, give that as \
                     well: REGION/ID.\n\n{error}"
                ),
            )
            .into()),
            Err(error) => Err(diagnose(&error, ATTRIBUTES)),
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["konnect_audit_log_destination of kong/konnect"]
    }

    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        (kong_migration::is_source(source, self.type_name())).then(|| {
            let state = kong_migration::State(&source.state);
            let id = state.text("id").unwrap_or_default();
            let id = DestinationId::parse(&id).map_err(|e| {
                Diagnostic::error("State can't be taken over", validators::sentence(&e)).at("id")
            })?;
            Ok(Model {
                id: id.into(),
                name: state.text("name").into(),
                endpoint: state.text("endpoint").into(),
                authorization: state.text("authorization").map(Secret::from).into(),
                log_format: state.text("log_format").into(),
                skip_ssl_verification: state.truth("skip_ssl_verification").into(),
                created_at: state.text("created_at").into(),
                updated_at: state.text("updated_at").into(),
                ..Model::default()
            }
            .completed())
        })
    }
}

/// What reads will see from now on. After somebody else's write the time of ours counts as reads show
/// it, so that an API whose answers to writes and reads differ can't make every plan send again.
async fn seen_after(client: &Client, region: &Region, written: Destination, others: bool) -> Destination {
    if !others {
        return written;
    }
    v3::get_destination(client, region, &written.id)
        .await
        .unwrap_or(written)
}

/// `ID` or `REGION/ID`.
fn parse_import_id(text: &str) -> Result<(Attr<Region>, DestinationId), Diagnostic> {
    let (region, id) = match text.split_once('/') {
        Some((region, id)) => (Some(region), id),
        None => (None, text),
    };
    let invalid = |why: String| {
        let detail = format!("{why} Give the import id as ID or REGION/ID, for instance eu/ID.");
        Diagnostic::error("Invalid import id", detail)
    };
    let region = region
        .map(Region::parse)
        .transpose()
        .map_err(|e| invalid(validators::sentence(&e)))?;
    let id = DestinationId::parse(id).map_err(|e| invalid(validators::sentence(&e)))?;
    Ok((region.into(), id))
}

/// The state that an answer of the API makes, with what the API does not tell.
fn state(found: Destination, region: Region, known: &Model) -> Model {
    // The same id may come back in other letters: what the state has stays.
    let same = known.id.known().filter(|id| **id == found.id).cloned();
    Model {
        id: same.unwrap_or(found.id).into(),
        region: region.into(),
        name: found.name.into(),
        endpoint: found.endpoint.into(),
        log_format: found.log_format.as_str().to_owned().into(),
        skip_ssl_verification: found.skip_ssl_verification.into(),
        created_at: found.created_at.into(),
        updated_at: found.updated_at.into(),
        ..known.clone()
    }
}

/// Whether all that Konnect tells again is the same.
fn same_delivery(found: &Model, planned: &Model) -> bool {
    found.name == planned.name
        && found.endpoint == planned.endpoint
        && found.log_format == planned.log_format
        && found.skip_ssl_verification == planned.skip_ssl_verification
}

/// The region of an object that is to be removed. A state that was taken over from another provider does not
/// tell it before the first apply, and a guess could hit another object.
pub(crate) fn region_from_state(region: &Attr<Region>) -> Result<Region, Diagnostic> {
    region.known().cloned().ok_or_else(|| {
        Diagnostic::error(
            "Region is not known yet",
            "The state of this resource was taken over from another provider and does not tell the region, so that \
             what is to be removed is not certain. Apply the configuration with the resource in it once, which \
             writes its region into the state; then remove it.",
        )
    })
}

/// A value that an apply can't do without.
pub(crate) fn require<T>(value: Attr<T>, attribute: &'static str) -> Result<T, Diagnostic> {
    value.into_known().ok_or_else(|| {
        let detail = format!("\"{attribute}\" turned out to be null. Give it a value.");
        Diagnostic::error("Missing value", detail).at(attribute)
    })
}

/// The planned value, if it is another than before.
pub(crate) fn changed_value<T: Clone + PartialEq>(prior: &Attr<T>, planned: &Attr<T>) -> Option<T> {
    if prior == planned {
        None
    } else {
        planned.known().cloned()
    }
}
