//! Replay jobs, as the resource and the action start and follow them (API descriptions, `audit-log-replay-job`).
//!
//! A region and a Dev Portal have one replay job each, which cannot be cancelled. A new job replaces one that has not
//! started to run, and is rejected with 409 while one is running.

mod diagnostics;
pub(crate) mod window;

use std::time::Duration;

use async_trait::async_trait;
use konnect::{Error, NewReplayJob, PortalId, Region, ReplayJob, ReplayJobStatus, sentence, v3};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Schema};
use tokio::time::Instant;

pub(crate) use self::diagnostics::Caller;
use self::diagnostics::{Messages, WaitError, describe};
use crate::field_map::FieldMap;
use crate::replay::window::TimeRange;
use crate::run_state::RunState;
use crate::scope::{Regions, Scope};

/// How long a job is waited for if the configuration sets no timeout.
pub(crate) const DEFAULT_TIMEOUT: &str = "30m";
/// The first wait before the status of a job is read again. Each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What Konnect shows of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It is the latest one.
    Latest {
        /// How far it is.
        status: ReplayJobStatus,
        /// The time of its last change, as the API writes it.
        updated_at: Option<String>,
    },
    /// Konnect no longer has it: another job has replaced it.
    Superseded,
}

impl JobState {
    /// What the latest job shows of the job with this range.
    pub(crate) fn of(job: &NewReplayJob, latest: &ReplayJob) -> Self {
        if window::is_range_of(job, latest) {
            Self::Latest {
                status: latest.status.clone(),
                updated_at: latest.updated_at.clone(),
            }
        } else {
            Self::Superseded
        }
    }
}

/// A replay that was not carried out to its end.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What was seen last of the job, or `None` if it was not started.
    pub(crate) started: Option<JobState>,
    /// The reason.
    pub(crate) diagnostics: Diagnostics,
}

/// Receives each step of a replay.
#[async_trait]
pub(crate) trait Report: Sync {
    /// Receives a step in words.
    async fn step(&self, text: String);
}

/// Reports nothing: Terraform shows the progress of a resource itself.
pub(crate) struct Silent;

#[async_trait]
impl Report for Silent {
    async fn step(&self, _text: String) {}
}

/// The latest replay job of a region or a Dev Portal.
///
/// # Errors
/// When the call fails.
pub(crate) async fn latest_job(
    run: &RunState,
    scope: &Scope,
) -> Result<Result<ReplayJob, Error>, Diagnostic> {
    let client = run.client()?;
    Ok(match &scope.portal {
        None => v3::get_replay_job(client, &scope.region).await,
        Some(portal) => v3::get_portal_replay_job(client, &scope.region, portal).await,
    })
}

/// Plans the region of a job.
///
/// # Errors
/// On `region`: that there is none, that the server URL does not serve it, or that it has no Dev Portals.
pub(crate) fn plan_region(
    regions: &Regions,
    region: &Attr<Region>,
    portal_id: &Attr<String>,
    prior: Option<&Attr<Region>>,
) -> Result<Attr<Region>, Diagnostic> {
    if portal_id.is_null() {
        regions.webhook(region, prior)
    } else {
        regions.portal(region, prior)
    }
}

/// The scope of a job.
///
/// # Errors
/// On `portal_id`: that it is not a UUID.
pub(crate) fn scope(region: Region, portal_id: &Attr<String>) -> Result<Scope, Diagnostic> {
    let portal = portal_id.known().map(|id| PortalId::parse(id)).transpose();
    let portal =
        portal.map_err(|e| Diagnostic::error("Invalid Dev Portal id", sentence(&e)).at("portal_id"))?;
    Ok(Scope { region, portal })
}

/// A replay to carry out.
pub(crate) struct Replay<'a> {
    run: &'a RunState,
    scope: &'a Scope,
    messages: Messages<'a>,
    fields: FieldMap,
    deadline: Instant,
}

impl<'a> Replay<'a> {
    /// A replay that ends when `timeout` is over. The schema is that of the caller, for errors about a field.
    pub(crate) fn new(
        run: &'a RunState,
        scope: &'a Scope,
        caller: Caller,
        schema: &Schema,
        timeout: &Attr<String>,
    ) -> Self {
        let timeout = timeout.known().map_or(DEFAULT_TIMEOUT, String::as_str).to_owned();
        // The validator has refused any other text.
        let limit = window::parse_duration(&timeout).unwrap_or_default();
        Self {
            run,
            scope,
            messages: Messages {
                run,
                scope,
                caller,
                timeout,
            },
            fields: FieldMap::of(schema),
            deadline: Instant::now() + limit,
        }
    }

    /// Starts a job once no other one is in progress and, if `wait` is set, waits until it has completed. A job of the
    /// same range that is in progress is followed, and not started again. `report` receives each step.
    ///
    /// One replay of a scope is carried out at a time in this run.
    ///
    /// # Errors
    /// Why the job was not started, or has not completed.
    pub(crate) async fn carry_out(
        &self,
        range: &TimeRange,
        wait: bool,
        report: &impl Report,
    ) -> Result<JobState, Failed> {
        let not_started = |diagnostics| Failed {
            started: None,
            diagnostics,
        };
        let lock = self.run.replay_lock(self.scope);
        let left = self.deadline.saturating_duration_since(Instant::now());
        let Some(_turn) = self.run.wait_for(left, lock.lock()).await else {
            let other = format!("another replay job of {} in this run", self.scope);
            return Err(not_started(self.messages.not_started(self.why(), &other).into()));
        };
        let (job, latest) = self.start(range, report).await.map_err(not_started)?;
        if wait {
            self.follow(&job, latest, report).await
        } else {
            Ok(JobState::of(&job, &latest))
        }
    }

