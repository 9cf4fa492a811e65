//! The number of requests under way at a time, and fewer of them to a host that answers 429.
//!
//! Requests that a rate limit rejects would return together, use up their attempts on each other, and keep the limit
//! reached. So the wait that a host asks of one request applies to all requests to that host: none is sent before it
//! is over, and fewer at a time are sent afterwards. A request that only waited has not used an attempt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::Failure;
use crate::error::kind::ErrorKind;
use crate::http::retry::LONGEST_ASKED_WAIT;

/// The maximum number of requests of a client that are under way at a time, to all hosts together. Further requests
/// wait for their turn.
///
/// Over HTTP/1.1 each request needs a connection of its own. While a connection is opened for a request, another one
/// may become free for it; the new one is then kept for the next request. So a host may see as many busy connections,
/// as many idle ones, and as many that are being opened: three times this number, however many calls the caller makes
/// at a time. With answers after 50 ms it allows 320 requests a second.
pub const MAX_CONCURRENT_REQUESTS: usize = 16;

/// The largest part of an asked wait that is added to it, so that clients that got the same answer do not return
/// together.
const LARGEST_SPREAD: f64 = 0.125;

/// No rate limit is kept for longer than this. It bounds what `Retry-After` can ask for.
const LONGEST_CLOSURE: Duration = Duration::from_hours(24);

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
    /// The number of closures since the host last answered with another status than 429.
    fruitless: u32,
    /// How many requests may be under way: the permits in circulation, less those that are still to be withdrawn.
    width: usize,
    owed: usize,
    /// The number of answers since the width was last changed.
    answered: usize,
}

/// The time during which a host gets no request.
struct Closure {
    /// The end of the wait that the host asked for.
    asked_until: Instant,
    /// The end of the closure: the asked wait and its spread.
    until: Instant,
    /// The 429 that closed the host, without details of the request that got it.
    failure: Failure,
}

/// The permission to send one request. It ends when this is dropped.
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
    /// The 429 that closed the host: at once if the host asked for a wait longer than [`LONGEST_ASKED_WAIT`], or after
    /// the host was closed more than `patience` times in a row during this wait.
    pub(crate) async fn acquire<'a>(
        &'a self,
        limiter: &'a ConcurrencyLimiter,
        patience: u32,
    ) -> Result<Permit<'a>, Box<Failure>> {
        let mut fruitless = limiter.state().fruitless;
        loop {
            // Long waits fail before they queue for a permit, which others may hold for long.
            limiter.closed_until(&mut fruitless, patience)?;
            // Neither semaphore is ever closed, so neither `acquire` fails.
            let permit = limiter.width.acquire().await.ok();
            while let Some(until) = limiter.closed_until(&mut fruitless, patience)? {
                tokio::time::sleep_until(until).await;
            }
            let Ok(total) = self.total.acquire().await else {
                continue;
            };
            if limiter.closed_until(&mut fruitless, patience)?.is_none() {
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
            fruitless: 0,
            width: MAX_CONCURRENT_REQUESTS,
            owed: 0,
            answered: 0,
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

    /// Returns the end of the closure, if the host is closed. `since` is the number of fruitless closures when the
    /// request began to wait.
    fn closed_until(&self, since: &mut u32, patience: u32) -> Result<Option<Instant>, Box<Failure>> {
        let state = self.state();
        *since = state.fruitless.min(*since);
        let Some(closure) = &state.closure else {
            return Ok(None);
        };
        if state.fruitless - *since > patience {
            return Err(Box::new(closure.failure.clone()));
        }
        let now = Instant::now();
        let remaining = closure.asked_until.saturating_duration_since(now);
        if remaining > LONGEST_ASKED_WAIT {
            return Err(Box::new(Failure {
                asked_wait: Some(remaining),
                ..closure.failure.clone()
            }));
        }
        Ok(Some(closure.until).filter(|until| *until > now))
    }
}

impl Permit<'_> {
    /// Reports an answer that is not 429: gradually, more requests may be under way.
    pub(crate) fn on_answer(self) {
        let mut state = self.limiter.state();
        state.fruitless = 0;
        state.answered += 1;
        if state.width < MAX_CONCURRENT_REQUESTS && state.answered >= state.width {
            state.answered = 0;
            state.width += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.limiter.width.add_permits(1);
            }
        }
    }

    /// Reports a 429: the host gets no request for as long as `wait`, and half as many at a time afterwards.
    /// `jitter` is between 0 and 1.
    pub(crate) fn on_rate_limited(self, wait: Duration, jitter: f64, failure: &Failure) {
        let mut state = self.limiter.state();
        let wait = wait.min(LONGEST_CLOSURE);
        let now = Instant::now();
        let closure = Closure {
            asked_until: now + wait,
            until: now + wait.mul_f64(1.0 + LARGEST_SPREAD * jitter.clamp(0.0, 1.0)),
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
        state.fruitless += 1;
        state.answered = 0;
        let less = state.width / 2;
        state.width -= less;
        state.owed += less;
        state.owed -= self.limiter.width.forget_permits(state.owed);
    }
}

/// The failure as other requests may report it. What the server said about one request does not concern another, and
/// only the request itself knows which of its secrets to redact.
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
