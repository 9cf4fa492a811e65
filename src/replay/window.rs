//! The time range of a replay job, and durations in the configuration.

use std::time::{Duration, SystemTime};

use ::time::OffsetDateTime;
use konnect::{NewReplayJob, ReplayJob};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Validator};

use crate::run::time;

/// How long Konnect keeps audit events (API descriptions, `ReplaceAuditLogReplayJob`: "within the last 7 days").
const RETENTION: Duration = Duration::from_hours(7 * 24);
/// The tolerance of time limits, because the clocks of this machine and of Konnect differ. Within it, Konnect decides.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// The range of the events to send again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeRange {
    /// A fixed range, as configured.
    Fixed(NewReplayJob),
    /// A duration before the start of the job.
    Last(Duration),
}

impl TimeRange {
    /// The job to start at this time.
    pub(crate) fn job(&self, now: SystemTime) -> NewReplayJob {
        match self {
            Self::Fixed(job) => job.clone(),
            Self::Last(duration) => {
                // Konnect compares with a later time, so the whole retention is too long.
                let duration = (*duration).min(RETENTION.saturating_sub(CLOCK_TOLERANCE));
                NewReplayJob {
                    start_at: text(now.checked_sub(duration).unwrap_or(now)),
                    end_at: text(now),
                }
            }
        }
    }
}

/// The range of a job in words.
pub(crate) fn in_words(job: &NewReplayJob) -> String {
    format!("{} to {}", job.start_at, job.end_at)
}

/// Whether Konnect's latest job has this range. The API may return times in another form than the request, and their
/// precision is not documented.
pub(crate) fn is_range_of(job: &NewReplayJob, found: &ReplayJob) -> bool {
    let same = |ours: &str, found: &Option<String>| {
        let (ours, found) = (time::parse(ours), found.as_deref().and_then(time::parse));
        matches!((ours, found), (Some(ours), Some(found)) if (ours - found).unsigned_abs() < Duration::from_secs(1))
    };
    same(&job.start_at, &found.start_at) && same(&job.end_at, &found.end_at)
}

/// Whether two values are the same time. Null and unknown values are not equal to any.
pub(crate) fn same_time(a: &Attr<String>, b: &Attr<String>) -> bool {
    matches!((a, b), (Attr::Known(a), Attr::Known(b)) if time::same(a, b))
}

/// Checks that the end is after the start, if both are known.
///
/// # Errors
/// On `end_at`: it is not after the start.
pub(crate) fn check_order(start_at: &Attr<String>, end_at: &Attr<String>) -> Result<(), Diagnostic> {
    let (Some(start), Some(end)) = (time_of(start_at), time_of(end_at)) else {
        return Ok(());
    };
    if start < end {
        return Ok(());
    }
    Err(Diagnostic::error(
        "End is not after the start",
        "end_at must be later than start_at. Set start_at and end_at to the beginning and the end of the time \
         range in which events are missing.",
    )
    .at("end_at"))
}

/// Checks that the known times of the range are within the retention.
pub(crate) fn check_retention(
    start_at: &Attr<String>,
    end_at: &Attr<String>,
    now: SystemTime,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if let Some(start) = time_of(start_at)
        && start < OffsetDateTime::from(now) - (RETENTION + CLOCK_TOLERANCE)
    {
        let detail = format!(
            "Konnect keeps audit events for 7 days, so a replay job can't start before {}. Set start_at to a later time.",
            text(now.checked_sub(RETENTION).unwrap_or(now))
        );
        diagnostics.push(Diagnostic::error("Start is more than 7 days ago", detail).at("start_at"));
    }
    if let Some(end) = time_of(end_at)
        && end > OffsetDateTime::from(now) + CLOCK_TOLERANCE
    {
        let detail = format!(
            "A replay job sends past events again, and the time is {} now. Set end_at to a time before the job starts.",
            text(now)
        );
        diagnostics.push(Diagnostic::error("End is in the future", detail).at("end_at"));
    }
    diagnostics
}

/// A time in RFC 3339.
pub(crate) fn time() -> Validator {
    Validator::text(|text| {
        time::parse(text).is_none().then(|| {
            Diagnostic::error(
                "Invalid time",
                format!("{text:?} is not a time in RFC 3339, such as 2026-01-02T03:04:05Z."),
            )
        })
    })
}

/// A duration of at most 7 days.
pub(crate) fn duration() -> Validator {
    Validator::text(|text| {
        parse_duration(text).is_none().then(|| {
            Diagnostic::error(
                "Invalid duration",
                format!(
                    "{text:?} is not a duration of at most 7 days, such as 30m, 6h or 1h30m. The units are s, m, h and d."
                ),
            )
        })
    })
}

/// Parses a duration such as `30m`, `6h` or `1h30m`. Returns `None` for other text, for zero and for more than 7 days.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let known = |c: char| c.is_ascii_digit() || c == ' ' || "smhd".contains(c);
    let duration = humantime::parse_duration(text)
        .ok()
        .filter(|_| text.chars().all(known))?;
    (!duration.is_zero() && duration <= RETENTION).then_some(duration)
}

