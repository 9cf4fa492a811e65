//! The shared data of connections, the control API, deliveries and the methods of an emulator.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::behavior::Behavior;
use crate::delivery::queue::Queues;
use crate::delivery::sender::Sender;
use crate::event::log::EventLog;
use crate::event::signing::SigningKey;
use crate::fault::conditions::{ActiveConditions, Conditions};
use crate::fault::rule::{self, Fault, FaultRule};
use crate::http::listener::Connections;
use crate::options::{EmulatorOptions, TimeScale};
use crate::organization::clock::Clock;
use crate::organization::journal::{CAPACITY, Journal, RecordedDelivery};
use crate::organization::store::Store;

/// The shared data of an emulator. No lock is held across an await.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) key: SigningKey,
    /// The clock of every time that the emulator writes.
    pub(crate) clock: Clock,
    pub(crate) connections: Arc<Connections>,
    pub(crate) events: EventLog,
    pub(crate) queues: Queues,
    /// What sends events. Without it, they are stored only.
    pub(crate) sender: Option<Sender>,
    pub(crate) tasks: TaskTracker,
    /// Where they run: methods of an emulator can be called on any thread.
    runtime: Handle,
    pub(crate) stop: CancellationToken,
    /// The factor for the waits of deliveries.
    pub(crate) time_scale: TimeScale,
    /// The duration of a step of a replay job, scaled.
    pub(crate) replay_step: Duration,
    behavior: Mutex<Arc<Behavior>>,
    conditions: Mutex<ActiveConditions>,
    journal: Mutex<Journal>,
    deliveries: Mutex<VecDeque<RecordedDelivery>>,
    faults: Mutex<Vec<FaultRule>>,
    cleared: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn new(options: &EmulatorOptions) -> io::Result<Self> {
        let clock = Clock::ahead_by(options.clock_offset_seconds, options.retention_days);
        let sender = options.deliveries.as_ref();
        let sender = sender.map(|deliveries| Sender::new(deliveries, options.time_scale));
        let shared = Self {
            store: Store::new(clock.clone()),
            key: SigningKey::generate()?,
            clock,
            connections: Arc::default(),
            events: EventLog::default(),
            queues: Queues::default(),
            sender: sender.transpose()?,
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
            stop: CancellationToken::new(),
            time_scale: options.time_scale,
            replay_step: options.time_scale.of(options.replay_step),
            behavior: Mutex::default(),
            conditions: Mutex::new(ActiveConditions::new(Conditions::default())),
            journal: Mutex::default(),
            deliveries: Mutex::default(),
            faults: Mutex::default(),
            cleared: watch::Sender::new(()),
        };
        shared.set_behavior(options.behavior.clone());
        Ok(shared)
    }

    /// Runs a task until the emulator stops.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        let task = async move { stop.run_until_cancelled(task).await };
        self.tasks.spawn_on(task, &self.runtime);
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

    /// The attempts to send, oldest first.
    pub(crate) fn deliveries(&self) -> MutexGuard<'_, VecDeque<RecordedDelivery>> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_delivery(&self, delivery: RecordedDelivery) {
        let mut log = self.deliveries();
        if log.len() == CAPACITY {
            log.pop_front();
        }
        log.push_back(delivery);
    }

    /// The fault rules that are not used up.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn conditions(&self) -> MutexGuard<'_, ActiveConditions> {
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn behavior(&self) -> Arc<Behavior> {
        Arc::clone(&self.behavior.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_behavior(&self, behavior: Behavior) {
        self.store
            .change_in_place(|state| state.separate_destinations = behavior.separate_destinations);
        *self.behavior.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(behavior);
    }
}
