//! When a call is made again, and after which wait.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};

use crate::error::Outcome;

/// A `Retry-After` longer than this is not waited for: the caller is told instead.
pub(crate) const LONGEST_ASKED_WAIT: Duration = Duration::from_mins(1);

/// The waits between attempts where the server does not ask for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    /// Before the first retry; each further one waits twice as long.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
        }
    }
}

/// What to do after an attempt that failed and might succeed if made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Try again after this wait.
    Wait(Duration),
    /// Give the failure to the caller.
    GiveUp,
}

impl Backoff {
    /// Decides after the `attempts`th attempt. `jitter` is between 0 and 1, and spreads the clients that
    /// failed together over the second half of the nominal wait.
    pub(crate) fn next(self, attempts: u32, max_retries: u32, asked: Option<Duration>, jitter: f64) -> Step {
        if attempts > max_retries {
            return Step::GiveUp;
        }
        match asked {
            Some(asked) if asked > LONGEST_ASKED_WAIT => Step::GiveUp,
            Some(asked) => Step::Wait(asked),
            None => Step::Wait(self.nominal(attempts).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))),
        }
    }

    /// How long nobody is to send to a host that turned the `attempts`th attempt of a call away: as long as it
    /// asks for, unless that is too long to be waited for. Then each caller is to be told.
    pub(crate) fn rest(self, attempts: u32, asked: Option<Duration>) -> Duration {
        match asked {
            Some(asked) if asked > LONGEST_ASKED_WAIT => Duration::ZERO,
            Some(asked) => asked,
            None => self.nominal(attempts),
        }
    }

    fn nominal(self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

/// Whether an error status says that the same request may fare better in a while (RFC 9110, RFC 6585, RFC 8470).
pub(crate) fn is_transient(status: StatusCode) -> bool {
    let passing = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    passing.contains(&status) || status.is_server_error()
}

/// Whether a failed attempt may be repeated without doing a thing twice.
///
/// A `POST` creates: it is repeated only where nothing can have been handled.
pub(crate) fn is_repeatable(method: &Method, outcome: Outcome, status: Option<u16>) -> bool {
    *method != Method::POST || outcome == Outcome::NotSent || matches!(status, Some(425 | 429))
}

/// The wait that a `Retry-After` header asks for, in seconds or as a date (RFC 9110, section 10.2.3).
/// A date that has passed asks for no wait; what is neither asks for nothing.
pub(crate) fn asked_wait(header: &HeaderValue, now: SystemTime) -> Option<Duration> {
    let text = header.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit ask for longer than anyone waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Step {
        Step::Wait(Duration::from_secs(seconds))
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let pace = Backoff::default();
        let waits: Vec<_> = (1..=7)
            .map(|attempt| pace.next(attempt, 100, None, 1.0))
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30].map(seconds));
        assert_eq!(pace.next(u32::MAX - 1, u32::MAX, None, 1.0), seconds(30));
    }

    #[test]
    fn jitter_takes_off_half_at_most() {
        let pace = Backoff::default();
        assert_eq!(pace.next(1, 4, None, 0.0), Step::Wait(Duration::from_millis(500)));
        assert_eq!(
            pace.next(2, 4, None, 0.5),
            Step::Wait(Duration::from_millis(1500))
        );
    }

    #[test]
    fn a_host_rests_as_long_as_it_asks_for_within_reason() {
        let pace = Backoff::default();
        let asked = |seconds| pace.rest(1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(7), Duration::from_secs(7));
        assert_eq!(asked(61), Duration::ZERO);
        assert_eq!(pace.rest(3, None), Duration::from_secs(4));
    }

    #[test]
    fn retries_are_counted() {
        let pace = Backoff::default();
        assert_eq!(pace.next(4, 4, None, 1.0), seconds(8));
        assert_eq!(pace.next(5, 4, None, 1.0), Step::GiveUp);
        assert_eq!(pace.next(1, 0, Some(Duration::ZERO), 1.0), Step::GiveUp);
    }

    #[test]
    fn what_the_server_asks_for_is_taken_as_it_is() {
        let pace = Backoff::default();
        assert_eq!(pace.next(1, 4, Some(Duration::ZERO), 0.0), seconds(0));
        assert_eq!(pace.next(1, 4, Some(LONGEST_ASKED_WAIT), 0.0), seconds(60));
        assert_eq!(pace.next(1, 4, Some(Duration::from_secs(61)), 0.0), Step::GiveUp);
    }

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
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
    fn a_post_is_repeated_only_where_nothing_was_handled() {
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