fn time_of(time: &Attr<String>) -> Option<OffsetDateTime> {
    time.known().and_then(|text| time::parse(text))
}

/// A time in whole seconds. A time before 1970, as by a clock that was never set, is 1970.
fn text(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time.max(SystemTime::UNIX_EPOCH)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-01-10T12:00:00Z";

    fn now() -> SystemTime {
        time::parse(NOW).unwrap().into()
    }

    fn attr(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    #[test]
    fn time_in_other_forms_than_rfc_3339_is_refused() {
        for good in [
            "2026-01-02T03:04:05Z",
            "2026-01-02t03:04:05.123456z",
            "2026-01-02T03:04:05+02:00",
            "2026-01-02T03:04:05.5-02:00",
        ] {
            assert!(time::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "2026-01-02",
            "2026-01-02T03:04Z",
            "2026-01-02 03:04:05Z",
            "2026-01-02_03:04:05Z",
            "2026-01-02X03:04:05Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05+02",
            "2026-01-02T03:04:05+0200",
            "2026-01-02T03:04:05Z[UTC]",
            "2026-13-02T03:04:05Z",
            "20260102T030405Z",
        ] {
            assert_eq!(time::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn duration_is_positive_and_at_most_a_week() {
        for (text, expected) in [
            ("30m", Some(Duration::from_mins(30))),
            ("1h30m", Some(Duration::from_mins(90))),
            ("1h 30m", Some(Duration::from_mins(90))),
            ("7d", Some(RETENTION)),
            ("168h", Some(RETENTION)),
            ("168h1s", None),
            ("0s", None),
            ("", None),
            ("6", None),
            ("-1h", None),
            ("1w", None),
            ("1month", None),
            ("6 hours", None),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn order_end_not_after_start_is_an_error_on_the_end() {
        let at = attr("2026-01-02T03:04:05Z");
        for end in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:04Z",
            "2026-01-02T04:04:05+01:00",
        ] {
            let error = check_order(&at, &attr(end)).unwrap_err();
            assert_eq!(error.path, Some("end_at".into()), "{end}");
        }
        assert_eq!(check_order(&at, &attr("2026-01-02T03:04:06Z")), Ok(()));
        assert_eq!(check_order(&Attr::Unknown, &at), Ok(()));
        assert_eq!(check_order(&at, &Attr::Unknown), Ok(()));
    }

    #[test]
    fn retention_exceeded_is_an_error_on_the_time() {
        for (start, end, expected) in [
            ("2026-01-03T12:00:00Z", NOW, vec![]),
            // Within the clock tolerance.
            ("2026-01-03T11:59:10Z", "2026-01-10T12:00:50Z", vec![]),
            ("2026-01-03T11:58:00Z", NOW, vec!["start_at"]),
            ("2026-01-09T12:00:00Z", "2026-01-10T12:02:00Z", vec!["end_at"]),
            (
                "2025-01-01T00:00:00Z",
                "2027-01-01T00:00:00Z",
                vec!["start_at", "end_at"],
            ),
        ] {
            let found = check_retention(&attr(start), &attr(end), now());
            let paths: Vec<_> = found.iter().map(|d| d.path.clone().unwrap()).collect();
            let expected: Vec<terraform_plugin::Path> = expected.into_iter().map(Into::into).collect();
            assert_eq!(paths, expected, "{start} {end}");
        }
        assert!(check_retention(&Attr::Unknown, &Attr::Unknown, now()).is_empty());
    }

    #[test]
    fn last_ends_now_and_is_within_retention() {
        let hours = TimeRange::Last(Duration::from_hours(6)).job(now());
        assert_eq!(in_words(&hours), "2026-01-10T06:00:00Z to 2026-01-10T12:00:00Z");
        let week = TimeRange::Last(RETENTION).job(now());
        assert_eq!(week.start_at, "2026-01-03T12:01:00Z");
    }

    #[test]
    fn last_by_a_clock_that_was_never_set_starts_in_1970() {
        let job = TimeRange::Last(Duration::from_hours(6)).job(SystemTime::UNIX_EPOCH);
        assert_eq!(in_words(&job), "1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z");
    }

    #[test]
    fn range_in_another_form_is_the_same() {
        let job = NewReplayJob {
            start_at: "2026-01-02T03:04:05Z".to_owned(),
            end_at: "2026-01-02T05:04:05+01:00".to_owned(),
        };
        let found = |end: Option<&str>| ReplayJob {
            start_at: Some("2026-01-02T03:04:05.500Z".to_owned()),
            end_at: end.map(str::to_owned),
            status: konnect::ReplayJobStatus::Running,
            updated_at: None,
        };
        assert!(is_range_of(&job, &found(Some("2026-01-02T04:04:05Z"))));
        assert!(!is_range_of(&job, &found(Some("2026-01-02T04:04:06Z"))));
        assert!(!is_range_of(&job, &found(None)));
    }
}
