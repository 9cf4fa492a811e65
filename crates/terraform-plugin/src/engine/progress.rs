//! The progress of an action, sent to the host while the action runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::diagnostics::Diagnostics;
use crate::secrets::foreign_text;

/// The longest time without progress. Terraform itself shows nothing while an action runs.
const INTERVAL: Duration = Duration::from_secs(10);

/// An event of an action. [`InvokeEvent::Completed`] is sent exactly once, as the last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvokeEvent {
    /// A line of text for the user.
    Progress(String),
    /// The end of the action, a failure if there are errors.
    Completed(Diagnostics),
}

/// Sends the progress of one action.
#[derive(Clone)]
pub struct Progress {
    events: mpsc::Sender<InvokeEvent>,
    start: Instant,
    last: Arc<Mutex<Instant>>,
}

impl Progress {
    pub(crate) fn new(events: mpsc::Sender<InvokeEvent>) -> Self {
        let start = Instant::now();
        Self {
            events,
            start,
            last: Arc::new(Mutex::new(start)),
        }
    }

    /// Sends text as one line, without sensitive values. Does nothing if the host no longer reads.
    pub(crate) async fn report(&self, text: String) {
        let line = foreign_text(&text);
        if !line.is_empty() {
            *self.last() = Instant::now();
            let _ = self.events.send(InvokeEvent::Progress(line)).await;
        }
    }

    /// Reports that the action is still running, whenever it has reported nothing for the interval.
    pub(crate) async fn report_elapsed(&self) -> std::convert::Infallible {
        loop {
            let next = *self.last() + INTERVAL;
            tokio::time::sleep_until(next).await;
            let now = Instant::now();
            if *self.last() + INTERVAL <= now {
                *self.last() = now;
                let elapsed = Duration::from_secs((now - self.start).as_secs());
                let text = format!("Still running ({} elapsed)", humantime::format_duration(elapsed));
                // If the channel is full, the host reads slowly and has other lines to show.
                let _ = self.events.try_send(InvokeEvent::Progress(text));
            }
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
