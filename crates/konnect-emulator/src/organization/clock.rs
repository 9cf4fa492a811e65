//! The emulator's clock, and times as Konnect writes them.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::options::RETENTION_DAYS;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The value of `updated_at` until the first update.
pub(crate) const NEVER: &str = "0001-01-01T00:00:00Z";

/// This machine's clock plus an offset, and how long events are kept. Clones share the offset.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    offset_ms: Arc<watch::Sender<i64>>,
    retention_days: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self::ahead_by(0, RETENTION_DAYS)
    }
}

impl Clock {
    /// A clock that is this many seconds ahead of this machine's, or behind if negative.
    pub(crate) fn ahead_by(seconds: i64, retention_days: u32) -> Self {
        Self {
            offset_ms: Arc::new(watch::Sender::new(seconds.saturating_mul(1000))),
            retention_days,
        }
    }

    pub(crate) fn retention_days(&self) -> u32 {
        self.retention_days
    }

    /// The time of the oldest event that is kept, in milliseconds since 1970.
    pub(crate) fn oldest_ms(&self) -> i64 {
        let retention = i64::from(self.retention_days).saturating_mul(DAY_MS);
        self.now_ms().saturating_sub(retention)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        machine_ms().saturating_add(self.offset_ms())
    }

    /// Moves the clock forward. Waits for a time that has then passed end.
    pub(crate) fn advance(&self, by: Duration) {
        let by = millis(by);
        self.offset_ms
            .send_modify(|offset| *offset = offset.saturating_add(by));
    }

    /// Waits until this time has passed.
    pub(crate) async fn passed(&self, wait: Duration) {
        let end = self.now_ms().saturating_add(millis(wait));
        let mut moved = self.offset_ms.subscribe();
        loop {
            let left = end.saturating_sub(self.now_ms());
            let Ok(left @ 1..) = u64::try_from(left) else {
                return;
            };
            tokio::select! {
                () = sleep(Duration::from_millis(left)) => {}
                // The sender exists as long as the clock.
                _ = moved.changed() => {}
            }
        }
    }

    pub(crate) fn date_header(&self) -> HeaderValue {
        date_header(self.offset_ms())
    }

    fn offset_ms(&self) -> i64 {
        *self.offset_ms.borrow()
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn machine_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Milliseconds since 1970 as RFC 3339 in UTC, always with three digits of milliseconds.
pub(crate) fn rfc3339(millis: i64) -> String {
    timestamp(millis).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Milliseconds since 1970 as RFC 3339 in UTC, in whole seconds, as events have it.
pub(crate) fn rfc3339_seconds(millis: i64) -> String {
    timestamp(millis).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An RFC 3339 time in milliseconds since 1970, or `None` for any other text.
pub(crate) fn parse_rfc3339(text: &str) -> Option<i64> {
    // jiff accepts more than RFC 3339: a space between date and time, and a time zone in brackets.
    let strict = text.as_bytes().get(10).is_some_and(u8::is_ascii_alphabetic) && !text.contains('[');
    let time: Timestamp = text.parse().ok().filter(|_| strict)?;
    Some(time.as_millisecond())
}

/// The machine's time, `offset_ms` milliseconds ahead, in the form of an HTTP `Date` header.
pub(crate) fn date_header(offset_ms: i64) -> HeaderValue {
    let time = timestamp(machine_ms().saturating_add(offset_ms));
    let date = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    // The text is a valid header value, so the fallback is never used.
    HeaderValue::try_from(date).unwrap_or(HeaderValue::from_static(""))
}

/// The time, clamped to the range of the calendar.
fn timestamp(millis: i64) -> Timestamp {
    let limit = if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_millisecond(millis).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_any_time_has_milliseconds_and_z() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_679_304_554_520), "2023-03-20T09:29:14.520Z");
        assert_eq!(rfc3339_seconds(1_679_304_554_520), "2023-03-20T09:29:14Z");
    }

    #[test]
    fn parse_rfc3339_other_forms_are_refused() {
        assert_eq!(parse_rfc3339("1970-01-01T00:00:01.5Z"), Some(1_500));
        assert_eq!(parse_rfc3339("1970-01-01t01:00:00+01:00"), Some(0));
        for wrong in [
            "1970-01-01 00:00:01Z",
            "1970-01-01T00:00:01",
            "1970-01-01T00:00:01Z[UTC]",
            "0001-01-01T00:00:0Z",
            "",
        ] {
            assert_eq!(parse_rfc3339(wrong), None, "{wrong}");
        }
        assert!(parse_rfc3339(NEVER).is_some());
    }
}
