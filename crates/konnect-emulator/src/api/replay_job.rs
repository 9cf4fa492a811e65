//! The replay job of a region or a portal. [`crate::replay`] runs it.

use http::StatusCode;
use serde_json::json;

use crate::api::call::Call;
use crate::api::fields::Fields;
use crate::api::problem::Problem;
use crate::http::response::ApiResponse;
use crate::organization::state::{ReplayJob, ReplayStatus, State};
use crate::organization::stream::StreamId;

/// `GET`. Without a job, the status is `unconfigured`. 404 if the portal does not exist.
pub(crate) fn get(state: &State, stream: &StreamId) -> Result<ApiResponse, Problem> {
    let records = state.records(stream).ok_or_else(Problem::not_found)?;
    Ok(ApiResponse::ok(&json!(records.replay_job)))
}

/// `PUT`: replaces the job with a new one. 404 if the portal does not exist; 409 while a job is running; 400 for an
/// invalid body.
pub(crate) fn put(state: &mut State, call: &Call<'_>, stream: &StreamId) -> Result<ReplayJob, Problem> {
    let before = state.records(stream).ok_or_else(Problem::not_found)?;
    let mut fields = Fields::parse(call)?;
    let (start, end) = (fields.time("start_at"), fields.time("end_at"));
    let now = state.clock.now_ms();
    let oldest = state.clock.oldest_ms();
    for (field, time) in [("start_at", &start), ("end_at", &end)] {
        if time
            .as_ref()
            .is_some_and(|(_, time)| !(oldest..=now).contains(time))
        {
            let days = state.clock.retention_days();
            let reason = format!("must be within the last {days} days");
            fields.faults.reject(field, "invalid", &reason);
        }
    }
    if let (Some((_, start)), Some((_, end))) = (&start, &end)
        && end < start
    {
        fields
            .faults
            .reject("end_at", "invalid", "must not be before start_at");
    }
    fields.finish()?;
    let (Some((start_at, _)), Some((end_at, _))) = (start, end) else {
        // `finish` has rejected a body without them.
        return Err(Problem::not_found());
    };
    if before.replay_job.status == ReplayStatus::Running {
        return Err(Problem {
            title: Some("Resource Conflict"),
            ..Problem::new(StatusCode::CONFLICT, "A replay job is currently running")
        });
    }
    let job = ReplayJob {
        start_at,
        end_at,
        status: ReplayStatus::Accepted,
        updated_at: state.tick(),
    };
    if let Some(records) = state.records_mut(stream) {
        records.replay_job = job.clone();
    }
    Ok(job)
}
