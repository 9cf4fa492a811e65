//! The shared data of connections, the control API, deliveries and the methods of an emulator.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
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
use crate::lock::lock;
use crate::options::{EmulatorOptions, MAX_TIME_SCALE};
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
    /// The factor for the waits of deliveries and replay jobs.
    time_scale: f64,
    /// The duration of a step of a replay job, scaled.
    pub(crate) replay_step: Duration,
    pub(crate) behavior: Mutex<Arc<Behavior>>,
    pub(crate) conditions: Mutex<ActiveConditions>,
    pub(crate) journal: Mutex<Journal>,
    /// The attempts to send, oldest first.
    pub(crate) deliveries: Mutex<VecDeque<RecordedDelivery>>,
    /// The fault rules that are not used up.
    pub(crate) faults: Mutex<Vec<FaultRule>>,
    cleared: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn new(options: &EmulatorOptions) -> io::Result<Self> {
        let clock = Clock::ahead_by(options.clock_offset_seconds, options.retention_days);
        let time_scale = options.time_scale.clamp(0.0, MAX_TIME_SCALE);
        let sender = options.deliveries.as_ref();
        let sender = sender.map(|deliveries| Sender::new(deliveries, time_scale));
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
            time_scale,
            replay_step: options.replay_step.mul_f64(time_scale),
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

    /// A wait of a delivery, reduced or extended by the factor.
    pub(crate) fn scaled(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.time_scale)
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
        let mut rules = lock(&self.faults);
        let fault = rule::take_matching(&mut rules, method, path, region);
        (fault, self.cleared.subscribe())
    }

    /// Removes the fault rules of a region. Without a region, removes every rule, and releases held requests.
    pub(crate) fn clear_faults(&self, region: Option<&str>) {
        let mut rules = lock(&self.faults);
        rules.retain(|rule| region.is_some() && rule.region.as_deref() != region);
        if region.is_none() {
            self.cleared.send_replace(());
        }
    }

    pub(crate) fn add_delivery(&self, delivery: RecordedDelivery) {
        let mut log = lock(&self.deliveries);
        if log.len() == CAPACITY {
            log.pop_front();
        }
        log.push_back(delivery);
    }

    pub(crate) fn set_behavior(&self, behavior: Behavior) {
        self.store
            .change_in_place(|state| state.separate_destinations = behavior.separate_destinations);
        *lock(&self.behavior) = Arc::new(behavior);
    }
}
