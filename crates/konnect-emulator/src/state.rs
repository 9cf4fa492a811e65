//! What Konnect remembers: destinations and one webhook for each region.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock;

/// The region whose destinations every other region's webhook may use.
pub(super) const GLOBAL: &str = "global";

/// Everything that outlives a request. This is also the form of the state file and of a snapshot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The time of the last change in milliseconds since 1970; see [`State::tick`].
    clock_ms: i64,
    /// How far the clock is ahead of this machine's; each start sets it.
    #[serde(skip)]
    pub(super) clock_offset_ms: i64,
    /// How many destinations were ever created, which orders them.
    sequence: u64,
    /// One entry for each region that was ever written to.
    pub(super) regions: BTreeMap<String, Region>,
}

/// One region's records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Region {
    /// Destinations by id.
    pub(super) destinations: BTreeMap<String, Destination>,
    /// The region's only webhook.
    pub(super) webhook: Webhook,
}

/// An audit log destination, secrets included.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Destination {
    /// A UUID in lower case.
    pub(super) id: String,
    /// Its place in the order of creation.
    pub(super) sequence: u64,
    /// A label; need not be unique.
    pub(super) name: String,
    /// Where batches are sent and in what form.
    #[serde(flatten)]
    pub(super) delivery: Delivery,
    /// RFC 3339.
    pub(super) created_at: String,
    /// RFC 3339, or [`clock::NEVER`].
    pub(super) updated_at: String,
}

/// How batches reach a receiver: the part that a destination and a v2 webhook have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Delivery {
    /// The receiver's URL.
    pub(super) endpoint: String,
    /// The `Authorization` header that Konnect sends with a batch. Never in an answer of the API.
    pub(super) authorization: String,
    /// `cef`, `json` or `cps`; text, because a behind-the-back edit may plant a format of the future.
    pub(super) log_format: String,
    /// Whether the receiver's certificate goes unchecked.
    pub(super) skip_ssl_verification: bool,
}

/// A region's webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Webhook {
    /// Whether events are sent.
    pub(super) enabled: bool,
    /// Where to.
    #[serde(flatten)]
    pub(super) target: Target,
    /// RFC 3339, or [`clock::NEVER`].
    pub(super) updated_at: String,
    /// The latest delivery that the control API recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_attempt: Option<Attempt>,
}

/// Where a webhook sends to. The two API versions write different forms and can read each other's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(super) enum Target {
    /// Nobody ever set it up.
    #[default]
    Unconfigured,
    /// It was set up and then deleted in v3.
    Emptied,
    /// The v2 form: the receiver stands in the webhook itself.
    Endpoint(Delivery),
    /// The v3 form: a destination of the same region or of `global`.
    Destination {
        /// The destination's id.
        audit_log_destination_id: String,
    },
}

/// A recorded delivery.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// When, RFC 3339.
    pub(super) at: String,
    /// The receiver's status code.
    pub(super) code: u16,
    /// The receiver's words.
    pub(super) message: String,
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            enabled: false,
            target: Target::Unconfigured,
            updated_at: clock::NEVER.to_owned(),
            last_attempt: None,
        }
    }
}

impl Target {
    /// Whether there is anything to send to.
    pub(super) fn is_set_up(&self) -> bool {
        matches!(self, Self::Endpoint(_) | Self::Destination { .. })
    }
}

impl Attempt {
    /// Whether the receiver refused the batch.
    pub(super) fn failed(&self) -> bool {
        !(200..300).contains(&self.code)
    }
}

impl State {
    /// Back to nothing, with the same clock.
    pub(super) fn forget(&mut self) {
        *self = Self {
            clock_offset_ms: self.clock_offset_ms,
            ..Self::default()
        };
    }

    /// The time of a change. No two changes share one, even within a millisecond, so that a later `updated_at`
    /// is always a greater one.
    pub(super) fn tick(&mut self) -> String {
        self.clock_ms = (clock::now_millis().saturating_add(self.clock_offset_ms)).max(self.clock_ms + 1);
        clock::rfc3339(self.clock_ms)
    }

    /// The number of a new destination in the order of creation, from 1.
    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// A region to write to; it comes into being with its first record.
    pub(super) fn region_mut(&mut self, region: &str) -> &mut Region {
        self.regions.entry(region.to_owned()).or_default()
    }

    /// A destination that is kept in this very region.
    pub(super) fn destination(&self, region: &str, id: &str) -> Option<&Destination> {
        self.regions.get(region)?.destinations.get(id)
    }

    /// A destination that a webhook of `region` may use.
    pub(super) fn usable_destination(&self, region: &str, id: &str) -> Option<&Destination> {
        self.destination(region, id)
            .or_else(|| self.destination(GLOBAL, id))
    }

    /// A region's webhook, or a never configured one.
    pub(super) fn webhook(&self, region: &str) -> Webhook {
        self.regions
            .get(region)
            .map(|region| region.webhook.clone())
            .unwrap_or_default()
    }

    /// The first region whose webhook, enabled or not, refers to the destination.
    pub(super) fn user_of(&self, id: &str) -> Option<&str> {
        let wanted = Target::Destination {
            audit_log_destination_id: id.to_owned(),
        };
        self.regions
            .iter()
            .find(|(_, region)| region.webhook.target == wanted)
            .map(|(name, _)| name.as_str())
    }
}
