//! `konnect_audit_log_destination`: where audit events are sent (API description v3, `audit-log-destinations`).

use std::time::{Duration, Instant};

use konnect::{
    CreateError, CreatedDestination, DestinationChanges, DestinationId, Duplicates, Error, NewDestination,
    RepeatSchedule, is_same_url, sentence, v3,
};
use terraform_plugin::{
    Attr, CreateCall, DeleteCall, Diagnostic, Diagnostics, ImportCall, ImportTarget, MoveSource, PlanCall,
    Private, ReadCall, Resource, TrackedResource, UpdateCall, ValidateCall,
};

use crate::credential::endpoint;
use crate::credential::{self, CredentialTracker, Required, SendDecision, WriteError};
use crate::destination::{Model, state_id};
use crate::destination::{messages, users};
use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::values::argument;
use crate::run::{kong, time};

/// The time limit for the deletion of a destination whose creation no state records. The process ends after it.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a deletion waits for a webhook that uses the destination to move to another one.
const MOVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The resource `konnect_audit_log_destination`.
pub(crate) struct AuditLogDestination;

impl Resource for AuditLogDestination {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_destination"
    }

    fn validate(&self, call: &mut ValidateCall<Model>) -> Result<(), Diagnostics> {
        let (url, diagnostics) = (call.config.url(), &mut call.diagnostics);
        url.validate(diagnostics);
        if url.is_unset() {
            diagnostics.push(
                Diagnostic::error(
                    "Missing endpoint",
                    "Set endpoint, or endpoint_wo for a URL that is a secret, to the URL that receives the events.",
                )
                .at("endpoint"),
            );
        }
        credential::validate(call.config.credential(), diagnostics);
        Ok(())
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, config) = (call.data, &call.config);
        let prior = call.state.as_ref().map(Model::url);
        call.planned.endpoint_host = config.url().plan(
            prior,
            &mut call.private,
            call.planned_private.as_ref(),
            &mut call.diagnostics,
        );
        let Some(prior) = &call.state else {
            CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift)
                .after(call.planned_private.as_ref())
                .plan_creation(&mut call.diagnostics);
            messages::plan_creation(run, config, &call.planned, &mut call.diagnostics).await;
            return Ok(());
        };
        let mut tracker = CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift)
            .after(call.planned_private.as_ref());
        let send = tracker.plan(
            "destination",
            prior.credential(),
            Required::No,
            &mut call.diagnostics,
        );
        // Any change moves the time, also a change that no argument shows.
        if !config.endpoint_wo.is_null() && config.endpoint_wo_version.is_null() && call.planned != *prior {
            // The value can be another one at apply, and the change would then send it.
            call.planned.endpoint_host = Attr::Unknown;
        }
        if send != SendDecision::No || call.planned != *prior {
            call.planned.updated_at = Attr::Unknown;
        }
        Ok(())
    }

    async fn plan_delete(&self, call: &mut DeleteCall<'_, Self>) {
        if let Some(Ok(id)) = call.state.id.known().map(|id| DestinationId::parse(id))
            && let Some(warning) = call.data.plan_removal(&id)
        {
            call.diagnostics.push(warning);
        }
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, config, planned) = (call.data, &call.config, &call.planned);
        let client = run.client()?;
        let region = run.regions.organization();
        let new = NewDestination {
            settings: planned.settings(config.url().to_create(&planned.endpoint_host)?)?,
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
            .map_err(|error| create_failed(&error, config))?;
        run.destination_created(&destination.id);
        endpoint::record(
            &mut call.private,
            config.url(),
            Some(&new.settings.endpoint),
            true,
        );
        call.partial_state = Some(planned.with(destination.clone(), &call.private));
        if duplicates != Duplicates::None {
            call.diagnostics
                .push(messages::left_behind(&duplicates, &destination.id));
        }
        let mut tracker = CredentialTracker::new(config.credential(), &mut call.private, run.detects_drift);
        tracker.created(&mut call.diagnostics);
        if adopted {
            call.diagnostics.push(messages::adopted(&destination.id));
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
                        .push(messages::credential_uncertain(&destination.id, &error));
                }
            }
        }
        Ok(planned.with(destination, &call.private))
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let (run, known) = (call.data, &call.state);
        if let Some(warning) = run.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known.clone()));
        }
        let (client, cache, region) = (run.client()?, run.cache()?, run.regions.organization());
        let Some(id) = state_id(known, &mut call.diagnostics)? else {
            return Ok(None);
        };
        let failed = |error: Error| match error {
            error if error.is_not_found() => Ok(None),
            error => Err(api_error(&error)),
        };
        let found = match cache.destination(&id).await {
            Ok(found) => found,
            Err(error) => return failed(error),
        };
        let applied = endpoint::applied(&call.private);
        let mut tracker = CredentialTracker::new(known.credential(), &mut call.private, run.detects_drift);
        let found = tracker
            .observe(
                "destination",
                known.last_change(),
                found,
                || v3::get_destination(client, &region, &id),
                |found| known.equals(found, applied.as_ref()),
                &mut call.diagnostics,
            )
            .await;
        let found = match found {
            Ok(found) => found,
            Err(error) => return failed(error),
        };
        endpoint::observe(&mut call.private, &found.endpoint);
        let mut state = known.with(found, &call.private);
        state.updated_at = time::refreshed(&known.updated_at, state.updated_at);
        credential::clear_after_outside_change(&call.private, &mut state.authorization);
        Ok(Some(state))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (run, prior, planned) = (call.data, &call.state, &call.planned);
        let client = run.client()?;
        let region = run.regions.organization();
        let id = argument(prior.id.require("id")?, "id", DestinationId::parse)?;
        let changes = DestinationChanges {
            endpoint: call
                .config
                .url()
                .to_update(&prior.endpoint, &planned.endpoint, &call.private)?,
            ..planned.changes_from(prior)
        };
        let credential = planned.credential().to_apply(call.config.credential());
        let url = call.config.url();
        // Under `ignore_changes`: the credential must not go to the endpoint of another process or user.
        let ignored = match planned.endpoint.known() {
            Some(planned) => url
                .url()
                .is_some_and(|configured| !is_same_url(planned, &configured)),
            None => endpoint::is_changed(&call.private) && !endpoint::is_sent(&call.private),
        };
        if ignored {
            let host = planned
                .endpoint_host
                .known()
                .map_or("an unknown host", String::as_str);
            let kept = credential::keep(
                &mut call.private,
                "destination",
                &format!("an endpoint on {host}"),
            );
            call.diagnostics.extend(kept);
        }
        // A credential goes with its endpoint, so that it reaches no other one.
        let beside = url.beside_credential(&planned.endpoint, &call.private);
        let applied = endpoint::applied(&call.private);
        let mut tracker = CredentialTracker::new(credential, &mut call.private, run.detects_drift);
        let written = tracker.write(
            prior.last_change(),
            !changes.is_empty(),
            || v3::get_destination(client, &region, &id),
            async |authorization| {
                let mut changes = changes.clone();
                if authorization.is_some() {
                    changes.endpoint = changes.endpoint.or_else(|| beside.clone());
                }
                changes.authorization = authorization;
                v3::update_destination(client, &region, &id, &changes).await
            },
            |now| planned.equals(now, applied.as_ref()),
            &mut call.diagnostics,
        );
        match written.await {
            Ok(written) => {
                endpoint::record(
                    &mut call.private,
                    call.config.url(),
                    changes.endpoint.as_deref(),
                    false,
                );
                Ok(planned.with(written.found, &call.private))
            }
            Err(WriteError::Value(diagnostic)) => Err(diagnostic.into()),
            Err(WriteError::Api(error)) => Err(credential::api_error(&error, credential)),
        }
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, region) = (call.data, call.data.regions.organization());
        let client = run.client()?;
        let Some(id) = state_id(&call.state, &mut call.diagnostics)? else {
            return Ok(());
        };
        let schedule = RepeatSchedule::DESTINATION_IN_USE;
        let (began, mut wait) = (Instant::now(), schedule.first_wait);
        loop {
            let error = match v3::delete_destination(client, &region, &id).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if error.is_conflict() => error,
                Err(error) => return Err(api_error(&error)),
            };
            let users = users::find(run, &id).await;
            // Konnect can respond with 409 for some time after a webhook no longer uses the destination.
            let limit = if users.is_empty() {
                schedule.limit
            } else {
                MOVE_TIMEOUT
            };
            let left = limit.saturating_sub(began.elapsed());
            if left.is_zero() || run.pause(wait.min(left)).await.is_none() {
                return Err(users::still_in_use(&id, &users, &error).into());
            }
            wait = wait.saturating_mul(2).min(schedule.longest_wait);
        }
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let run = call.data;
        let cache = run.cache()?;
        let id = match &call.target {
            ImportTarget::Id(text) => DestinationId::parse(text)
                .map_err(|error| Diagnostic::error("Invalid import id", sentence(&error)))?,
            ImportTarget::Identity(identity) => {
                argument(identity.id.require("id")?, "id", DestinationId::parse)?
            }
        };
        match cache.destination(&id).await {
            Ok(found) => Ok(Model::default().with(found, &call.private)),
            Err(error) if error.is_not_found() => Err(messages::not_found(&id, &error).into()),
            Err(error) => Err(api_error(&error)),
        }
    }

    fn moves_from(&self) -> &'static [&'static str] {
        &["konnect_audit_log_destination of kong/konnect"]
    }

    fn move_state(&self, source: &MoveSource) -> Result<Option<Model>, Diagnostics> {
        if !kong::is_source(source, self.type_name()) {
            return Ok(None);
        }
        Model::from_kong(&kong::State(&source.state)).map(Some)
    }
}

impl TrackedResource for AuditLogDestination {
    fn on_state_seen(&self, run: &RunState, state: &Model) {
        if let Some(Ok(id)) = state.id.known().map(|id| DestinationId::parse(id)) {
            run.destination_seen(id);
        }
    }

    async fn rollback_create(&self, run: &RunState, state: &Model, _: &Private) {
        let (Ok(client), Some(Ok(id))) = (run.client(), state.id.known().map(|id| DestinationId::parse(id)))
        else {
            return;
        };
        let (client, region) = (client.after_stop(), run.regions.organization());
        let removal = v3::delete_destination(&client, &region, &id);
        match tokio::time::timeout(ROLLBACK_TIMEOUT, removal).await {
            Ok(Ok(())) => {
                tracing::warn!(%id, "deleted a destination: rolled back, not saved to state");
            }
            Ok(Err(error)) if error.is_not_found() => {}
            _ => tracing::error!(%id, "a destination may exist that was not saved to state"),
        }
    }
}

/// The diagnostics for a creation that failed, or whose outcome is unknown.
fn create_failed(error: &CreateError, config: &Model) -> Diagnostics {
    match error {
        CreateError::Failed(error) => credential::api_error(error, config.credential()),
        error => messages::unresolved(error).into(),
    }
}
