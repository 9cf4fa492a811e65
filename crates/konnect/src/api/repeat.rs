//! Repeats a call while Konnect rejects it for a passing reason.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::http::client::Client;

/// The waits between the attempts of a call that Konnect rejects for a passing reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatSchedule {
    /// The first wait. Each further wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// The time after which the call is no longer repeated, counted from the first attempt.
    pub limit: Duration,
}

impl RepeatSchedule {
    /// For deleting a destination: Konnect may answer 409 for a while after the webhook has let go of the destination
    /// (kongctl repeats the removal for 60 s).
    pub const DESTINATION_IN_USE: Self = Self {
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(5),
        limit: Duration::from_mins(1),
    };

    /// For using a destination that was created a moment ago: destinations belong to the organization and are created
    /// on `global`, webhooks belong to regions, which may answer 404 until they know the destination.
    pub const NEW_DESTINATION: Self = Self {
        limit: Duration::from_secs(30),
        ..Self::DESTINATION_IN_USE
    };
}

/// Calls, and repeats the call while it fails with an error for which `repeats` returns true.
///
/// Between attempts it waits as `schedule` says. It stops when the limit of the schedule is reached, or when the stop
/// token of the client is cancelled.
///
/// # Errors
/// The error of the last attempt.
pub async fn repeat_while<T, F>(
    client: &Client,
    schedule: RepeatSchedule,
    repeats: impl Fn(&Error) -> bool,
    call: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let began = Instant::now();
    let mut wait = schedule.first_wait;
    loop {
        let error = match call().await {
            Err(error) if repeats(&error) => error,
            result => return result,
        };
        let left = schedule.limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(error);
        }
        tracing::debug!(
            method = error.method(),
            path = error.path(),
            status = error.status(),
            "repeating a rejected call"
        );
        if !client.wait(wait.min(left)).await {
            return Err(error);
        }
        wait = wait.saturating_mul(2).min(schedule.longest_wait);
    }
}
