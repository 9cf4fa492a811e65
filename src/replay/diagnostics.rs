//! What a user reads about a replay that was not carried out to its end.

use konnect::{NewReplayJob, ReplayJob, ReplayJobStatus};
use terraform_plugin::Diagnostic;

use crate::replay::window;
use crate::run_state::RunState;
use crate::scope::Scope;

/// Who carries out a replay, for what a message advises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The creation of a resource.
    Create,
    /// The update of a resource whose own last job is this one. It may be replaced.
    Update(NewReplayJob),
    /// An action, which has no state.
    Action,
}

/// Why a wait ended before what it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitError {
    /// The run was interrupted.
    Interrupted,
    /// The time was over.
    TimedOut,
}

/// What the diagnostics of a replay refer to.
pub(super) struct Messages<'a> {
    pub(super) run: &'a RunState,
    pub(super) scope: &'a Scope,
    pub(super) caller: Caller,
    /// The time limit, as the configuration has it.
    pub(super) timeout: String,
}

impl Messages<'_> {
    /// Another job is in progress for longer than the wait.
    pub(super) fn not_started(&self, why: WaitError, other: &str) -> Diagnostic {
        let detail = match why {
            WaitError::Interrupted => {
                format!(
                    "The run was interrupted while it waited for {other} to end. No replay job was started."
                )
            }
            WaitError::TimedOut => format!(
                "Konnect runs one replay job at a time, and {other} did not end within {}. No replay job was started. \
                 Set timeout to a longer time, or try again when the other job has ended. {}",
                self.timeout,
                self.look()
            ),
        };
        let error = Diagnostic::error("Replay job was not started", detail);
        match why {
            WaitError::Interrupted => error,
            WaitError::TimedOut => error.at("timeout"),
        }
    }

    /// The job is in progress for longer than the wait.
    pub(super) fn not_ended(
        &self,
        why: WaitError,
        job: &NewReplayJob,
        status: &ReplayJobStatus,
    ) -> Diagnostic {
        let started = format!(
            "The replay job of {} for {} was started, and its last status is \"{status}\". Konnect continues it. {}",
            self.scope,
            window::in_words(job),
            self.look()
        );
        let rest = self.next_steps();
        match why {
            WaitError::Interrupted => Diagnostic::error(
                "Interrupted while the replay job is in progress",
                format!("{started} {rest}"),
            ),
            WaitError::TimedOut => Diagnostic::error(
                "Replay job has not completed in time",
                format!("{started} {rest} The timeout is {}.", self.timeout),
            )
            .at("timeout"),
        }
    }

    /// The job failed.
    pub(super) fn job_failed(&self, job: &NewReplayJob, latest: &ReplayJob) -> Diagnostic {
        let again = match self.caller {
            Caller::Create | Caller::Update(_) => "The next apply starts it again.",
            Caller::Action => "Then invoke the action again.",
        };
        let at = latest
            .updated_at
            .as_ref()
            .map_or_else(String::new, |at| format!(" at {at}"));
        Diagnostic::error(
            "Replay job failed",
            format!(
                "Konnect reports that the replay job of {} for {} failed{at}. Konnect delivers the events to the webhook \
                 that is configured when the job runs. Check that the webhook is set up and enabled, and that its last \
                 delivery succeeded. {again}",
                self.scope,
                window::in_words(job)
            ),
        )
    }

    /// Another job has replaced it.
    pub(super) fn replaced(
        &self,
        job: &NewReplayJob,
        status: &ReplayJobStatus,
        latest: &ReplayJob,
    ) -> Diagnostic {
        let again = match self.caller {
            Caller::Create => "The next apply starts it again.",
            Caller::Update(_) => "To start it again, apply with -replace.",
            Caller::Action => "To start it again, invoke the action again.",
        };
        Diagnostic::error(
            "Replay job was replaced",
            format!(
                "The replay job of {} for {} was \"{status}\" when it was last read. Since then, another process or user \
                 has started {}. Konnect has only the latest job, so it is not known whether this one has completed. \
                 {again}",
                self.scope,
                window::in_words(job),
                describe(latest)
            ),
        )
    }

    /// The job was started, and its status could not be read.
    pub(super) fn not_followed(&self, job: &NewReplayJob) -> Diagnostic {
        Diagnostic::warning(
            "Replay job was started",
            format!(
                "The replay job of {} for {} was started before its status could not be read. Konnect continues it. {} {}",
                self.scope,
                window::in_words(job),
                self.look(),
                self.next_steps()
            ),
        )
    }

    /// How to look at the latest job.
    fn look(&self) -> String {
        let path = match &self.scope.portal {
            None => "/v3/audit-log-replay-job".to_owned(),
            Some(portal) => format!("/v3/portals/{portal}/audit-log-replay-job"),
        };
        let base = self
            .run
            .client()
            .ok()
            .and_then(|client| client.server_url().base(&self.scope.region).ok());
        let base = base.map_or_else(String::new, |base| base.as_str().trim_end_matches('/').to_owned());
        format!("GET {base}{path} shows the latest job.")
    }

    /// What becomes of a job that the state or nothing refers to.
    fn next_steps(&self) -> &'static str {
        match self.caller {
            Caller::Create => {
                "The state keeps the job. Terraform marks the resource as tainted, because its creation ended with an \
                 error: the next apply follows the job while it is in progress, and starts it again after that. To keep \
                 the job as it is, run terraform untaint."
            }
            Caller::Update(_) => "The state keeps the job, and the next refresh shows its status.",
            Caller::Action => {
                "Invoking the action again with the same start_at and end_at follows the job while it is in progress."
            }
        }
    }
}

/// A job in words, with its range and status.
pub(super) fn describe(job: &ReplayJob) -> String {
    match (&job.start_at, &job.end_at) {
        (Some(start), Some(end)) => format!("the replay job for {start} to {end} ({})", job.status),
        _ => format!("a replay job ({})", job.status),
    }
}
