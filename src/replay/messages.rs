//! The diagnostics about replays that have not completed.

use konnect::{NewReplayJob, ReplayJob, ReplayJobStatus};
use terraform_plugin::Diagnostic;

use crate::replay::window;
use crate::run::RunState;
use crate::run::scope::Scope;

/// The caller of a replay, which determines the advice in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The creation of a resource.
    Create,
    /// The update of a resource, with its last job. That job may be replaced.
    Update(NewReplayJob),
    /// An action, which has no state.
    Action,
}

/// The reason why a wait ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitError {
    /// The run was interrupted.
    Interrupted,
    /// The timeout was reached.
    TimedOut,
}

/// The data for the diagnostics of a replay.
pub(super) struct Messages<'a> {
    pub(super) run: &'a RunState,
    pub(super) scope: &'a Scope,
    pub(super) caller: Caller,
    /// The timeout, as configured.
    pub(super) timeout: String,
}

impl Messages<'_> {
    /// Another job was still in progress when the wait ended.
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
                self.status_hint()
            ),
        };
        let error = Diagnostic::error("Replay job was not started", detail);
        match why {
            WaitError::Interrupted => error,
            WaitError::TimedOut => error.at("timeout"),
        }
    }

    /// The job was still in progress when the wait ended.
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
            self.status_hint()
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

    /// Another job has replaced the job.
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
                self.status_hint(),
                self.next_steps()
            ),
        )
    }

    /// How to read the status of the latest job.
    fn status_hint(&self) -> String {
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

    /// What happens to the job next.
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

/// The range and status of a job in words.
pub(super) fn describe(job: &ReplayJob) -> String {
    match (&job.start_at, &job.end_at) {
        (Some(start), Some(end)) => format!("the replay job for {start} to {end} ({})", job.status),
        _ => format!("a replay job ({})", job.status),
    }
}