    async fn start(
        &self,
        range: &TimeRange,
        report: &impl Report,
    ) -> Result<(NewReplayJob, ReplayJob), Diagnostics> {
        let mut wait = FIRST_WAIT;
        let mut reported = false;
        loop {
            let latest = self.latest().await?.map_err(|error| self.failed(&error))?;
            let job = range.job(self.run.now());
            let words = window::in_words(&job);
            let in_progress = latest.status.is_in_progress();
            if in_progress && window::is_range_of(&job, &latest) {
                report
                    .step(format!(
                        "The replay of {words} is in progress already: {}",
                        latest.status
                    ))
                    .await;
                return Ok((job, latest));
            }
            let replaceable = latest.status != ReplayJobStatus::Running
                && matches!(&self.messages.caller, Caller::Update(own) if window::is_range_of(own, &latest));
            if (!in_progress || replaceable)
                && let Some(started) = self.put(&job, &latest).await?
            {
                report
                    .step(format!(
                        "Started the replay of {words} for {}: {}",
                        self.scope, started.status
                    ))
                    .await;
                return Ok((job, started));
            }
            let other = describe(&latest);
            if !reported {
                report
                    .step(format!("Waiting for {other} of {} to end", self.scope))
                    .await;
                reported = true;
            }
            self.pause(&mut wait).await.map_err(|why| {
                self.messages
                    .not_started(why, &format!("{other} of {}", self.scope))
            })?;
        }
    }

    /// Starts a job. `None` if another one is running by now.
    async fn put(&self, job: &NewReplayJob, before: &ReplayJob) -> Result<Option<ReplayJob>, Diagnostics> {
        let (start, end) = (job.start_at.clone().into(), job.end_at.clone().into());
        let too_old = window::check_retention(&start, &end, self.run.now());
        if !too_old.is_empty() {
            return Err(too_old);
        }
        let (client, region) = (self.run.client()?, &self.scope.region);
        let sent = match &self.scope.portal {
            None => v3::replace_replay_job(client, region, job).await,
            Some(portal) => v3::replace_portal_replay_job(client, region, portal, job).await,
        };
        match sent {
            Ok(started) => Ok(Some(started)),
            Err(error) if error.is_conflict() => Ok(None),
            // The job shows whether a request whose answer was lost has started it.
            Err(error) if error.may_have_happened() => match self.latest().await? {
                Ok(now) if window::is_range_of(job, &now) && now.updated_at != before.updated_at => {
                    Ok(Some(now))
                }
                _ => Err(self.failed(&error)),
            },
            Err(error) => Err(self.failed(&error)),
        }
    }

    async fn follow(
        &self,
        job: &NewReplayJob,
        started: ReplayJob,
        report: &impl Report,
    ) -> Result<JobState, Failed> {
        let mut wait = FIRST_WAIT;
        let mut status = started.status.clone();
        let mut state = JobState::of(job, &started);
        // Read at once if the answer shows another range than the request.
        let mut last = started;
        loop {
            let error = match status {
                ReplayJobStatus::Completed => return Ok(state),
                ReplayJobStatus::Failed => self.messages.job_failed(job, &last).into(),
                _ => match self.pause(&mut wait).await {
                    Err(why) => self.messages.not_ended(why, job, &status).into(),
                    Ok(()) => match self.latest().await {
                        Ok(Ok(latest)) => {
                            state = JobState::of(job, &latest);
                            if state != JobState::Superseded {
                                if status != latest.status {
                                    report.step(format!("The replay job is {}", latest.status)).await;
                                    status = latest.status.clone();
                                }
                                last = latest;
                                continue;
                            }
                            self.messages.replaced(job, &status, &latest).into()
                        }
                        Ok(Err(error)) if error.is_interrupted() => self
                            .messages
                            .not_ended(WaitError::Interrupted, job, &status)
                            .into(),
                        Ok(Err(error)) => {
                            let mut diagnostics = self.failed(&error);
                            diagnostics.push(self.messages.not_followed(job));
                            diagnostics
                        }
                        Err(error) => error.into(),
                    },
                },
            };
            return Err(Failed {
                started: Some(state),
                diagnostics: error,
            });
        }
    }

    async fn latest(&self) -> Result<Result<ReplayJob, Error>, Diagnostic> {
        latest_job(self.run, self.scope).await
    }

    /// Waits, longer each time, but not beyond the deadline.
    async fn pause(&self, wait: &mut Duration) -> Result<(), WaitError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(WaitError::TimedOut);
        }
        self.run
            .pause((*wait).min(left))
            .await
            .ok_or(WaitError::Interrupted)?;
        *wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        Ok(())
    }

    fn why(&self) -> WaitError {
        if Instant::now() >= self.deadline {
            WaitError::TimedOut
        } else {
            WaitError::Interrupted
        }
    }

    fn failed(&self, error: &Error) -> Diagnostics {
        self.fields.diagnose(error)
    }
}
