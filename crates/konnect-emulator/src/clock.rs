//! Times as Konnect writes them.

use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};

/// What Konnect answers as `updated_at` until a first update.
///
/// The API description spells it with a single digit for the seconds, which is not valid RFC 3339; a client has
/// to live with that, so the emulator keeps the spelling.
pub(super) const NEVER: &str = "0001-01-01T00:00:0Z";

/// Milliseconds since 1970, now.
pub(super) fn now_millis() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Milliseconds since 1970 as RFC 3339 in UTC, always with three digits of milliseconds.
pub(super) fn rfc3339(millis: i64) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Now, shifted by `skew_seconds`, in the form of an HTTP `Date` header. A shift beyond the calendar's end stops
/// there.
pub(super) fn http_date(skew_seconds: i64) -> String {
    let limit = if skew_seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    let time = Timestamp::now()
        .checked_add(SignedDuration::from_secs(skew_seconds))
        .unwrap_or(limit);
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// [`http_date`] as a header's value.
pub(super) fn date_header(skew_seconds: i64) -> HeaderValue {
    // The text is digits and letters, so the fallback is never met.
    HeaderValue::try_from(http_date(skew_seconds)).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_a_z() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_679_304_554_520), "2023-03-20T09:29:14.520Z");
    }

    #[test]
    fn a_date_header_is_in_the_fixed_http_form() {
        let date = http_date(0);
        assert_eq!(date.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len(), "{date}");
        assert!(date.ends_with(" GMT"), "{date}");
        assert!(http_date(i64::MAX).contains("9999"));
    }
}
