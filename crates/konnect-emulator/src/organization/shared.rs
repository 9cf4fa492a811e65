//! The shared data of connections, the control API, deliveries and the methods of an emulator.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::behavior::Behavior;
use crate::delivery::log::DeliveryLog;
use crate::delivery::queue::{Opened, Queues};
use crate::event::log::EventLog;
use crate::event::model::Event;
use crate::event::signing::SigningKey;
use crate::fault::conditions::{ActiveConditions, Conditions};
use crate::fault::rule::{self, Fault, FaultRule};
use crate::http::connections::Connections;
use crate::options::{EmulatorOptions, TimeScale};
use crate::organization::clock::Clock;
use crate::organization::journal::Journal;
use crate::organization::replays::{Replays, Started};
use crate::organization::store::Store;
use crate::organization::stream::StreamId;

/// The shared data of an emulator. No lock is held across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    /// The key that signs events.
    pub(crate) key: SigningKey,
    /// The clock of every time that the emulator writes.
    pub(crate) clock: Clock,
    pub(crate) connections: Connections,
    /// The events that are not too old.
    pub(crate) events: EventLog,
    /// The events that wait to be sent.
    pub(crate) queues: Queues,
    pub(crate) deliveries: DeliveryLog,
    pub(crate) replays: Replays,
    /// The factor for the waits of deliveries.
    pub(crate) time_scale: TimeScale,
    /// The duration of a step of a replay job, scaled.
    pub(crate) replay_step: Duration,
    sends: bool,
    behavior: Mutex<Arc<Behavior>>,
    conditions: Mutex<ActiveConditions>,
    journal: Mutex<Journal>,
    faults: Mutex<Vec<FaultRule>>,
    cleared: watch::Sender<()>,
}

pub(crate) struct Announcements {
    pub(crate) opened: Opened,
    pub(crate) started: Started,
}

impl Shared {
    /// Creates the data without requests and faults.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub(crate) fn new(options: &EmulatorOptions) -> io::Result<(Self, Announcements)> {
        let clock = Clock::ahead_by(options.clock_offset_seconds, options.retention_days);
        let conditions = Conditions {
            latency_ms: u64::try_from(options.latency.as_millis()).unwrap_or(u64::MAX),
            ..Conditions::default()
        };
        let (queues, opened) = Queues::new();
        let (replays, started) = Replays::new();
        let shared = Self {
            store: Store::new(clock.clone()),
            key: SigningKey::generate()?,
            clock,
            connections: Connections::default(),
            events: EventLog::default(),
            queues,
            deliveries: DeliveryLog::default(),
            replays,
            time_scale: options.time_scale,
            replay_step: options.time_scale.of(options.replay_step),
            sends: options.deliveries.is_some(),
            behavior: Mutex::default(),
            conditions: Mutex::new(ActiveConditions::new(conditions)),
            journal: Mutex::new(Journal::new()),
            faults: Mutex::new(Vec::new()),
            cleared: watch::Sender::new(()),
        };
        shared.set_behavior(options.behavior.clone());
        Ok((shared, Announcements { opened, started }))
    }

    /// Stores events of a stream, and queues them for the enabled webhooks.
    pub(crate) fn record(&self, stream: StreamId, events: &[Arc<Event>]) {
        if events.is_empty() {
            return;
        }
        let stream = Arc::new(stream);
        let oldest = self.clock.oldest_ms();
        self.events.add(&stream, events, oldest);
        if !self.sends {
            return;
        }
        let webhook = self.store.read(|state| state.webhook(&stream));
        if webhook.is_some_and(|webhook| webhook.enabled) {
            self.queues.add(&stream, events);
        }
    }

    /// Takes the fault for this request, if any, and counts it for its rule. Also returns a receiver that reports to a
    /// held request that the faults were cleared.
    pub(crate) fn take_matching_fault(
        &self,
        method: &str,
        path: &str,
        region: &str,
    ) -> (Option<Fault>, watch::Receiver<()>) {
        let mut rules = self.faults();
        let fault = rule::take_matching(&mut rules, method, path, region);
        (fault, self.cleared.subscribe())
    }

    /// Removes the fault rules of a region. Without a region, removes every rule, and releases held requests.
    pub(crate) fn clear_faults(&self, region: Option<&str>) {
        let mut rules = self.faults();
        rules.retain(|rule| region.is_some() && rule.region.as_deref() != region);
        if region.is_none() {
            self.cleared.send_replace(());
        }
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault rules that are not used up.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The conditions that apply to every request.
    pub(crate) fn conditions(&self) -> MutexGuard<'_, ActiveConditions> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The behavior where Konnect's documentation is not specific.
    pub(crate) fn behavior(&self) -> Arc<Behavior> {
        Arc::clone(&self.behavior.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_behavior(&self, behavior: Behavior) {
        self.store
            .change_in_place(|state| state.separate_destinations = behavior.separate_destinations);
        *self.behavior.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(behavior);
    }
}
