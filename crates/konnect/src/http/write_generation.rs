//! A counter that shows whether a write began or ended between two points in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the beginnings and ends of writes: requests that are not `GET`. Clones share the counter.
///
/// A response from one value of the counter may be out of date at a higher value.
#[derive(Clone, Default)]
pub(crate) struct WriteGeneration(Arc<AtomicU64>);

/// A write in flight. Dropping this counts its end.
pub(crate) struct WriteInProgress(WriteGeneration);

impl WriteGeneration {
    /// The number of beginnings and ends so far.
    pub(crate) fn current(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    /// Counts the beginning of a write.
    pub(crate) fn begin_write(&self) -> WriteInProgress {
        self.advance();
        WriteInProgress(self.clone())
    }

    fn advance(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Drop for WriteInProgress {
    fn drop(&mut self) {
        self.0.advance();
    }
}
