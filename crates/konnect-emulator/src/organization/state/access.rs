//! Methods that read and change the state.

use uuid::Uuid;

use crate::organization::clock::{self, Clock};
use crate::organization::state::{
    Delivery, Destination, GLOBAL, Portal, Records, Region, State, Target, Webhook,
};
use crate::organization::stream::StreamId;

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

    pub(crate) fn destinations(&self, host: &str) -> impl Iterator<Item = &Destination> {
        let region = self.regions.get(self.home(host));
        region.into_iter().flat_map(|region| region.destinations.values())
    }

    pub(crate) fn destination(&self, host: &str, id: &str) -> Option<&Destination> {
        self.regions.get(self.home(host))?.destinations.get(id)
    }

    pub(crate) fn destination_mut(&mut self, host: &str, id: &str) -> Option<&mut Destination> {
        let home = self.home(host);
        self.regions.get_mut(home)?.destinations.get_mut(id)
    }

    pub(crate) fn add_destination(&mut self, host: &str, destination: Destination) {
        let home = self.home(host);
        let destinations = &mut self.region_mut(home).destinations;
        destinations.insert(destination.id.clone(), destination);
    }

    pub(crate) fn remove_destination(&mut self, host: &str, id: &str) -> Option<Destination> {
        let home = self.home(host);
        self.regions.get_mut(home)?.destinations.remove(id)
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
            streams.push(StreamId::of_region(name));
            streams.extend(region.portals.keys().map(|id| StreamId::of_portal(name, id)));
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

fn is_within(now_ms: i64, since_ms: i64, span_ms: u64) -> bool {
    let span = i64::try_from(span_ms).unwrap_or(i64::MAX);
    // Records may be a few milliseconds ahead of the clock; see `State::tick`.
    span > 0 && now_ms < since_ms.saturating_add(span)
}
