//! Replay jobs: Konnect delivers the events of a time range again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::types::lenient::{set_time, shown};

/// A replay job to start (API descriptions, `ReplaceAuditLogReplayJob`). Konnect decides how
/// far back it can reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewReplayJob {
    /// The beginning of the time range (RFC 3339).
    pub start_at: String,
    /// The end of the time range (RFC 3339).
    pub end_at: String,
}

/// The latest replay job of a region or a Dev Portal (API descriptions, `AuditLogReplayJob`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReplayJob {
    /// The beginning of the time range, as the API writes it. `None` if there was no job yet.
    #[serde(default, deserialize_with = "set_time")]
    pub start_at: Option<String>,
    /// The end of the time range, as the API writes it. `None` if there was no job yet.
    #[serde(default, deserialize_with = "set_time")]
    pub end_at: Option<String>,
    /// The status of the job.
    pub status: ReplayJobStatus,
    /// The time of the last change of the job, as the API writes it. `None` if there was no job yet.
    #[serde(default, deserialize_with = "set_time")]
    pub updated_at: Option<String>,
}

/// The status of a replay job (API descriptions, `AuditLogReplayJob`, and Kong's page on replay jobs).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReplayJobStatus {
    /// `unconfigured`: there was no job yet.
    Unconfigured,
    /// `accepted`: the job was accepted, and is not scheduled yet.
    Accepted,
    /// `pending`: the job is scheduled.
    Pending,
    /// `running`: the job is running. Another job is rejected with 409 until it ends.
    Running,
    /// `completed`: the job has ended.
    Completed,
    /// `failed`: the job has failed.
    Failed,
    /// A status that Kong added after this version of the client.
    Other(String),
}

impl ReplayJobStatus {
    /// Returns the name that the API uses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unconfigured => "unconfigured",
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Other(name) => name,
        }
    }

    /// Whether the job is waiting or running. False for an unknown status.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        matches!(self, Self::Accepted | Self::Pending | Self::Running)
    }
}

impl fmt::Display for ReplayJobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ReplayJobStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = shown(&String::deserialize(deserializer)?);
        Ok(match name.as_str() {
            "unconfigured" => Self::Unconfigured,
            "accepted" => Self::Accepted,
            "pending" => Self::Pending,
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            _ => Self::Other(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn job_initial_times_are_none() {
        let initial = "0001-01-01T00:00:0Z";
        let job: ReplayJob = from_value(json!({
            "start_at": initial, "end_at": "0001-01-01T00:00:00Z", "status": "unconfigured", "updated_at": null,
        }))
        .unwrap();
        assert_eq!((job.start_at, job.end_at, job.updated_at), (None, None, None));
        assert_eq!(job.status, ReplayJobStatus::Unconfigured);
    }

    #[test]
    fn job_status_round_trips_and_unknown_is_kept() {
        for name in [
            "unconfigured",
            "accepted",
            "pending",
            "running",
            "completed",
            "failed",
            "paused",
        ] {
            let status: ReplayJobStatus = from_value(json!(format!("{name}\n\u{1b}"))).unwrap();
            assert_eq!(status.to_string(), name);
            let in_progress = ["accepted", "pending", "running"].contains(&name);
            assert_eq!(status.is_in_progress(), in_progress, "{name}");
        }
    }

    #[test]
    fn job_without_status_is_rejected() {
        assert!(from_value::<ReplayJob>(json!({"start_at": "2026-11-20T00:00:00Z"})).is_err());
    }
}
