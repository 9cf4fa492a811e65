//! Limits the number of concurrent requests, and reduces it for a host that responds with 429.
//!
//! If all requests that a rate limit rejects are retried at the same time, they exceed the limit again and use up their
//! attempts. Therefore the wait of one request applies to all requests to that host: no request is sent before it ends,
//! and fewer concurrent requests afterwards. A wait does not use an attempt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::Failure;
use crate::error::kind::ErrorKind;
use crate::http::retry::MAX_RETRY_AFTER;

/// The maximum number of concurrent requests of a client, to all hosts together. Further requests wait.
///
/// Over HTTP/1.1, each request needs its own connection. While a connection is opened for a request, another one may
/// become free for it, and the new one remains for the next request. A host may therefore have this number each of
/// busy, idle and opening connections: three times this number. With responses after 50 ms, it allows 320 requests per
/// second.
pub const MAX_CONCURRENT_REQUESTS: usize = 16;

/// The maximum random addition to a wait from `Retry-After`, as a fraction of it. It separates the retries of clients
/// that received the same response.
const MAX_SPREAD: f64 = 0.125;

/// The maximum duration of a closure, whatever `Retry-After` specifies.
const MAX_CLOSURE: Duration = Duration::from_hours(24);

/// The limits of a client: one for all hosts together, and one for each host.
pub(crate) struct ConcurrencyLimits {
    total: Semaphore,
    hosts: Mutex<HashMap<String, Arc<ConcurrencyLimiter>>>,
}

/// The limit of one host.
pub(crate) struct ConcurrencyLimiter {
    width: Semaphore,
    state: Mutex<LimiterState>,
}

struct LimiterState {
    closure: Option<Closure>,
    /// The number of closures so far. A request that was sent before the latest one does not close the host again.
    round: u64,
    /// The number of closures since the host last responded with another status than 429.
    consecutive_closures: u32,
    /// The maximum number of requests in flight: the permits in circulation, minus those that are still to be
    /// withdrawn.
    width: usize,
    owed: usize,
    /// The number of responses since the width was last changed.
    responses: usize,
}

/// The time during which a host gets no request.
struct Closure {
    /// The end of the wait that the host specified.
    asked_until: Instant,
    /// The end of the closure: the wait and its random addition.
    until: Instant,
    /// The 429 that closed the host, without details of its request.
    failure: Failure,
}

/// The permission to send one request, until it is dropped.
pub(crate) struct Permit<'a> {
    limiter: &'a ConcurrencyLimiter,
    round: u64,
    of_host: Option<SemaphorePermit<'a>>,
    _of_total: SemaphorePermit<'a>,
}

impl Default for ConcurrencyLimits {
    fn default() -> Self {
        Self {
            total: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            hosts: Mutex::default(),
        }
    }
}

impl ConcurrencyLimits {
    /// The limiter of the host with this origin.
    pub(crate) fn limiter(&self, origin: &str) -> Arc<ConcurrencyLimiter> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(origin.to_owned()).or_default())
    }

    /// Waits until a request may be sent.
    ///
    /// # Errors
    /// The 429 that closed the host: immediately if the host asked for a wait longer than [`MAX_RETRY_AFTER`], or
    /// after the host was closed more than `max_closures` times in a row during this wait.
    pub(crate) async fn acquire<'a>(
        &'a self,
        limiter: &'a ConcurrencyLimiter,
        max_closures: u32,
    ) -> Result<Permit<'a>, Box<Failure>> {
        let mut consecutive_closures = limiter.state().consecutive_closures;
        loop {
            // Fails long waits before they queue for a permit.
            limiter.closed_until(&mut consecutive_closures, max_closures)?;
            // The semaphores are never closed, so `acquire` does not fail.
            let permit = limiter.width.acquire().await.ok();
            while let Some(until) = limiter.closed_until(&mut consecutive_closures, max_closures)? {
                tokio::time::sleep_until(until).await;
            }
            let Ok(total) = self.total.acquire().await else {
                continue;
            };
            if limiter
                .closed_until(&mut consecutive_closures, max_closures)?
                .is_none()
            {
                return Ok(Permit {
                    limiter,
                    round: limiter.state().round,
                    of_host: permit,
                    _of_total: total,
                });
            }
        }
    }
}

impl Default for ConcurrencyLimiter {
    fn default() -> Self {
        let state = LimiterState {
            closure: None,
            round: 0,
            consecutive_closures: 0,
            width: MAX_CONCURRENT_REQUESTS,
            owed: 0,
            responses: 0,
        };
        Self {
            width: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            state: Mutex::new(state),
        }
    }
}

impl ConcurrencyLimiter {
    fn state(&self) -> MutexGuard<'_, LimiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the end of the closure, if the host is closed. `since` is the number of consecutive closures when the
    /// request began to wait.
    fn closed_until(&self, since: &mut u32, max_closures: u32) -> Result<Option<Instant>, Box<Failure>> {
        let state = self.state();
        *since = state.consecutive_closures.min(*since);
        let Some(closure) = &state.closure else {
            return Ok(None);
        };
        if state.consecutive_closures - *since > max_closures {
            return Err(Box::new(closure.failure.clone()));
        }
        let now = Instant::now();
        let remaining = closure.asked_until.saturating_duration_since(now);
        if remaining > MAX_RETRY_AFTER {
            return Err(Box::new(Failure {
                asked_wait: Some(remaining),
                ..closure.failure.clone()
            }));
        }
        Ok(Some(closure.until).filter(|until| *until > now))
    }
}

impl Permit<'_> {
    /// Reports a response that is not 429, which gradually increases the number of concurrent requests.
    pub(crate) fn on_response(self) {
        let mut state = self.limiter.state();
        state.consecutive_closures = 0;
        state.responses += 1;
        if state.width < MAX_CONCURRENT_REQUESTS && state.responses >= state.width {
            state.responses = 0;
            state.width += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.limiter.width.add_permits(1);
            }
        }
    }

    /// Reports a 429: the host receives no request for `wait`, and half as many concurrent requests afterwards.
    /// `jitter` is between 0 and 1.
    pub(crate) fn on_rate_limited(self, wait: Duration, jitter: f64, failure: &Failure) {
        let mut state = self.limiter.state();
        let wait = wait.min(MAX_CLOSURE);
        let now = Instant::now();
        let closure = Closure {
            asked_until: now + wait,
            until: now + wait.mul_f64(1.0 + MAX_SPREAD * jitter.clamp(0.0, 1.0)),
            failure: without_details(failure),
        };
        if state
            .closure
            .as_ref()
            .is_none_or(|last| last.until < closure.until)
        {
            state.closure = Some(closure);
        }
        if self.round != state.round {
            return;
        }
        state.round += 1;
        state.consecutive_closures += 1;
        state.responses = 0;
        let less = state.width / 2;
        state.width -= less;
        state.owed += less;
        state.owed -= self.limiter.width.forget_permits(state.owed);
    }
}

/// The failure for the reports of other requests. The message of the server concerns only the rejected request, and
/// only that request can redact its secrets.
fn without_details(failure: &Failure) -> Failure {
    let kind = match &failure.kind {
        ErrorKind::Api { status, .. } => ErrorKind::Api {
            status: *status,
            problem_document: false,
            message: None,
            invalid_parameters: Vec::new(),
        },
        other => other.clone(),
    };
    Failure {
        kind,
        ..failure.clone()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        if let Some(permit) = self.of_host.take().filter(|_| state.owed > 0) {
            permit.forget();
            state.owed -= 1;
        }
    }
}
