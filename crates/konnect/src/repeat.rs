//! Repeats a call while Konnect rejects it temporarily.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::http::client::Client;

/// The waits between the attempts of a call that Konnect rejects temporarily.
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
    /// For the deletion of a destination: Konnect may respond with 409 for some time after the webhook no longer uses
    /// it (kongctl retries for 60 s).
    pub const DESTINATION_IN_USE: Self = Self {
        first_wait: Duration::from_millis(500),
        longest_wait: Duration::from_secs(5),
        limit: Duration::from_mins(1),
    };

    /// For the use of a new destination: destinations belong to the organization and are created on `global`. Webhooks
    /// belong to regions, which may respond with 404 until they know the destination.
    pub const NEW_DESTINATION: Self = Self {
        limit: Duration::from_secs(30),
        ..Self::DESTINATION_IN_USE
    };
}

/// Makes a call, and repeats it while it fails with an error for which `repeats` returns true.
///
/// Waits between attempts as `schedule` specifies. Stops when the limit of the schedule is reached, or when the stop
/// token of the client is cancelled.
///
/// # Errors
/// The error of the last call, with the number of attempts of all calls.
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
    let mut attempts = 0;
    loop {
        let mut error = match call().await {
            Err(error) => error,
            done => return done,
        };
        error.add_attempts(attempts);
        attempts = error.attempts();
        if !repeats(&error) {
            return Err(error);
        }
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
