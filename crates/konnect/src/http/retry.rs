//! Decides whether and when a request is retried.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};

use crate::error::Outcome;

/// The longest `Retry-After` that the client waits for. A longer one is an error.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_mins(1);

/// The longest wait without `Retry-After`.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// The waits between attempts without `Retry-After`: they double up to 30 s.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
}

/// The decision after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Retry after this wait.
    Wait(Duration),
    /// Return the failure to the caller.
    GiveUp,
}

impl Backoff {
    /// Waits that begin with `first`.
    pub(crate) fn starting_with(first: Duration) -> Self {
        Self { first }
    }

    /// Decides after the attempt with this number, counted from 1. `asked` is the server's `Retry-After`. `jitter` is
    /// between 0 and 1: it distributes clients that failed together over the second half of the nominal wait.
    pub(crate) fn decide(
        self,
        attempt: u32,
        max_retries: u32,
        asked: Option<Duration>,
        jitter: f64,
    ) -> RetryDecision {
        if attempt > max_retries {
            return RetryDecision::GiveUp;
        }
        match asked {
            Some(asked) if asked > MAX_RETRY_AFTER => RetryDecision::GiveUp,
            Some(asked) => RetryDecision::Wait(asked),
            None => RetryDecision::Wait(self.nominal(attempt).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))),
        }
    }

    /// The time during which a host that rate-limited this attempt receives no request.
    pub(crate) fn rate_limit_wait(self, attempt: u32, asked: Option<Duration>) -> Duration {
        asked.unwrap_or_else(|| self.nominal(attempt))
    }

    fn nominal(self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(MAX_BACKOFF)
    }
}

/// Whether the status means that the same request may succeed later (RFC 9110, RFC 6585, RFC 8470).
pub(crate) fn is_transient(status: StatusCode) -> bool {
    let transient = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    transient.contains(&status) || status.is_server_error()
}

/// Whether a failed attempt can be repeated without a second effect.
///
/// A `POST` creates an object: it is repeated only if the server cannot have handled it.
pub(crate) fn is_repeatable(method: &Method, outcome: Outcome, status: Option<u16>) -> bool {
    *method != Method::POST || outcome == Outcome::NotSent || matches!(status, Some(425 | 429))
}

/// Parses a `Retry-After` header, in seconds or as a date (RFC 9110, section 10.2.3). A date in the past is a wait of
/// zero; anything else is `None`.
pub(crate) fn asked_wait(header: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = header.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that overflows exceeds every limit.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> RetryDecision {
        RetryDecision::Wait(Duration::from_secs(seconds))
    }

    #[test]
    fn decide_without_asked_wait_doubles_up_to_thirty_seconds() {
        let backoff = Backoff::starting_with(Duration::from_secs(1));
        let waits: Vec<_> = (1..=7)
            .map(|attempt| backoff.decide(attempt, 100, None, 1.0))
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30].map(seconds));
        assert_eq!(backoff.decide(u32::MAX - 1, u32::MAX, None, 1.0), seconds(30));
    }

    #[test]
    fn decide_jitter_takes_off_at_most_half() {
        let backoff = Backoff::starting_with(Duration::from_secs(1));
        assert_eq!(
            backoff.decide(1, 4, None, 0.0),
            RetryDecision::Wait(Duration::from_millis(500))
        );
        assert_eq!(
            backoff.decide(2, 4, None, 0.5),
            RetryDecision::Wait(Duration::from_millis(1500))
        );
    }

    #[test]
    fn rate_limit_wait_prefers_asked_wait() {
        let backoff = Backoff::starting_with(Duration::from_secs(1));
        let asked = |seconds| backoff.rate_limit_wait(1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(7), Duration::from_secs(7));
        assert_eq!(asked(3600), Duration::from_hours(1));
        assert_eq!(backoff.rate_limit_wait(3, None), Duration::from_secs(4));
    }

    #[test]
    fn decide_after_last_retry_gives_up() {
        let backoff = Backoff::starting_with(Duration::from_secs(1));
        assert_eq!(backoff.decide(4, 4, None, 1.0), seconds(8));
        assert_eq!(backoff.decide(5, 4, None, 1.0), RetryDecision::GiveUp);
        assert_eq!(
            backoff.decide(1, 0, Some(Duration::ZERO), 1.0),
            RetryDecision::GiveUp
        );
    }

    #[test]
    fn decide_asked_wait_is_kept_up_to_the_limit() {
        let backoff = Backoff::starting_with(Duration::from_secs(1));
        assert_eq!(backoff.decide(1, 4, Some(Duration::ZERO), 0.0), seconds(0));
        assert_eq!(backoff.decide(1, 4, Some(MAX_RETRY_AFTER), 0.0), seconds(60));
        assert_eq!(
            backoff.decide(1, 4, Some(Duration::from_secs(61)), 0.0),
            RetryDecision::GiveUp
        );
    }

    #[test]
    fn asked_wait_seconds_or_date_is_parsed() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let asked = |text: &'static str| asked_wait(&HeaderValue::from_static(text), now);
        assert_eq!(asked("0"), Some(Duration::ZERO));
        assert_eq!(asked(" 17 "), Some(Duration::from_secs(17)));
        assert_eq!(
            asked("99999999999999999999999"),
            Some(Duration::from_secs(u64::MAX))
        );
        assert_eq!(
            asked("Sun, 06 Nov 1994 08:49:47 GMT"),
            Some(Duration::from_secs(10))
        );
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        for odd in ["", "-1", "1.5", "soon", "0x10"] {
            assert_eq!(asked(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn is_repeatable_post_only_if_not_handled() {
        assert!(is_repeatable(&Method::POST, Outcome::NotSent, None));
        assert!(is_repeatable(&Method::POST, Outcome::Refused, Some(429)));
        assert!(is_repeatable(&Method::POST, Outcome::Refused, Some(425)));
        assert!(!is_repeatable(&Method::POST, Outcome::Unknown, Some(408)));
        assert!(!is_repeatable(&Method::POST, Outcome::Unknown, Some(500)));
        assert!(!is_repeatable(&Method::POST, Outcome::Unknown, None));
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(is_repeatable(&method, Outcome::Unknown, Some(503)), "{method}");
        }
    }
}
