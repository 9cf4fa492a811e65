//! Comparison of API times as instants.

use std::cmp::Ordering;
use std::time::{Duration, SystemTime};

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use terraform_plugin::Attr;

/// Whether two times are the same instant. Invalid times, such as the `0001-01-01T00:00:0Z` of an object that was never
/// changed, are compared as text.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a == b || matches!((parse(a), parse(b)), (Some(a), Some(b)) if a == b)
}

/// The age of a time in words, such as `3 hours ago`. A time in the future counts as now. Returns `None` for an invalid
/// time.
pub(crate) fn age(time: &str, now: SystemTime) -> Option<String> {
    let age = OffsetDateTime::from(now) - parse(time)?;
    Some(format!("{} ago", in_words(age.try_into().unwrap_or_default())))
}

/// Whether an object was changed later than `before`. Only a later time counts: a read can return an older state of the
/// object than an earlier read or write. A time before the first change can be absent or invalid.
pub(crate) fn is_later(before: Option<&str>, seen: Option<&str>) -> bool {
    let seen = seen.and_then(parse);
    seen.is_some_and(|seen| before.and_then(parse).is_none_or(|before| seen > before))
}

/// The time of the last change for a state that had `before`. A stale read does not move it back: the next read would
/// then look like an outside change.
pub(crate) fn refreshed(before: &Attr<String>, seen: Attr<String>) -> Attr<String> {
    match (before.known(), seen.known()) {
        (Some(before), Some(seen)) if is_after(before, seen) => Attr::Known(before.clone()),
        _ => seen,
    }
}

/// Whether a text is a valid time.
pub(crate) fn is_valid(time: &str) -> bool {
    parse(time).is_some()
}

/// Whether a time is after another. False if one of them is invalid.
pub(crate) fn is_after(a: &str, b: &str) -> bool {
    matches!((parse(a), parse(b)), (Some(a), Some(b)) if a > b)
}

/// Orders times, invalid ones first.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    parse(a).cmp(&parse(b))
}

fn in_words(age: Duration) -> String {
    let seconds = age.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Reads a time in RFC 3339. The crate accepts any character between date and time, and the API declares a `T`.
pub(crate) fn parse(time: &str) -> Option<OffsetDateTime> {
    let separator = time.as_bytes().get(10)?;
    let parsed = OffsetDateTime::parse(time, &Rfc3339).ok();
    parsed.filter(|_| separator.eq_ignore_ascii_case(&b't'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_compares_instants_and_falls_back_to_text() {
        for (a, b, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", true),
            ("2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", true),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", false),
            ("0001-01-01T00:00:0Z", "0001-01-01T00:00:0Z", true),
            ("0001-01-01T00:00:0Z", "2026-01-02T03:04:05Z", false),
            ("never", "always", false),
        ] {
            assert_eq!(same(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn compare_orders_instants_and_invalid_times_first() {
        let mut times = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+02:00", "never"];
        times.sort_by(|a, b| compare(a, b));
        assert_eq!(
            times,
            ["never", "2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05Z"]
        );
        assert!(
            is_after(times[2], times[1]) && !is_after(times[1], times[2]) && !is_after(times[2], "never")
        );
        assert!(is_valid(times[1]) && !is_valid("never"));
    }

    #[test]
    fn is_later_ignores_older_and_invalid_times() {
        let (old, new) = (Some("2026-01-02T03:04:05Z"), Some("2026-01-02T03:04:05.001Z"));
        assert!(is_later(old, new) && is_later(None, old) && is_later(Some("0001-01-01T00:00:0Z"), old));
        assert!(!is_later(new, old) && !is_later(old, old) && !is_later(old, None));
        assert!(!is_later(old, Some("0001-01-01T00:00:0Z")));
    }

    #[test]
    fn refreshed_state_keeps_the_later_time() {
        let time = |text: &str| Attr::Known(text.to_owned());
        let (old, new) = (time("2026-01-02T03:04:05Z"), time("2026-01-02T03:04:06Z"));
        let never = time("0001-01-01T00:00:0Z");
        for (before, seen, expected) in [
            (&old, &new, &new),
            (&new, &old, &new),
            (&Attr::Null, &old, &old),
            // A webhook with a destination has no time.
            (&old, &Attr::Null, &Attr::Null),
            (&never, &old, &old),
            (&old, &never, &never),
        ] {
            assert_eq!(refreshed(before, seen.clone()), *expected);
        }
        // The same instant in another form is that of Konnect.
        let other = time("2026-01-02T03:04:05.0Z");
        assert_eq!(refreshed(&other, old.clone()), old);
    }

    #[test]
    fn age_names_the_largest_whole_unit() {
        let now = parse("2026-01-02T03:04:05Z").unwrap().into();
        for (time, expected) in [
            ("2026-01-02T03:04:04Z", Some("1 second ago")),
            ("2026-01-02T03:01:05Z", Some("3 minutes ago")),
            ("2026-01-01T03:04:06Z", Some("23 hours ago")),
            ("2025-12-30T03:04:05Z", Some("3 days ago")),
            ("2027-01-01T00:00:00Z", Some("0 seconds ago")),
            ("0001-01-01T00:00:0Z", None),
        ] {
            assert_eq!(age(time, now).as_deref(), expected, "{time}");
        }
    }
}
