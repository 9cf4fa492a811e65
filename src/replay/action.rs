//! `konnect_audit_log_replay`: sends the past audit events of a region or a Dev Portal again (API description v3,
//! `audit-log-replay-job`).

use std::time::Duration;

use async_trait::async_trait;
use konnect::{NewReplayJob, Region};
use terraform_plugin::{
    Action, Attr, Diagnostic, Diagnostics, InvokeCall, PlanActionCall, ValidateCall, Validator,
};

use crate::replay::window::{self, TimeRange};
use crate::replay::{Caller, Replay, Report};
use crate::run::RunState;
use crate::run::scope::Scope;
use crate::run::validators;

/// The action `konnect_audit_log_replay`.
pub(crate) struct AuditLogReplay;

/// Sends the past audit events of a region or a Dev Portal to its audit log webhook again, for instance those that a
/// SIEM missed during an outage. Konnect keeps events for 7 days, and delivers to the webhook that is configured when
/// the job runs. The webhook must be set up and enabled. Events that already arrived are also sent again.
///
/// Invoke the action with `terraform apply -invoke=action.konnect_audit_log_replay.NAME`, or with an `action_trigger`
/// in the apply that repairs the stream. Each region and each Dev Portal has one replay job at a time: if another one
/// is in progress, the action waits for it to end. An interruption ends the wait, and Konnect continues the job. To
/// keep a record of the job in the state, use the resource `konnect_audit_log_replay_job`.
#[derive(Debug, Clone, Default, terraform_plugin::Model)]
pub(crate) struct Config {
    /// Region whose events are sent again, or region of the Dev Portal. Default: the provider's `region`.
    #[tf(optional, validate = validators::region(), text)]
    region: Attr<Region>,
    /// Id of the Dev Portal whose events are sent again, a UUID. If omitted, the events of the region are.
    #[tf(optional, validate = Validator::not_blank(), semantic_equality = str::eq_ignore_ascii_case)]
    portal_id: Attr<String>,
    /// Beginning of the time range, RFC 3339, at most 7 days ago. Requires `end_at`. Conflicts with `last`.
    #[tf(optional, validate = window::time())]
    start_at: Attr<String>,
    /// End of the time range, RFC 3339, after `start_at` and not in the future. Requires `start_at`. Conflicts with
    /// `last`.
    #[tf(optional, validate = window::time())]
    end_at: Attr<String>,
    /// Length of the time range, which ends now, such as `30m`, `6h` or `2d`, at most 7 days. Set either `last`, or
    /// both `start_at` and `end_at`.
    #[tf(optional, validate = window::duration())]
    last: Attr<String>,
    /// Whether the action waits until the job has completed, and fails if the job does. If false, it only starts the
    /// job. Default: true.
    #[tf(optional)]
    wait_for_completion: Attr<bool>,
    /// Total time that the action waits for another job to end and for this one to complete, such as `30m` or `6h`.
    /// After that, the action fails, and Konnect continues the job. Default: `30m`.
    #[tf(optional, validate = window::duration())]
    timeout: Attr<String>,
}

impl Config {
    /// Checks that the set arguments fit together. An unknown one counts as set.
    ///
    /// # Errors
    /// The time range is absent, or on an argument: it conflicts with another one, or is missing.
    fn check_arguments(&self) -> Result<(), Diagnostic> {
        let range = [("start_at", &self.start_at), ("end_at", &self.end_at)];
        let missing = range.iter().find(|(_, value)| value.is_null());
        let set = range.iter().find(|(_, value)| !value.is_null());
        match (&self.last, set, missing) {
            // On the block, because the `config` block may be absent.
            (Attr::Null, None, _) => Err(Diagnostic::error(
                "Missing time range",
                "Set last to a duration such as 6h, or start_at and end_at to times in RFC 3339, in the config block of \
                 the action.",
            )),
            (Attr::Null, Some((set, _)), Some((missing, _))) => Err(Diagnostic::error(
                "Incomplete time range",
                format!("{set} is set, and {missing} is not. Set both, or last alone."),
            )
            .at(*missing)),
            // An unknown value may become null.
            (Attr::Known(_), Some((set, Attr::Known(_))), _) => Err(Diagnostic::error(
                "Conflicting arguments",
                format!("last and {set} are both set. Set either last, or start_at and end_at."),
            )
            .at("last")),
            _ => window::check_order(&self.start_at, &self.end_at),
        }
    }

