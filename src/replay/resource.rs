//! `konnect_audit_log_replay_job`: sends the past audit events of a region or a Dev Portal again (API description v3,
//! `audit-log-replay-job`).
//!
//! Konnect stores only the latest job of each. It can be replaced, but not cancelled or deleted.

use konnect::{NewReplayJob, Region, ReplayJob, ReplayJobStatus};
use terraform_plugin::{
    Attr, CreateCall, DeleteCall, Diagnostic, Diagnostics, ImportCall, ImportTarget, PlanCall, ReadCall,
    Resource, UpdateCall, ValidateCall, Validator, foreign_text,
};

use crate::replay::window::{self, TimeRange};
use crate::replay::{self, Caller, DEFAULT_TIMEOUT, Failed, JobState, Replay, Silent};
use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::scope::{Scope, planned_id};
use crate::run::validators;
use crate::run::values::{fails_at_apply, time_of};

/// The status of a job that another one has replaced.
const SUPERSEDED: &str = "superseded";
/// The status of a job that the next apply starts again.
const FAILED: &str = "failed";

/// The resource `konnect_audit_log_replay_job`.
pub(crate) struct AuditLogReplayJob;

/// A replay of past audit events: Konnect sends the events of a time range to the audit log webhook again, for instance
/// those that a SIEM missed during an outage. Konnect keeps events for 7 days, and delivers to the webhook that is
/// configured when the job runs. The webhook must be set up and enabled. Events that already arrived are also sent
/// again.
///
/// Creating the resource starts a job, and so does each change of `start_at` or `end_at`. Each region and each Dev
/// Portal has one replay job at a time: if another one is in progress, the apply waits for it to end. If a job fails,
/// the apply fails, and the next apply starts the job again. When the job has completed, the resource is a record of
/// it, and a time range that is older than 7 days is not an error.
///
/// Destroying the resource only removes it from the state. Konnect can neither cancel nor delete a job.
#[derive(Debug, Clone, Default, terraform_plugin::Model)]
pub(crate) struct Model {
    /// The region, or the region and the Dev Portal as `REGION/PORTAL_ID`.
    #[tf(computed, use_state_for_unknown, semantic_equality = str::eq_ignore_ascii_case)]
    id: Attr<String>,
    /// Region whose events are sent again, or region of the Dev Portal. A change starts a job in the other region.
    /// Default: the provider's `region`.
    #[tf(optional, computed, use_state_for_unknown, requires_replace, validate = validators::region(), identity, text)]
    region: Attr<Region>,
    // Text, because it usually comes from another resource, which can be mocked.
    /// Id of the Dev Portal whose events are sent again, a UUID. If omitted, the events of the region are. A change
    /// starts a job for the other Dev Portal.
    #[tf(optional, requires_replace, validate = Validator::not_blank(), identity = optional, semantic_equality = str::eq_ignore_ascii_case)]
    portal_id: Attr<String>,
    /// Beginning of the time range, RFC 3339, at most 7 days ago when the job is started. A change starts another job.
    #[tf(required, validate = window::time())]
    start_at: Attr<String>,
    /// End of the time range, RFC 3339, after `start_at` and not in the future when the job is started. A change starts
    /// another job.
    #[tf(required, validate = window::time())]
    end_at: Attr<String>,
    /// Whether the apply waits until the job has completed, and fails if the job does. If false, the apply only starts
    /// the job, and later refreshes show its status. A change has no effect on a job that was started. Default: true.
    #[tf(default = true)]
    wait_for_completion: Attr<bool>,
    /// Total time that the apply waits for another job to end and for this one to complete, such as `30m` or `6h`.
    /// After that, the apply fails, and Konnect continues the job. A change has no effect on a job that was started.
    /// Default: `30m`.
    #[tf(default = DEFAULT_TIMEOUT, validate = window::duration())]
    timeout: Attr<String>,
    /// Status of the job: `accepted`, `pending`, `running`, `completed` or `failed`, as Konnect reports it.
    /// `superseded` if Konnect no longer has the job, because another job has replaced it or because the Dev Portal is
    /// gone; the job is then not started again.
    #[tf(computed)]
    status: Attr<String>,
    /// Time of the last change of the status, by Konnect's clock.
    #[tf(computed)]
    updated_at: Attr<String>,
}

