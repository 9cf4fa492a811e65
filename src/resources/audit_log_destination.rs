//! `konnect_audit_log_destination`: where audit events are sent (API description v3, `audit-log-destinations`).

use std::time::Duration;

use async_trait::async_trait;
use konnect::{
    CreateError, CreatedDestination, Destination, DestinationChanges, DestinationId, Duplicates, Error,
    LogFormat, NewDestination, Region, RepeatSchedule, sentence, v3,
};
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Attr, Attribute, CreateCall, DeleteCall, Diagnostic, Diagnostics, IdentityAttribute, ImportCall,
    ImportTarget, MoveSource, PlanCall, ReadCall, Resource, Schema, Secret, UpdateCall, Validator,
};

use crate::credential::{self, CredentialArguments, CredentialTracker, Required, SendDecision, WriteError};
use crate::field_map::FieldMap;
use crate::planned::{changed_value, require};
use crate::run_state::RunState;
use crate::scope::region_from_state;
use crate::{duplicate_guard, kong_migration, validators};

/// The time limit for deleting a destination whose creation reached no state. The process ends after it.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the webhooks that use a destination are looked for.
const USERS_TIMEOUT: Duration = Duration::from_secs(10);

/// The resource `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestination;

/// Configuration, plan and state of a destination.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    /// Text, since a state can hold an id that Konnect never gave.
    id: Attr<String>,
    region: Attr<Region>,
    name: Attr<String>,
    endpoint: Attr<String>,
    authorization: Attr<Secret>,
    authorization_wo: Attr<Secret>,
    authorization_wo_version: Attr<i64>,
    log_format: Attr<String>,
    skip_ssl_verification: Attr<bool>,
    created_at: Attr<String>,
    updated_at: Attr<String>,
}

