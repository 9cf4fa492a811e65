//! `konnect_audit_log_destination`: where audit events are sent (API description v3, `audit-log-destinations`).

use std::time::Duration;

use async_trait::async_trait;
use konnect::{
    CreateError, CreatedDestination, DestinationChanges, DestinationId, DestinationSettings, Duplicates,
    Error, LogFormat, NewDestination, Region, RepeatSchedule, repeat_while, v3,
};
use terraform_plugin::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, IdentityAttribute, ImportCall,
    ImportTarget, MoveSource, PlanCall, ReadCall, Resource, Schema, UpdateCall, Validator,
};

use crate::credential::{self, CredentialTracker, Required, SendDecision, WriteError};
use crate::destination::{Model, parse_id, state_id};
use crate::destination::{messages, uncertain, users};
use crate::run::RunState;
use crate::run::errors::FieldMap;
use crate::run::scope::region_from_state;
use crate::run::values::{changed_value, require};
use crate::run::{import_id, kong, validators};

/// The time limit for the deletion of a destination whose creation no state records. The process ends after it.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// The description of the import ID.
const IMPORT_ID: &str = "The import id of a destination is ID or REGION/ID, such as eu/ID.";

/// The resource `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestination;

#[async_trait]
impl Resource for AuditLogDestination {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    fn schema(&self) -> Schema {
        let [authorization, authorization_wo, authorization_wo_version] = credential::attributes(
            "Value of the `Authorization` header that Konnect sends to the endpoint, including the scheme, for example \
             `Bearer ...` or `Splunk ...`. It is stored in the state; `authorization_wo` is not. Exactly one of the two \
             is required to create a destination. If both are omitted for an existing destination, its credential is not \
             managed and stays as it is.",
        );
        Schema::new(
            "An audit log destination: an HTTPS endpoint, usually the collector of a SIEM, with the credential and the \
             format that Konnect uses to deliver audit events. A destination receives no events by itself: a \
             `konnect_audit_log_webhook` connects a region to it.\n\n\
             All arguments except `region` are changed in place, without a gap in the stream. Konnect does not delete a \
             destination that a webhook uses: the deletion waits up to 60 seconds until it is unused.",
            [
                Attribute::string("id")
                    .computed()
                    .use_state_for_unknown()
                    .description("Id of the destination, a UUID that Konnect assigns."),
                Attribute::string("region")
                    .optional()
                    .computed()
                    .use_state_for_unknown()
                    .requires_replace()
                    .validator(validators::region())
                    .description(
                        "Region whose host stores the destination. A change forces a new destination: if a webhook uses \
                         it, apply `create_before_destroy` in `lifecycle` first. Default: the one region that a \
                         `server_url` without `{region}` serves, else the region of an existing destination, else \
                         `global`, where Kong's guide stores destinations.",
                    ),
                Attribute::string("name").required().validator(Validator::not_blank()).description(
                    "Display name, not blank. Konnect allows several destinations with the same name.",
                ),
                Attribute::string("endpoint")
                    .required()
                    .validator(validators::endpoint())
                    .redact_parts(validators::secret_parts)
                    .description(
                        "HTTPS URL that Konnect sends batches of audit events to. The firewall of the receiver must allow \
                         Konnect's addresses. It is stored in the state in clear text, even where it contains a secret, \
                         as with Sumo Logic.",
                    ),
                authorization,
                authorization_wo,
                authorization_wo_version,
                Attribute::string("log_format")
                    .optional()
                    .default(validators::DEFAULT_LOG_FORMAT)
                    .validator(Validator::one_of(validators::LOG_FORMATS))
                    .description(
                        "Format of the events: `cef` (ArcSight Common Event Format), `json`, or `cps` (CrowdStrike \
                         Parsing Standard). Default: `cef`.",
                    ),
                Attribute::bool("skip_ssl_verification")
                    .optional()
                    .default(false)
                    .validator(validators::skips_verification())
                    .description(
                        "Whether Konnect accepts any certificate of the endpoint. If true, deliveries and the credential \
                         can be intercepted: use it only for self-signed certificates outside production. Default: false.",
                    ),
                Attribute::string("created_at")
                    .computed()
                    .use_state_for_unknown()
                    .description("Time of the creation by Konnect's clock, RFC 3339."),
                Attribute::string("updated_at").computed().description(
                    "Time of the last change by Konnect's clock. Kong documents the value before the first change as \
                     `0001-01-01T00:00:0Z`, which is not a valid time. The provider treats it as text.",
                ),
            ],
        )
        .identity(&[
            IdentityAttribute { name: "id", required_for_import: true },
            IdentityAttribute { name: "region", required_for_import: false },
        ])
    }

