//! What all connections, the control API and the in-process handles share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::EmulatorOptions;
use super::edits::ControlError;
use super::fault::FaultRule;
use super::journal::Journal;
use super::store::Store;

/// The emulator's insides. No lock is held across an await.
#[derive(Debug)]
pub(super) struct Shared {
    /// The records.
    pub(super) store: Store,
    /// How long every answer of the API takes.
    pub(super) latency: Duration,
    /// How far every `date` header is ahead.
    pub(super) clock_offset_seconds: i64,
    journal: Mutex<Journal>,
    faults: Mutex<Vec<FaultRule>>,
}

impl Shared {
    /// No requests and no faults yet.
    pub(super) fn new(store: Store, options: &EmulatorOptions) -> Self {
        Self {
            store,
            latency: options.latency,
            clock_offset_seconds: options.clock_offset_seconds,
            journal: Mutex::new(Journal::new()),
            faults: Mutex::new(Vec::new()),
        }
    }

    /// The request log.
    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault rules that are not used up.
    pub(super) fn faults(&self) -> MutexGuard<'_, Vec<FaultRule>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.faults().clear();
        Ok(())
    }
}