impl Model {
    fn credential(&self) -> CredentialArguments<'_> {
        CredentialArguments {
            stored: &self.authorization,
            write_only: &self.authorization_wo,
            version: &self.authorization_wo_version,
        }
    }

    /// The credential of an apply: what is planned, and what no plan holds.
    fn credential_to_apply<'a>(&'a self, config: &'a Self) -> CredentialArguments<'a> {
        CredentialArguments {
            write_only: &config.authorization_wo,
            ..self.credential()
        }
    }

    /// The state that an answer of the API makes of what is known.
    pub(crate) fn with(&self, found: Destination, region: Region) -> Self {
        // The API may return the id in other letter case: the state keeps its own.
        let id = self
            .id
            .known()
            .filter(|id| id.eq_ignore_ascii_case(found.id.as_str()));
        Self {
            id: id.map_or_else(|| found.id.to_string(), Clone::clone).into(),
            region: region.into(),
            name: found.name.into(),
            endpoint: found.endpoint.into(),
            log_format: found.log_format.as_str().to_owned().into(),
            skip_ssl_verification: found.skip_ssl_verification.into(),
            created_at: found.created_at.into(),
            updated_at: found.updated_at.into(),
            ..self.clone()
        }
    }

    /// Whether an answer of the API shows all that is known here, times aside.
    fn equals(&self, found: &Destination) -> bool {
        self.name.known() == Some(&found.name)
            && self.endpoint.known() == Some(&found.endpoint)
            && self.log_format.known().map(String::as_str) == Some(found.log_format.as_str())
            && self.skip_ssl_verification.known() == Some(&found.skip_ssl_verification)
    }
}

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
                        "Region whose host stores the destination. A change forces a new destination: set \
                         `create_before_destroy` in `lifecycle` if a webhook uses it. Default: the region of an existing \
                         destination, else the one region that a `server_url` without `{region}` serves, else `global`, \
                         where Kong's guide stores destinations.",
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
                         Konnect's addresses; Kong also delivers over port 8071. It is stored in the state in clear text, \
                         even where it contains a secret, as with Sumo Logic.",
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
                    "Time of the last change by Konnect's clock. Before the first change it is `0001-01-01T00:00:0Z`, \
                     which is not a valid time.",
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
            if config.authorization.is_null() && config.authorization_wo.is_null() {
                call.diagnostics.push(credential::missing());
            }
            if let (
                Attr::Known(region),
                Attr::Known(name),
                Attr::Known(endpoint),
                Attr::Known(format),
                Attr::Known(skip),
            ) = (
                &call.planned.region,
                &call.planned.name,
                &call.planned.endpoint,
                &call.planned.log_format,
                &call.planned.skip_ssl_verification,
            ) {
                let planned = duplicate_guard::Planned {
                    region,
                    name,
                    endpoint,
                    log_format: LogFormat::from(format.as_str()),
                    skip_ssl_verification: *skip,
                };
                duplicate_guard::warn(run, planned, &mut call.diagnostics).await;
            }
            return;
        };
        if prior.region.is_null() {
            // Kong's provider writes times in another form: the first read replaces it.
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
            name: require(planned.name.clone(), "name")?,
            endpoint: require(planned.endpoint.clone(), "endpoint")?,
            authorization: credential::configured(config.credential())?,
            log_format: LogFormat::from(require(planned.log_format.clone(), "log_format")?.as_str()),
            skip_ssl_verification: planned.skip_ssl_verification.clone().into_known(),
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
                .push(left_behind(&duplicates, &destination.id, &region));
        }
        let mut tracker = CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift);
        tracker.created();
        if adopted {
            // Another process may have created it, with another credential.
            let changes = DestinationChanges {
                authorization: Some(new.authorization),
                ..DestinationChanges::default()
            };
            match v3::update_destination(client, &region, &destination.id, &changes).await {
                Ok(updated) => destination = updated,
                Err(error) => {
                    tracker.mark_write_uncertain();
                    call.diagnostics
                        .push(credential_uncertain(&destination.id, &error));
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
        // The state of another provider does not hold the region: the configuration sets it.
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
        let credential = planned.credential_to_apply(&call.config);
        // Kong's provider writes times in another form, which can't be compared.
        let before = if prior.region.is_null() {
            Attr::Null
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
        // Konnect can answer 409 for a while after a webhook has let go of the destination.
        let schedule = RepeatSchedule::DESTINATION_IN_USE;
        match v3::delete_destination_when_unused(client, &region, &id, schedule).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) if error.is_conflict() => Err(still_in_use(run, &id, &error).await.into()),
            deleted => deleted.map_err(|error| self.failed(&error)),
        }
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let cache = call.provider.cache()?;
        let (region, id) = match &call.target {
            ImportTarget::Id(text) => parse_import_id(text)?,
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
        kong_migration::is_source(source, self.type_name()).then(|| {
            let state = kong_migration::State(&source.state);
            let id = state.text("id").unwrap_or_default();
            let id = DestinationId::parse(&id)
                .map_err(|e| Diagnostic::error("State can't be moved", sentence(&e)).at("id"))?;
            Ok(Model {
                id: id.to_string().into(),
                name: state.text("name").into(),
                endpoint: state.text("endpoint").into(),
                authorization: state.text("authorization").map(Secret::from).into(),
                log_format: state.text("log_format").into(),
                skip_ssl_verification: state.truth("skip_ssl_verification").into(),
                created_at: state.text("created_at").into(),
                updated_at: state.text("updated_at").into(),
                ..Model::default()
            })
        })
    }
}

impl AuditLogDestination {
    fn failed(&self, error: &Error) -> Diagnostics {
        FieldMap::of(&self.schema()).diagnose(error)
    }

    /// A creation that failed, or whose response was lost for good.
    fn create_failed(&self, error: &CreateError, region: &Region, config: &Model) -> Diagnostics {
        let summary = match error {
            CreateError::Failed(error) => {
                return FieldMap::of(&self.schema())
                    .with_credential(config.credential())
                    .diagnose(error);
            }
            CreateError::Unknown { .. } | CreateError::GivenUp { .. } => "Destination may have been created",
            CreateError::Several { .. } | CreateError::Taken { .. } => {
                "Destination was created, but which one is not certain"
            }
        };
        let detail = format!(
            "{error}\n\nCheck the destinations of region {region} in the Konnect console. If this creation made one, \
             import it (import id {region}/ID) or delete it. Then run again."
        );
        Diagnostic::error(summary, detail).into()
    }
}

/// The id of a state, or nothing and a warning where Konnect can't have such an object.
fn state_id(state: &Model, diagnostics: &mut Diagnostics) -> Result<Option<DestinationId>, Diagnostic> {
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

/// `ID` or `REGION/ID`.
fn parse_import_id(text: &str) -> Result<(Attr<Region>, DestinationId), Diagnostic> {
    let (region, id) = text
        .split_once('/')
        .map_or((None, text), |(region, id)| (Some(region), id));
    let invalid = |reason: String| {
        let detail = format!("{reason} Use the import id ID or REGION/ID, for example eu/ID.");
        Diagnostic::error("Invalid import id", detail)
    };
    let region = region
        .map(Region::parse)
        .transpose()
        .map_err(|e| invalid(sentence(&e)))?;
    let id = DestinationId::parse(id).map_err(|e| invalid(sentence(&e)))?;
    Ok((region.into(), id))
}

fn parse_id(text: &str) -> Result<DestinationId, Diagnostic> {
    DestinationId::parse(text).map_err(|e| Diagnostic::error("Invalid destination id", sentence(&e)).at("id"))
}

/// The error that a destination is in use, with the webhooks that use it.
async fn still_in_use(run: &RunState, id: &DestinationId, error: &Error) -> Diagnostic {
    let mut users = Vec::new();
    let search = async {
        // Also where the wait ended because the run was stopped.
        let Ok(client) = run.client().map(konnect::Client::after_stop) else {
            return;
        };
        for region in run.regions.known() {
            let webhook = v3::get_webhook(&client, &region).await;
            if webhook.is_ok_and(|webhook| webhook.audit_log_destination_id.as_ref() == Some(id)) {
                users.push(region.to_string());
            }
        }
    };
    let _ = tokio::time::timeout(USERS_TIMEOUT, search).await;
    let users = match users.as_slice() {
        [] => "A webhook uses it that was not found; it can belong to a Dev Portal.".to_owned(),
        users => format!(
            "The webhook of each of these regions uses it: {}.",
            users.join(", ")
        ),
    };
    Diagnostic::error(
        "Destination is still in use",
        format!(
            "Konnect does not delete the destination {id} while a webhook uses it. {users}\n\n\
             If this run replaces, renames or removes a destination and moves its webhook to another one: Terraform deletes \
             the destination first, unless create_before_destroy = true is set in its lifecycle block and applied. Set it, \
             or move the webhook with a run of its own (-target). Otherwise remove that webhook first, or connect it to \
             another destination: check the konnect_audit_log_webhook resources of other configurations, and the webhooks \
             in the Konnect console.\n\n{error}"
        ),
    )
}

/// The warning that a creation whose response was lost may have left another destination behind.
fn left_behind(duplicates: &Duplicates, ours: &DestinationId, region: &Region) -> Diagnostic {
    let others = match duplicates {
        Duplicates::Found(ids) => {
            let ids = ids
                .iter()
                .map(DestinationId::as_str)
                .collect::<Vec<_>>()
                .join(", ");
            format!("An equal destination was created in the meantime: {ids}")
        }
        Duplicates::None | Duplicates::Unknown => {
            "Whether the first attempt created another destination could not be determined".to_owned()
        }
    };
    Diagnostic::warning(
        "Another destination of this name may have been created",
        format!(
            "Konnect did not respond to the creation at first, so it was repeated. {others}. This resource is the \
             destination {ours} in region {region}. Check the Konnect console for others of its name, and delete \
             duplicates you do not recognise."
        ),
    )
}

fn credential_uncertain(id: &DestinationId, error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Credential of the destination is not certain",
        format!(
            "The response to the creation was lost, and the destination {id} was found afterwards. Sending its credential \
             once more failed. The next plan sends it again.\n\n{error}"
        ),
    )
}
