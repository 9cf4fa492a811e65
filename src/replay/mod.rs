//! Replay jobs of the resource and the action (API descriptions, `audit-log-replay-job`).
//!
//! A region or a Dev Portal has one replay job, which cannot be cancelled. A new job replaces one that is not running
//! yet, and is rejected with 409 while one is running.

pub(crate) mod action;
mod messages;
pub(crate) mod resource;
pub(crate) mod window;

use std::time::Duration;

use async_trait::async_trait;
use konnect::{Error, NewReplayJob, ReplayJob, ReplayJobStatus, v3};
use terraform_plugin::{Attr, Diagnostic, Diagnostics};
use tokio::time::Instant;

pub(crate) use self::messages::Caller;
use self::messages::{Messages, WaitError, describe};
use crate::replay::window::TimeRange;
use crate::run::RunState;
use crate::run::errors::api_error;
use crate::run::scope::Scope;

/// The default timeout of the wait for a job.
pub(crate) const DEFAULT_TIMEOUT: &str = "30m";
/// The first wait before the status of a job is read again. Each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The maximum of these waits.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The state of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JobState {
    /// The job is the latest one.
    Latest {
        /// The status.
        status: ReplayJobStatus,
        /// The time of its last change, as returned by the API.
        updated_at: Option<String>,
    },
    /// Another job has replaced it.
    Superseded,
}

impl JobState {
    /// Derives the state of a job from the latest job.
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

/// A replay that has not completed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// The last known state of the job, or `None` if it was not started.
    pub(crate) started: Option<JobState>,
    /// The reason.
    pub(crate) diagnostics: Diagnostics,
}

/// Receives each step of a replay.
#[async_trait]
pub(crate) trait Report: Sync {
    /// Receives a step as text.
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

/// A replay to carry out.
pub(crate) struct Replay<'a> {
    run: &'a RunState,
    scope: &'a Scope,
    messages: Messages<'a>,
    deadline: Instant,
}

impl<'a> Replay<'a> {
    /// A replay that ends after `timeout`.
    pub(crate) fn new(run: &'a RunState, scope: &'a Scope, caller: Caller, timeout: &Attr<String>) -> Self {
        let timeout = timeout.known().map_or(DEFAULT_TIMEOUT, String::as_str).to_owned();
        // The validator has rejected invalid text.
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
            deadline: Instant::now() + limit,
        }
    }

    /// Starts a job when no other one is in progress. If `wait` is set, waits until it has completed. If a job of the
    /// same range is in progress, waits for it and does not start another one. `report` receives each step.
    ///
    /// Within a run, the replays of a scope are sequential.
    ///
    /// # Errors
    /// The job was not started, or has not completed.
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
            let latest = self.latest().await?.map_err(|error| api_error(&error))?;
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

    /// Starts a job. Returns `None` if another one is already running.
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
            // If the response was lost, the latest job shows whether the request has started it.
            Err(error) if error.may_have_happened() => match self.latest().await? {
                Ok(now) if window::is_range_of(job, &now) && now.updated_at != before.updated_at => {
                    Ok(Some(now))
                }
                _ => Err(api_error(&error)),
            },
            Err(error) => Err(api_error(&error)),
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
        // Reads immediately if the range in the response differs from the request.
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
                            let mut diagnostics = api_error(&error);
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

    /// Waits, longer each time, until the deadline at most.
    async fn pause(&self, wait: &mut Duration) -> Result<(), WaitError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(WaitError::TimedOut);
        }
        self.run
            .pause((*wait).min(left))
            .await
            .ok_or(WaitError::Interrupted)?;
        *wait = wait.saturating_mul(2).min(MAX_WAIT);
        Ok(())
    }

    fn why(&self) -> WaitError {
        if Instant::now() >= self.deadline {
            WaitError::TimedOut
        } else {
            WaitError::Interrupted
        }
    }
}
