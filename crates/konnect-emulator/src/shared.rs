//! What all connections, the control API and the in-process handles share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::EmulatorOptions;
use crate::conditions::{ActiveConditions, Conditions};
use crate::connections::Connections;
use crate::edits::ControlError;
use crate::fault::{self, Fault, FaultRule};
use crate::journal::Journal;
use crate::store::Store;

/// The emulator's insides. No lock is held across an await.
#[derive(Debug)]
pub(super) struct Shared {
    /// The records.
    pub(super) store: Store,
    /// How far every `date` header is ahead.
    pub(super) clock_offset_seconds: i64,
    /// The connections.
    pub(super) connections: Connections,
    weather: Mutex<ActiveConditions>,
    journal: Mutex<Journal>,
    faults: Mutex<Vec<FaultRule>>,
    cleared: watch::Sender<()>,
}

impl Shared {
    /// No requests and no faults yet.
    pub(super) fn new(store: Store, options: &EmulatorOptions) -> Self {
        let conditions = Conditions {
            latency_ms: u64::try_from(options.latency.as_millis()).unwrap_or(u64::MAX),
            ..Conditions::default()
        };
        Self {
            store,
            clock_offset_seconds: options.clock_offset_seconds,
            connections: Connections::default(),
            weather: Mutex::new(ActiveConditions::new(conditions)),
            journal: Mutex::new(Journal::new()),
            faults: Mutex::new(Vec::new()),
            cleared: watch::Sender::new(()),
        }
    }

    /// The fault that strikes this request, if any, counted against its rule; and a view by which a request that
    /// is held notices that the faults have been cleared since.
    pub(super) fn strike(
        &self,
        method: &str,
        path: &str,
        region: &str,
    ) -> (Option<Fault>, watch::Receiver<()>) {
        let mut rules = self.faults();
        let fault = fault::strike(&mut rules, method, path, region);
        (fault, self.cleared.subscribe())
    }

    /// Removes every fault rule, and lets go what is held.
    pub(super) fn clear_faults(&self) {
        let mut rules = self.faults();
        rules.clear();
        self.cleared.send_replace(());
    }

    /// The request log.
    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault rules that are not used up.
    pub(super) fn faults(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What every request meets.
    pub(super) fn weather(&self) -> MutexGuard<'_, ActiveConditions> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a fault rule behind those that are there.
    ///
    /// # Errors
    ///
    /// The rule asks for something that can't be sent.
    pub(super) fn inject(&self, rule: FaultRule) -> Result<(), ControlError> {
        rule.check()?;
        self.faults().push(rule);
        Ok(())
    }

    /// Sets what every request meets from now on.
    ///
    /// # Errors
    ///
    /// Conditions that can't be.
    pub(super) fn set_conditions(&self, conditions: Conditions) -> Result<(), ControlError> {
        *self.weather() = ActiveConditions::checked(conditions)?;
        Ok(())
    }

    /// Forgets records, requests and faults.
    ///
    /// # Errors
    ///
    /// The state file could not be written; nothing was forgotten then.
    pub(super) fn reset(&self) -> Result<(), ControlError> {
        self.store.change(|state| {
            state.forget();
            Ok::<_, ControlError>(())
        })?;
        self.journal().clear();
        self.clear_faults();
        Ok(())
    }
}
