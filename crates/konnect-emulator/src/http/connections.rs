//! Counts connections.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// The connections to an emulator, including those of control calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionCount {
    /// The number of connections since the start.
    pub accepted: u64,
    /// The number of open connections.
    pub open: u64,
    /// The maximum number of connections that were open at the same time.
    pub most: u64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<ConnectionCount>>);

/// An open connection. Dropping it counts the end of the connection.
pub(crate) struct Open(Connections);

impl Connections {
    pub(crate) fn open(&self) -> Open {
        self.update(|count| {
            count.accepted += 1;
            count.open += 1;
            count.most = count.most.max(count.open);
        });
        Open(self.clone())
    }

    pub(crate) fn count(&self) -> ConnectionCount {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut ConnectionCount)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.update(|count| count.open -= 1);
    }
}