    fn on_state_seen(&self, run: &RunState, state: &Model) {
        if let Some(Ok(id)) = state.id.known().map(|id| DestinationId::parse(id)) {
            run.destination_seen(id);
        }
    }

    fn validate(&self, config: &Model, diagnostics: &mut Diagnostics) {
        credential::validate(config.credential(), diagnostics);
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) {
        let (run, config) = (call.provider, &call.config);
        let prior_region = call.prior.as_ref().map(|prior| &prior.region);
        match run.regions.destination(&config.region, prior_region) {
            Ok(region) => call.planned.region = region,
            Err(error) => return call.diagnostics.push(error),
        }
        let Some(prior) = &call.prior else {
            if config.credential().is_unset() {
                return call.diagnostics.push(credential::missing());
            }
            if let Some(planned) = call.planned.complete() {
                messages::warn(run, planned, &mut call.diagnostics).await;
            }
            return;
        };
        if prior.region.is_null() {
            // Kong's provider stores times in another form, which the first read replaces.
            call.planned.created_at = Attr::Unknown;
        }
        let mut tracker = CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift);
        let send = tracker.plan(
            "destination",
            prior.credential(),
            Required::No,
            &mut call.diagnostics,
        );
        if send != SendDecision::No {
            call.planned.updated_at = Attr::Unknown;
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config, planned) = (call.provider, &call.config, &call.planned);
        let client = run.client()?;
        let region = require(run.regions.destination(&planned.region, None)?, "region")?;
        let new = NewDestination {
            settings: DestinationSettings {
                name: require(planned.name.clone(), "name")?,
                endpoint: require(planned.endpoint.clone(), "endpoint")?,
                log_format: LogFormat::from(require(planned.log_format.clone(), "log_format")?.as_str()),
                skip_ssl_verification: planned.skip_ssl_verification.known().copied().unwrap_or_default(),
            },
            authorization: credential::configured(config.credential())?,
        };
        let CreatedDestination {
            mut destination,
            adopted,
            duplicates,
        } = run
            .creations
            .create_destination(client, &region, &new, |id| run.knows_destination(id))
            .await
            .map_err(|error| self.create_failed(&error, &region, config))?;
        run.destination_created(&destination.id);
        call.partial_state = Some(planned.with(destination.clone(), region.clone()));
        if duplicates != Duplicates::None {
            call.diagnostics
                .push(uncertain::left_behind(&duplicates, &destination.id, &region));
        }
        let mut tracker = CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift);
        tracker.created();
        if adopted {
            // Another process or user may have created it with another credential.
            let changes = DestinationChanges {
                authorization: Some(new.authorization),
                ..DestinationChanges::default()
            };
            match v3::update_destination(client, &region, &destination.id, &changes).await {
                Ok(updated) => destination = updated,
                Err(error) => {
                    tracker.mark_write_uncertain();
                    call.diagnostics
                        .push(uncertain::credential_uncertain(&destination.id, &error));
                }
            }
        }
        Ok(planned.with(destination, region))
    }

    async fn rollback_create(&self, run: &RunState, state: &Model) {
        let (Ok(client), Attr::Known(region), Some(Ok(id))) = (
            run.client(),
            &state.region,
            state.id.known().map(|id| DestinationId::parse(id)),
        ) else {
            return;
        };
        let client = client.after_stop();
        let removal = v3::delete_destination(&client, region, &id);
        match tokio::time::timeout(ROLLBACK_TIMEOUT, removal).await {
            Ok(Ok(())) => {
                tracing::warn!(%region, %id, "deleted a destination: rolled back, not saved to state");
            }
            Ok(Err(error)) if error.is_not_found() => {}
            _ => tracing::error!(%region, %id, "a destination may exist that was not saved to state"),
        }
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let (run, known) = (call.provider, &call.state);
        if let Some(warning) = run.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known.clone()));
        }
        // The state of another provider does not contain the region: the configuration sets it.
        let Attr::Known(region) = known.region.clone() else {
            return Ok(Some(known.clone()));
        };
        let (client, cache) = (run.client()?, run.cache()?);
        let Some(id) = state_id(known, &mut call.diagnostics)? else {
            return Ok(None);
        };
        let failed = |error: Error| match error {
            error if error.is_not_found() => Ok(None),
            error => Err(self.failed(&error)),
        };
        let found = match cache.destination(&region, &id).await {
            Ok(found) => found,
            Err(error) => return failed(error),
        };
        let mut tracker = CredentialTracker::new(known.credential(), &mut call.private, run.detects_drift);
        let found = tracker
            .observe(
                "destination",
                &known.updated_at,
                found,
                || v3::get_destination(client, &region, &id),
                |found| known.equals(found),
                &mut call.diagnostics,
            )
            .await;
        let found = match found {
            Ok(found) => found,
            Err(error) => return failed(error),
        };
        let mut state = known.with(found, region);
        credential::clear_after_outside_change(&call.private, &mut state.authorization);
        Ok(Some(state))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, prior, planned) = (call.provider, &call.prior, &call.planned);
        let client = run.client()?;
        let region = require(planned.region.clone(), "region")?;
        let id = parse_id(&require(prior.id.clone(), "id")?)?;
        let changes = DestinationChanges {
            name: changed_value(&prior.name, &planned.name),
            endpoint: changed_value(&prior.endpoint, &planned.endpoint),
            authorization: None,
            log_format: changed_value(&prior.log_format, &planned.log_format)
                .map(|f| LogFormat::from(f.as_str())),
            skip_ssl_verification: changed_value(
                &prior.skip_ssl_verification,
                &planned.skip_ssl_verification,
            ),
        };
        let credential = planned.credential().to_apply(call.config.credential());
        // Kong's provider stores times in another form, which cannot be compared.
        let before = if prior.region.is_null() {
            Attr::Unknown
        } else {
            prior.updated_at.clone()
        };
        let mut tracker = CredentialTracker::new(credential, &mut call.private, run.detects_drift);
        let written = tracker.write(
            &before,
            !changes.is_empty(),
            || v3::get_destination(client, &region, &id),
            async |authorization| {
                let changes = DestinationChanges {
                    authorization,
                    ..changes.clone()
                };
                v3::update_destination(client, &region, &id, &changes).await
            },
            |now| planned.equals(now),
            &mut call.diagnostics,
        );
        match written.await {
            Ok(found) => Ok(planned.with(found, region)),
            Err(WriteError::Value(diagnostic)) => Err(diagnostic.into()),
            Err(WriteError::Api(error)) => Err(FieldMap::of(&self.schema())
                .with_credential(credential)
                .diagnose(&error)),
        }
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let run = call.provider;
        let client = run.client()?;
        let region = region_from_state(&call.state.region)?;
        let Some(id) = state_id(&call.state, &mut call.diagnostics)? else {
            return Ok(());
        };
        // Konnect can respond with 409 for some time after a webhook no longer uses the destination.
        let schedule = RepeatSchedule::DESTINATION_IN_USE;
        let delete = || v3::delete_destination(client, &region, &id);
        match repeat_while(client, schedule, Error::is_conflict, delete).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) if error.is_conflict() => Err(users::still_in_use(run, &id, &error).await.into()),
            deleted => deleted.map_err(|error| self.failed(&error)),
        }
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let cache = call.provider.cache()?;
        let (region, id) = match &call.target {
            ImportTarget::Id(text) => import_id::parse(text, IMPORT_ID, DestinationId::parse)?,
            ImportTarget::Identity(identity) => (
                identity.region.clone(),
                parse_id(&require(identity.id.clone(), "id")?)?,
            ),
        };
        let region = require(call.provider.regions.destination(&region, None)?, "region")?;
        match cache.destination(&region, &id).await {
            Ok(found) => Ok(Model::default().with(found, region)),
            Err(error) if error.is_not_found() => Err(Diagnostic::error(
                "Destination not found",
                format!(
                    "Region {region} does not have the audit log destination {id}. If another region has it, use REGION/ID as \
                     the import id.\n\n{error}"
                ),
            )
            .into()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["konnect_audit_log_destination of kong/konnect"]
    }

    fn move_state(&self, source: &MoveSource) -> Option<Result<Model, Diagnostics>> {
        kong::is_source(source, self.type_name()).then(|| Model::from_kong(&kong::State(&source.state)))
    }
}

impl AuditLogDestination {
    fn failed(&self, error: &Error) -> Diagnostics {
        FieldMap::of(&self.schema()).diagnose(error)
    }

    /// The diagnostics for a creation that failed, or whose outcome is unknown.
    fn create_failed(&self, error: &CreateError, region: &Region, config: &Model) -> Diagnostics {
        match error {
            CreateError::Failed(error) => FieldMap::of(&self.schema())
                .with_credential(config.credential())
                .diagnose(error),
            error => uncertain::unresolved(error, region).into(),
        }
    }
}
