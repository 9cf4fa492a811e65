//! The replay jobs that were started.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::organization::stream::StreamId;

#[derive(Debug)]
pub(crate) struct Replays {
    started: mpsc::UnboundedSender<Job>,
    last_run: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) stream: StreamId,
    /// The number of this run. If the number of a job changes, its previous run ends.
    pub(crate) run: u64,
}

pub(crate) type Started = mpsc::UnboundedReceiver<Job>;

impl Replays {
    pub(crate) fn new() -> (Self, Started) {
        let (started, announcements) = mpsc::unbounded_channel();
        let replays = Self {
            started,
            last_run: AtomicU64::new(0),
        };
        (replays, announcements)
    }

    pub(crate) fn next_run(&self) -> u64 {
        self.last_run.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn start(&self, stream: StreamId, run: u64) {
        // An error means that the emulator is stopping.
        let _ = self.started.send(Job { stream, run });
    }
}
