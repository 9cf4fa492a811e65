//! The state of Konnect: the organization, and for each region its destinations, webhook, replay job and portals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::model::Principal;
use crate::organization::clock::{self, Clock};
use crate::organization::stream::StreamId;

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

impl State {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// Removes the data of a region, or all data except the clock.
    pub(crate) fn forget(&mut self, region: Option<&str>) {
        if let Some(region) = region {
            self.regions.remove(region);
            return;
        }
        *self = Self {
            separate_destinations: self.separate_destinations,
            ..Self::new(self.clock.clone())
        };
    }

    /// The time of a change. Times are unique, even within a millisecond: a later `updated_at` is always greater.
    pub(crate) fn tick(&mut self) -> String {
        self.clock_ms = self.clock.now_ms().max(self.clock_ms + 1);
        clock::rfc3339(self.clock_ms)
    }

    /// The number of the next destination or portal in the order of creation, from 1.
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// A region to change. Creates it if it does not exist.
    pub(crate) fn region_mut(&mut self, region: &str) -> &mut Region {
        self.regions.entry(region.to_owned()).or_default()
    }

    /// The region under which the destinations of a host stand.
    fn home<'a>(&self, host: &'a str) -> &'a str {
        if self.separate_destinations { host } else { GLOBAL }
    }

    pub(crate) fn destination(&self, host: &str, id: &str) -> Option<&Destination> {
        self.destinations(host)?.get(id)
    }

    /// The destinations of a host by ID. `None` if the host has no record.
    pub(crate) fn destinations(&self, host: &str) -> Option<&BTreeMap<String, Destination>> {
        Some(&self.regions.get(self.home(host))?.destinations)
    }

    pub(crate) fn destinations_mut(&mut self, host: &str) -> &mut BTreeMap<String, Destination> {
        let home = self.home(host);
        &mut self.region_mut(home).destinations
    }

    /// A destination that a webhook of `region` may use.
    pub(crate) fn usable_destination(&self, region: &str, id: &str) -> Option<&Destination> {
        self.destination(region, id)
            .or_else(|| self.destination(GLOBAL, id))
    }

    pub(crate) fn add_portal(&mut self, region: &str, name: &str) -> String {
        let portal = Portal {
            id: Uuid::new_v4().to_string(),
            sequence: self.next_sequence(),
            name: name.to_owned(),
            created_at: self.tick(),
            records: Records::default(),
        };
        let id = portal.id.clone();
        self.region_mut(region).portals.insert(id.clone(), portal);
        id
    }

    pub(crate) fn portal(&self, region: &str, id: &str) -> Option<&Portal> {
        self.regions.get(region)?.portals.get(id)
    }

    /// The records of a stream. `None` if the portal does not exist.
    pub(crate) fn records(&self, stream: &StreamId) -> Option<Records> {
        let region = self.regions.get(&stream.region);
        match &stream.portal {
            Some(portal) => Some(region?.portals.get(portal)?.records.clone()),
            None => Some(region.map(|region| region.records.clone()).unwrap_or_default()),
        }
    }

    /// The records of a stream, to change anything but the target of the webhook.
    pub(crate) fn records_mut(&mut self, stream: &StreamId) -> Option<&mut Records> {
        match &stream.portal {
            Some(portal) => {
                let region = self.regions.get_mut(&stream.region)?;
                Some(&mut region.portals.get_mut(portal)?.records)
            }
            None => Some(&mut self.region_mut(&stream.region).records),
        }
    }

    pub(crate) fn webhook(&self, stream: &StreamId) -> Option<Webhook> {
        self.records(stream).map(|records| records.webhook)
    }

    /// Replaces the webhook of a stream, and records when a destination is no longer used. Does nothing if the portal
    /// does not exist.
    pub(crate) fn set_webhook(&mut self, stream: &StreamId, webhook: Webhook) {
        let Some(records) = self.records_mut(stream) else {
            return;
        };
        let before = std::mem::replace(&mut records.webhook, webhook);
        if let Some(id) = before.target.destination_id()
            && self.user_of(id).is_none()
        {
            let now = self.clock.now_ms();
            self.released_ms.insert(id.to_owned(), now);
        }
    }

    /// The target of a stream's batches. `None` if its webhook is not configured, or its destination does not exist.
    pub(crate) fn delivery(&self, stream: &StreamId) -> Option<Delivery> {
        match self.webhook(stream)?.target {
            Target::Endpoint(delivery) => Some(delivery),
            Target::Destination {
                audit_log_destination_id: id,
            } => self
                .usable_destination(&stream.region, &id)
                .map(|destination| destination.delivery.clone()),
            Target::Unconfigured | Target::Emptied => None,
        }
    }

    pub(crate) fn streams(&self) -> Vec<StreamId> {
        let mut streams = Vec::new();
        for (name, region) in &self.regions {
            streams.push(StreamId::from(name));
            streams.extend(
                region
                    .portals
                    .keys()
                    .map(|id| StreamId::from((name.as_str(), id))),
            );
        }
        streams
    }

    /// The first stream whose webhook, enabled or not, refers to the destination.
    pub(crate) fn user_of(&self, id: &str) -> Option<StreamId> {
        let uses = |stream: &StreamId| {
            self.webhook(stream)
                .is_some_and(|webhook| webhook.target.destination_id() == Some(id))
        };
        self.streams().into_iter().find(uses)
    }

    /// Whether a webhook stopped using the destination less than `lag_ms` ago.
    pub(crate) fn is_lingering(&self, id: &str, lag_ms: u64) -> bool {
        self.released_ms
            .get(id)
            .is_some_and(|released| is_within(self.clock.now_ms(), *released, lag_ms))
    }

    /// Whether a destination of `global` was created less than `lag_ms` ago. A region may not know it yet.
    pub(crate) fn is_too_new(&self, id: &str, lag_ms: u64) -> bool {
        self.destination(GLOBAL, id)
            .and_then(|destination| clock::parse_rfc3339(&destination.created_at))
            .is_some_and(|created| is_within(self.clock.now_ms(), created, lag_ms))
    }
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

    /// The system account that every system account token belongs to.
    pub(crate) fn system_account(&self) -> Principal {
        Principal {
            id: self.system_account_id.as_str().into(),
            name: "system account".into(),
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

fn is_within(now_ms: i64, since_ms: i64, span_ms: u64) -> bool {
    let span = i64::try_from(span_ms).unwrap_or(i64::MAX);
    // Records may be a few milliseconds ahead of the clock; see `State::tick`.
    span > 0 && now_ms < since_ms.saturating_add(span)
}
