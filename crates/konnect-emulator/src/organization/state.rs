//! The state of Konnect: the organization, and for each region its destinations, webhook, replay job and portals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::model::Principal;
use crate::organization::clock::{self, Clock};

mod access;

/// The host of the organization, which keeps its destinations. Webhooks of all regions may use them.
pub(crate) const GLOBAL: &str = "global";

/// All data of Konnect, and the form of a snapshot.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct State {
    /// The time of the last change in milliseconds since 1970; see [`State::tick`].
    clock_ms: i64,
    #[serde(skip)]
    pub(crate) clock: Clock,
    /// [`Behavior::separate_destinations`](crate::Behavior::separate_destinations).
    #[serde(skip)]
    pub(crate) separate_destinations: bool,
    /// The number of destinations and portals created so far, which determines their order.
    sequence: u64,
    pub(crate) organization: Organization,
    /// The time when the last webhook stopped using a destination, in milliseconds since 1970, by the destination's ID.
    released_ms: BTreeMap<String, i64>,
    /// One entry for each region with a record.
    pub(crate) regions: BTreeMap<String, Region>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `active`, `inactive`, `deleting` or `deleted`.
    pub(crate) state: String,
    /// The path of the organization's login page; empty without single sign-on.
    pub(crate) login_path: String,
    /// The ID of the user that every personal access token belongs to. The user owns the organization.
    pub(crate) user_id: String,
    pub(crate) user_name: String,
    pub(crate) user_email: String,
    /// The ID of the system account that every system account token belongs to.
    pub(crate) system_account_id: String,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Region {
    /// Destinations by ID. Those of the organization stand under [`GLOBAL`].
    pub(crate) destinations: BTreeMap<String, Destination>,
    #[serde(flatten)]
    pub(crate) records: Records,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) portals: BTreeMap<String, Portal>,
}

/// What each stream has: one webhook and one replay job.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Records {
    pub(crate) webhook: Webhook,
    #[serde(skip_serializing_if = "ReplayJob::is_unconfigured")]
    pub(crate) replay_job: ReplayJob,
}

/// The data of a Dev Portal that audit logs need.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Portal {
    /// A UUID in lower case.
    pub(crate) id: String,
    /// The number in the order of creation.
    pub(crate) sequence: u64,
    /// The name, unique in its region.
    pub(crate) name: String,
    pub(crate) created_at: String,
    #[serde(flatten)]
    pub(crate) records: Records,
}

/// An audit log destination, including secrets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// A UUID in lower case.
    pub(crate) id: String,
    /// The number in the order of creation.
    pub(crate) sequence: u64,
    /// The name, which does not have to be unique.
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) delivery: Delivery,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// The target and format of batches, which a destination and a v2 webhook have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Delivery {
    pub(crate) endpoint: String,
    /// The `Authorization` header that Konnect sends with a batch. The API never returns it.
    pub(crate) authorization: String,
    /// `cef`, `json` or `cps`. Text, because an edit may set an unknown format.
    pub(crate) log_format: String,
    pub(crate) skip_ssl_verification: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) enabled: bool,
    #[serde(flatten)]
    pub(crate) target: Target,
    pub(crate) updated_at: String,
    /// Whether the events of a portal contain the name of the principal.
    #[serde(default)]
    pub(crate) include_principal_name: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_attempt: Option<Attempt>,
}

/// The target of a webhook. The two API versions write different forms and read both.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(crate) enum Target {
    #[default]
    Unconfigured,
    /// Configured and then deleted in v3.
    Emptied,
    /// The v2 form: the webhook contains the receiver.
    Endpoint(Delivery),
    /// The v3 form: a destination of the same region or of `global`.
    Destination { audit_log_destination_id: String },
}

/// A delivery, as the status reports it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) at: String,
    /// The receiver's status code; absent if there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<u16>,
    pub(crate) message: String,
    /// Whether the last retry of the delivery failed.
    #[serde(default)]
    pub(crate) failed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReplayJob {
    pub(crate) start_at: String,
    pub(crate) end_at: String,
    pub(crate) status: ReplayStatus,
    pub(crate) updated_at: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplayStatus {
    #[default]
    Unconfigured,
    Accepted,
    Pending,
    Running,
    Completed,
    /// Some events could not be sent.
    Failed,
}

impl Default for Organization {
    fn default() -> Self {
        Self {
            id: "3f51fa25-310a-421d-bd1a-007f859021a3".to_owned(),
            name: "Emulated Organization".to_owned(),
            state: "active".to_owned(),
            login_path: String::new(),
            user_id: "d32d905a-ed33-46a3-a093-d8f536af9a8a".to_owned(),
            user_name: "Ada Example".to_owned(),
            user_email: "ada@example.com".to_owned(),
            system_account_id: "497f6eca-6276-4993-bfeb-53cbbbba6f08".to_owned(),
            created_at: "2023-01-16T10:00:00.000Z".to_owned(),
            updated_at: "2023-01-16T10:00:00.000Z".to_owned(),
        }
    }
}

impl Organization {
    /// The user that every personal access token belongs to.
    pub(crate) fn user(&self) -> Principal {
        Principal {
            id: self.user_id.as_str().into(),
            name: format!("{} ({})", self.user_name, self.user_email).into(),
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            authorization: String::new(),
            log_format: "cef".to_owned(),
            skip_ssl_verification: false,
        }
    }
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            enabled: false,
            target: Target::Unconfigured,
            updated_at: clock::NEVER.to_owned(),
            include_principal_name: false,
            last_attempt: None,
        }
    }
}

impl Default for ReplayJob {
    fn default() -> Self {
        Self {
            start_at: clock::NEVER.to_owned(),
            end_at: clock::NEVER.to_owned(),
            status: ReplayStatus::Unconfigured,
            updated_at: clock::NEVER.to_owned(),
        }
    }
}

impl Target {
    pub(crate) fn is_set_up(&self) -> bool {
        matches!(self, Self::Endpoint(_) | Self::Destination { .. })
    }

    fn destination_id(&self) -> Option<&str> {
        match self {
            Self::Destination {
                audit_log_destination_id,
            } => Some(audit_log_destination_id),
            _ => None,
        }
    }
}

impl Webhook {
    pub(crate) fn is_failing(&self) -> bool {
        self.last_attempt.as_ref().is_some_and(|attempt| attempt.failed)
    }
}

impl ReplayJob {
    fn is_unconfigured(&self) -> bool {
        self.status == ReplayStatus::Unconfigured
    }
}