    fn time_range(&self) -> Result<TimeRange, Diagnostic> {
        if let Attr::Known(last) = &self.last {
            // The validator has rejected invalid text.
            let last = window::parse_duration(last).unwrap_or(Duration::ZERO);
            return Ok(TimeRange::Last(last));
        }
        Ok(TimeRange::Fixed(NewReplayJob {
            start_at: self.start_at.require("start_at")?.clone(),
            end_at: self.end_at.require("end_at")?.clone(),
        }))
    }
}

impl Action for AuditLogReplay {
    type Data = RunState;
    type Config = Config;

    fn type_name(&self) -> &'static str {
        "konnect_audit_log_replay"
    }

    fn validate(&self, call: &mut ValidateCall<Config>) -> Result<(), Diagnostics> {
        Ok(call.config.check_arguments()?)
    }

    async fn plan(&self, call: &mut PlanActionCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, config) = (call.data, &call.config);
        // Checks values that became known after the validation.
        config.check_arguments()?;
        let mut refused = window::check_retention(&config.start_at, &config.end_at, run.now());
        let region = run.regions.of(&config.region, None);
        if let Ok(region) = &region {
            validators::warn_of_unknown_region(region, &mut call.diagnostics);
        }
        if let Err(error) = region.and_then(|region| Scope::if_known(&region, &config.portal_id)) {
            refused.push(error);
        }
        if refused.is_empty() { Ok(()) } else { Err(refused) }
    }

    async fn invoke(&self, call: &mut InvokeCall<'_, Self>) -> Result<(), Diagnostics> {
        let (run, config) = (call.data, &call.config);
        config.check_arguments()?;
        let scope = Scope::of(&run.regions.of(&config.region, None)?, &config.portal_id)?;
        let range = config.time_range()?;
        let replay = Replay::new(run, &scope, Caller::Action, &config.timeout);
        let waits = config.wait_for_completion != Attr::Known(false);
        match replay.carry_out(&range, waits, &*call).await {
            Ok(_) => Ok(()),
            Err(failed) => Err(failed.diagnostics),
        }
    }
}

#[async_trait]
impl Report for InvokeCall<'_, AuditLogReplay> {
    async fn step(&self, text: String) {
        self.progress(text).await;
    }
}

#[cfg(test)]
mod tests {
    use terraform_plugin::Path;

    use super::*;

    fn set() -> Attr<String> {
        Attr::Known("2026-01-02T03:00:00Z".to_owned())
    }

    fn later() -> Attr<String> {
        Attr::Known("2026-01-02T04:00:00Z".to_owned())
    }

    #[test]
    fn arguments_need_one_complete_range() {
        let hours = || Attr::Known("6h".to_owned());
        for (start_at, end_at, last, expected) in [
            (Attr::Null, Attr::Null, Attr::Null, Some(None)),
            (set(), Attr::Null, Attr::Null, Some(Some("end_at"))),
            (Attr::Null, later(), Attr::Null, Some(Some("start_at"))),
            (Attr::Unknown, Attr::Null, Attr::Null, Some(Some("end_at"))),
            (set(), later(), hours(), Some(Some("last"))),
            (Attr::Null, later(), hours(), Some(Some("last"))),
            (later(), set(), Attr::Null, Some(Some("end_at"))),
            (set(), later(), Attr::Null, None),
            (Attr::Null, Attr::Null, hours(), None),
            (Attr::Null, Attr::Null, Attr::Unknown, None),
            (Attr::Unknown, Attr::Unknown, Attr::Null, None),
            (Attr::Unknown, Attr::Unknown, hours(), None),
        ] {
            let config = Config {
                start_at,
                end_at,
                last,
                ..Config::default()
            };
            let error = config.check_arguments().err();
            assert_eq!(
                error.map(|error| error.path),
                expected.map(|name| name.map(Path::from)),
                "{config:?}"
            );
        }
    }
}
