//! The log of deliveries.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The maximum number of deliveries in the log. The oldest are removed first.
const CAPACITY: usize = 10_000;

/// One attempt to send a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedDelivery {
    /// The region of the webhook.
    pub region: String,
    /// The ID of the portal, if it is the portal's webhook.
    pub portal: Option<String>,
    /// The receiver's URL.
    pub endpoint: String,
    /// 1 for the first attempt of a batch, 2 for its first retry, and so on.
    pub attempt: u32,
    /// The number of events in the batch.
    pub events: usize,
    /// Whether a replay job sent it.
    pub replay: bool,
    /// The receiver's status code. `None` without a response.
    pub code: Option<u16>,
    /// The receiver's reason phrase, or the reason for the absence of a response.
    pub message: String,
    /// The time of its end, RFC 3339.
    pub at: String,
}

#[derive(Debug, Default)]
pub(crate) struct DeliveryLog(Mutex<VecDeque<RecordedDelivery>>);

impl DeliveryLog {
    pub(crate) fn add(&self, delivery: RecordedDelivery) {
        let mut entries = self.lock();
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(delivery);
    }

    /// The log, oldest first.
    pub(crate) fn entries(&self) -> Vec<RecordedDelivery> {
        self.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<RecordedDelivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
