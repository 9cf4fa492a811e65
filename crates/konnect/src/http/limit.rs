//! Limits the number of concurrent requests, and waits for hosts that respond with 429.
//!
//! If all requests that a rate limit rejects are retried at the same time, they exceed the limit again and use up their
//! attempts. Therefore the wait of one request applies to all requests to that host, and each of them resumes at another
//! time after it. A wait does not use an attempt.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// The total time that a call waits for rate limits.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// The maximum random addition to a wait: half of it, and at most this.
const MAX_SPREAD: Duration = Duration::from_secs(5);

/// The maximum duration of a closure, whatever `Retry-After` specifies.
const MAX_CLOSURE: Duration = Duration::from_hours(24);

/// The limits of a client.
pub(crate) struct RequestLimits {
    permits: Semaphore,
    closures: Mutex<HashMap<String, Closure>>,
}

/// The time during which a host gets no request.
struct Closure {
    until: Instant,
    /// The longest random addition to the wait of a request.
    spread: Duration,
    /// The 429 that closed the host, without details of its request.
    failure: Failure,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(MAX_CONCURRENT_REQUESTS),
            closures: Mutex::default(),
        }
    }
}

impl RequestLimits {
    /// Waits until a request to the host with this origin may be sent, at most as long as the call's `patience`. The
    /// permission lasts until the permit is dropped.
    ///
    /// # Errors
    /// The 429 that closed the host: immediately if the host asked for a wait longer than [`MAX_RETRY_AFTER`], or longer
    /// than the rest of `patience`.
    pub(crate) async fn acquire(
        &self,
        origin: &str,
        patience: &mut Duration,
    ) -> Result<SemaphorePermit<'_>, Box<Failure>> {
        loop {
            while let Some(wait) = self.wait(origin, *patience)? {
                *patience = patience.saturating_sub(wait);
                tokio::time::sleep(wait).await;
            }
            // The semaphore is never closed, so `acquire` does not fail.
            if let Ok(permit) = self.permits.acquire().await
                && self.wait(origin, *patience)?.is_none()
            {
                return Ok(permit);
            }
        }
    }

    /// Reports a 429: the host receives no request for `wait`.
    pub(crate) fn close(&self, origin: &str, wait: Duration, failure: &Failure) {
        let wait = wait.min(MAX_CLOSURE);
        let closure = Closure {
            until: Instant::now() + wait,
            spread: (wait / 2).min(MAX_SPREAD),
            failure: without_details(failure),
        };
        let mut closures = self.closures();
        if closures.get(origin).is_none_or(|last| last.until < closure.until) {
            closures.insert(origin.to_owned(), closure);
        }
    }

    /// The wait before a request, if the host is closed. It differs between the requests that wait.
    fn wait(&self, origin: &str, patience: Duration) -> Result<Option<Duration>, Box<Failure>> {
        let closures = self.closures();
        let Some(closure) = closures.get(origin) else {
            return Ok(None);
        };
        let remaining = closure.until.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Ok(None);
        }
        if remaining > MAX_RETRY_AFTER.min(patience) {
            return Err(Box::new(Failure {
                asked_wait: Some(remaining),
                ..closure.failure.clone()
            }));
        }
        Ok(Some(remaining + closure.spread.mul_f64(fastrand::f64())))
    }

    fn closures(&self) -> MutexGuard<'_, HashMap<String, Closure>> {
        self.closures.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        let cause = "a 429".to_owned();
        Failure::not_sent(ErrorKind::Unsendable { cause })
    }

    async fn acquire<'a>(limits: &'a RequestLimits, origin: &str) -> SemaphorePermit<'a> {
        limits.acquire(origin, &mut PATIENCE.clone()).await.ok().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn acquire_limits_all_hosts_together() {
        let limits = RequestLimits::default();
        let mut permits = Vec::new();
        for _ in 0..MAX_CONCURRENT_REQUESTS / 2 {
            permits.push(acquire(&limits, "a").await);
            permits.push(acquire(&limits, "b").await);
        }
        let mut waiting = Box::pin(acquire(&limits, "c"));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        permits.pop();
        drop(waiting.await);
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_applies_to_one_host_only() {
        let limits = RequestLimits::default();
        let start = Instant::now();
        limits.close("a", Duration::from_secs(5), &failure());
        // The later end applies.
        limits.close("a", Duration::from_secs(3), &failure());
        drop(acquire(&limits, "b").await);
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(acquire(&limits, "a").await);
        assert!(start.elapsed() >= Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_of_one_host_leaves_permits_for_others() {
        let limits = RequestLimits::default();
        limits.close("a", Duration::from_secs(30), &failure());
        let waiting: Vec<_> = (0..2 * MAX_CONCURRENT_REQUESTS)
            .map(|_| acquire(&limits, "a"))
            .collect();
        let mut waiting = Box::pin(futures_util::future::join_all(waiting));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let start = Instant::now();
        drop(acquire(&limits, "b").await);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_waits_end_at_different_times() {
        let limits = RequestLimits::default();
        let start = Instant::now();
        limits.close("a", Duration::from_secs(8), &failure());
        let ends = (0..10).map(|_| async {
            drop(acquire(&limits, "a").await);
            start.elapsed()
        });
        let mut ends = futures_util::future::join_all(ends).await;
        ends.sort();
        assert!(
            ends[0] >= Duration::from_secs(8) && ends[9] <= Duration::from_secs(13),
            "{ends:?}"
        );
        ends.dedup();
        assert!(ends.len() > 1, "{ends:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_longer_than_a_minute_fails_at_once() {
        let limits = RequestLimits::default();
        for wait in [Duration::from_hours(1), Duration::MAX] {
            limits.close("a", wait, &failure());
            let start = Instant::now();
            let error = limits.acquire("a", &mut PATIENCE.clone()).await.err().unwrap();
            assert_eq!(error.asked_wait, Some(wait.min(MAX_CLOSURE)));
            assert_eq!(start.elapsed(), Duration::ZERO);
        }
        // Near the end of the closure, requests wait.
        tokio::time::advance(MAX_CLOSURE.checked_sub(Duration::from_secs(50)).unwrap()).await;
        drop(acquire(&limits, "a").await);
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_without_end_exhausts_the_patience() {
        let limits = RequestLimits::default();
        let mut patience = PATIENCE;
        let start = Instant::now();
        let closing = async {
            loop {
                limits.close("a", Duration::from_secs(50), &failure());
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let error = tokio::select! {
            biased;
            () = closing => None,
            error = limits.acquire("a", &mut patience) => error.err(),
        };
        assert!(error.is_some());
        assert!(start.elapsed() <= PATIENCE + MAX_SPREAD, "{:?}", start.elapsed());
    }
}