impl Model {
    /// The job that the model describes.
    fn job(&self) -> Result<NewReplayJob, Diagnostic> {
        Ok(NewReplayJob {
            start_at: self.start_at.require("start_at")?.clone(),
            end_at: self.end_at.require("end_at")?.clone(),
        })
    }

    /// Whether another model has the same range, in any form of the times.
    fn has_range_of(&self, other: &Self) -> bool {
        window::same_time(&self.start_at, &other.start_at) && window::same_time(&self.end_at, &other.end_at)
    }

    fn has_failed(&self) -> bool {
        self.status == Attr::Known(FAILED.to_owned())
    }

    /// The scope of a job in the state.
    fn scope(&self) -> Result<Scope, Diagnostic> {
        Scope::of(&self.region, &self.portal_id)
    }

    /// The model with the state of the job.
    fn showing(self, state: JobState) -> Self {
        match state {
            JobState::Latest { status, updated_at } => Self {
                status: match status {
                    ReplayJobStatus::Other(name) => foreign_text(&name).into(),
                    known => known.as_str().into(),
                },
                updated_at: time_of(updated_at),
                ..self
            },
            JobState::Superseded => Self {
                status: SUPERSEDED.to_owned().into(),
                ..self
            },
        }
    }
}

impl Resource for AuditLogReplayJob {
    type Data = RunState;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_replay_job"
    }

    fn validate(&self, call: &mut ValidateCall<Model>) -> Result<(), Diagnostics> {
        Ok(window::check_order(&call.config.start_at, &call.config.end_at)?)
    }

    async fn plan(&self, call: &mut PlanCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, config, prior) = (call.data, &call.config, call.state.as_ref());
        let region = run.regions.of(&config.region, prior.map(|prior| &prior.region));
        match region.and_then(|region| {
            Scope::if_known(&region, &config.portal_id)?;
            Ok(region)
        }) {
            Ok(region) => {
                call.planned.id = planned_id(&region, &call.planned.portal_id);
                call.planned.region = region;
            }
            Err(error) => {
                // The apply reports it: `terraform destroy` plans first.
                call.diagnostics.push(fails_at_apply(error));
                call.planned.id = Attr::Unknown;
                if call.planned.region.is_null() {
                    call.planned.region = Attr::Unknown;
                }
            }
        }
        validators::warn_of_unknown_region(&call.planned.region, &mut call.diagnostics);
        if let Some(prior) = prior {
            // Only another job changes them.
            call.planned.status = prior.status.clone();
            call.planned.updated_at = prior.updated_at.clone();
        }

        let same_job = prior.filter(|prior| {
            prior.region == call.planned.region
                && prior.portal_id == call.planned.portal_id
                && config.has_range_of(prior)
        });
        if same_job.is_some_and(|prior| !prior.has_failed()) {
            return Ok(());
        }
        let refused = window::check_retention(&config.start_at, &config.end_at, run.now());
        if same_job.is_some() && !refused.is_empty() {
            call.diagnostics.push(cannot_start_again());
            return Ok(());
        }
        for error in refused {
            call.diagnostics.push(fails_at_apply(error));
        }
        call.planned.status = Attr::Unknown;
        call.planned.updated_at = Attr::Unknown;
        Ok(())
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let planned = Model {
            region: call
                .data
                .regions
                .at_apply(&call.planned.region, &call.config.region)?,
            ..call.planned.clone()
        };
        let done = self.start(call.data, planned, Caller::Create).await;
        done.map_err(|(started, diagnostics)| {
            call.partial_state = started;
            diagnostics
        })
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<Model>, Diagnostics> {
        let (run, known) = (call.data, call.state.clone());
        if let Some(warning) = run.refresh_has_to_wait() {
            call.diagnostics.push(warning);
            return Ok(Some(known));
        }
        let (scope, job) = (known.scope()?, known.job()?);
        let shown = match replay::latest_job(run, &scope).await? {
            Ok(latest) => JobState::of(&job, &latest),
            Err(error) if error.is_not_found() && scope.portal.is_some() => JobState::Superseded,
            Err(error) => return Err(api_error(&error)),
        };
        Ok(Some(known.showing(shown)))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<Model, Diagnostics> {
        let (planned, prior) = (call.planned.clone(), &call.state);
        let same_range = planned.has_range_of(prior);
        if same_range && !(prior.has_failed() && planned.status.is_unknown()) {
            return Ok(Model {
                status: prior.status.clone(),
                updated_at: prior.updated_at.clone(),
                ..planned
            });
        }
        let caller = Caller::Update(prior.job()?);
        let done = self.start(call.data, planned, caller).await;
        done.map_err(|(started, diagnostics)| {
            call.partial_state = started;
            diagnostics
        })
    }

    /// Konnect can neither cancel nor delete a job.
    async fn delete(&self, _call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<Model, Diagnostics> {
        let run = call.data;
        let scope = match &call.target {
            ImportTarget::Id(text) => Scope::parse(text, "a replay job")?,
            ImportTarget::Identity(identity) => Scope::of(&identity.region, &identity.portal_id)?,
        };
        // Checks that the server URL serves the region.
        let region = run.regions.of(&scope.region.clone().into(), None)?;
        let portal_id = scope.portal.as_ref().map(ToString::to_string).into();
        let imported = Model {
            id: planned_id(&region, &portal_id),
            region,
            portal_id,
            wait_for_completion: Attr::Known(true),
            timeout: Attr::Known(DEFAULT_TIMEOUT.to_owned()),
            ..Model::default()
        };
        match replay::latest_job(run, &scope).await? {
            Ok(ReplayJob { start_at: Some(start_at), end_at: Some(end_at), status, updated_at }) => {
                let imported = Model { start_at: start_at.into(), end_at: end_at.into(), ..imported };
                Ok(imported.showing(JobState::Latest { status, updated_at }))
            }
            Ok(_) => Err(Diagnostic::error(
                "No replay job",
                format!(
                    "No replay job was started for {scope} yet, so there is nothing to import. Remove the import: applying \
                     the resource starts a job."
                ),
            )
            .into()),
            Err(error) => Err(api_error(&error)),
        }
    }
}

impl AuditLogReplayJob {
    /// Starts the planned job. An error contains the state of a started job.
    async fn start(
        &self,
        run: &RunState,
        planned: Model,
        caller: Caller,
    ) -> Result<Model, (Option<Model>, Diagnostics)> {
        let prepared = (|| {
            let scope = Scope::of(&planned.region, &planned.portal_id)?;
            let job = planned.job()?;
            window::check_order(&planned.start_at, &planned.end_at)?;
            Ok::<_, Diagnostic>((scope, job))
        })();
        let (scope, job) = prepared.map_err(|error| (None, error.into()))?;
        let planned = Model {
            id: planned_id(&planned.region, &planned.portal_id),
            ..planned
        };
        let replay = Replay::new(run, &scope, caller, &planned.timeout);
        let waits = planned.wait_for_completion != Attr::Known(false);
        match replay.carry_out(&TimeRange::Fixed(job), waits, &Silent).await {
            Ok(state) => Ok(planned.showing(state)),
            Err(Failed { started, diagnostics }) => {
                Err((started.map(|state| planned.showing(state)), diagnostics))
            }
        }
    }
}

fn cannot_start_again() -> Diagnostic {
    Diagnostic::warning(
        "Failed replay job can't be started again",
        "The replay job has failed, and Konnect no longer has all events of its range: it keeps them for 7 days. Change \
         start_at and end_at to send later events again, or remove the resource.",
    )
    .at("start_at")
}
