//! How many requests are under way at a time, and how a host that says 429 gets fewer of them.
//!
//! Requests that a rate limit has turned away would come back together, use up their attempts on each other,
//! and keep the limit reached. So the wait that one of them is told is everybody's: nobody sends to that host
//! before it is over, and then fewer at a time. Who has waited without having been sent has used no attempt.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::error::Failure;
use crate::error::kind::ErrorKind;

/// How many requests of a client are under way at a time, to all hosts together; more wait for their turn.
///
/// Each needs a connection of its own where a host speaks no HTTP/2. While one is being made for a request, another
/// may come free for it; the new one is then kept for the next. So to a host there may be as many busy connections,
/// as many that wait for a request, and as many that are being made: three times this, however many calls the caller
/// makes at a time. With answers after 50 ms it is 320 requests a second.
pub const MAX_CONCURRENT_REQUESTS: usize = 16;

/// The part of an asked wait that is added at most, so that clients that were told the same don't come back
/// together.
const LARGEST_SPREAD: f64 = 0.125;

/// The gates of a client: one for each host.
pub(crate) struct ConcurrencyLimits {
    at_once: Semaphore,
    hosts: Mutex<HashMap<String, Arc<ConcurrencyLimiter>>>,
}

/// The way to a host.
pub(crate) struct ConcurrencyLimiter {
    width: Semaphore,
    state: Mutex<Flow>,
}

struct Flow {
    closed_until: Option<Instant>,
    /// Counts the closings. A request that was sent before the latest one says nothing new with its own 429.
    round: u64,
    /// The closings since the host last answered anything else.
    fruitless: u32,
    /// What the latest one was about.
    last: Option<Box<Failure>>,
    /// How many may be under way: the permits that there are, less those that are still to be withdrawn.
    width: usize,
    owed: usize,
    /// How many answers there were since the width was changed.
    answered: usize,
}

/// The leave to send one request. It ends when this is dropped.
pub(crate) struct Permit<'a> {
    gate: &'a ConcurrencyLimiter,
    round: u64,
    permit: Option<SemaphorePermit<'a>>,
    _at_once: SemaphorePermit<'a>,
}

impl Default for ConcurrencyLimits {
    fn default() -> Self {
        Self {
            at_once: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            hosts: Mutex::default(),
        }
    }
}

impl ConcurrencyLimits {
    /// The gate of a host, told by its origin.
    pub(crate) fn gate(&self, origin: &str) -> Arc<ConcurrencyLimiter> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(origin.to_owned()).or_default())
    }

    /// Waits for its turn. `patience` is how often the gate may be closed again meanwhile without any request
    /// getting through; `Err` is what the last of them met.
    pub(crate) async fn pass<'a>(
        &'a self,
        gate: &'a ConcurrencyLimiter,
        patience: u32,
    ) -> Result<Permit<'a>, Box<Failure>> {
        let mut fruitless = gate.state().fruitless;
        loop {
            // Neither semaphore is ever closed: without a permit there is nothing to wait for.
            let permit = gate.width.acquire().await.ok();
            while let Some(closed_until) = gate.closed(&mut fruitless, patience)? {
                tokio::time::sleep_until(closed_until).await;
            }
            let Ok(at_once) = self.at_once.acquire().await else {
                continue;
            };
            if gate.closed(&mut fruitless, patience)?.is_none() {
                return Ok(Permit {
                    gate,
                    round: gate.state().round,
                    permit,
                    _at_once: at_once,
                });
            }
        }
    }
}

impl Default for ConcurrencyLimiter {
    fn default() -> Self {
        let state = Flow {
            closed_until: None,
            round: 0,
            fruitless: 0,
            last: None,
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
    fn state(&self) -> MutexGuard<'_, Flow> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until when it is closed, if it is; `Err` once that has happened too often. `since` is how many fruitless
    /// closings there were when the request came.
    fn closed(&self, since: &mut u32, patience: u32) -> Result<Option<Instant>, Box<Failure>> {
        let state = self.state();
        *since = state.fruitless.min(*since);
        match &state.last {
            Some(last) if state.fruitless - *since > patience => Err(last.clone()),
            _ => Ok(state.closed_until.filter(|until| *until > Instant::now())),
        }
    }
}

impl Permit<'_> {
    /// The host answered, and not that there were too many requests: a little more may be under way.
    pub(crate) fn answered(self) {
        let mut state = self.gate.state();
        state.fruitless = 0;
        state.last = None;
        state.answered += 1;
        if state.width < MAX_CONCURRENT_REQUESTS && state.answered >= state.width {
            state.answered = 0;
            state.width += 1;
            if state.owed > 0 {
                state.owed -= 1;
            } else {
                self.gate.width.add_permits(1);
            }
        }
    }

    /// The host answered that there were too many requests: nobody sends for that long, and half as many may
    /// be under way then. `jitter` is between 0 and 1.
    pub(crate) fn on_rate_limited(self, wait: Duration, jitter: f64, failure: &Failure) {
        let mut state = self.gate.state();
        let until = Instant::now() + wait.mul_f64(1.0 + LARGEST_SPREAD * jitter.clamp(0.0, 1.0));
        state.closed_until = state.closed_until.max(Some(until));
        if self.round != state.round {
            return;
        }
        state.round += 1;
        state.fruitless += 1;
        state.last = Some(Box::new(in_its_status_alone(failure)));
        state.answered = 0;
        let less = state.width / 2;
        state.width -= less;
        state.owed += less;
        state.owed -= self.gate.width.forget_permits(state.owed);
    }
}

/// A failure as others may be told of it: what the server said of one request is nothing to another, and what is
/// to be hidden in it is known to its own caller.
fn in_its_status_alone(failure: &Failure) -> Failure {
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
        let mut state = self.gate.state();
        if let Some(permit) = self.permit.take().filter(|_| state.owed > 0) {
            permit.forget();
            state.owed -= 1;
        }
    }
}
