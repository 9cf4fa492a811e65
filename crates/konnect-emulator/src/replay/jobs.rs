//! Where replay jobs are announced.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::stream::StreamId;

/// Announces jobs to the runner.
#[derive(Debug)]
pub(crate) struct Replays {
    started: mpsc::UnboundedSender<Job>,
    last_run: AtomicU64,
}

/// A job to run.
#[derive(Debug)]
pub(crate) struct Job {
    /// Whose job it is.
    pub(crate) stream: StreamId,
    /// The number of this run. A job whose number changes is left alone by the run that it had before.
    pub(crate) run: u64,
}

/// The announcements.
pub(crate) type Started = mpsc::UnboundedReceiver<Job>;

impl Replays {
    /// No jobs yet, and the announcements of those to come.
    pub(crate) fn new() -> (Self, Started) {
        let (started, announcements) = mpsc::unbounded_channel();
        let replays = Self {
            started,
            last_run: AtomicU64::new(0),
        };
        (replays, announcements)
    }

    /// A number for a run.
    pub(crate) fn next_run(&self) -> u64 {
        self.last_run.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Runs the job of a stream.
    pub(crate) fn start(&self, stream: StreamId, run: u64) {
        // The runner has ended only if the emulator is stopping.
        let _ = self.started.send(Job { stream, run });
    }
}
