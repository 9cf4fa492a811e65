//! The events to send. Each stream has a queue, so a slow receiver does not delay the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;

use crate::event::model::Event;
use crate::lock::lock;
use crate::organization::stream::StreamId;

/// The maximum number of events in a queue. Further ones are lost; a replay can send them.
const CAPACITY: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct Queues {
    by_stream: Mutex<HashMap<StreamId, Sender<Arc<Event>>>>,
    /// The number of events that wait or are being sent.
    pending: watch::Sender<usize>,
}

impl Queues {
    /// Adds events. Returns the other end of the queue if it is new.
    pub(crate) fn add(&self, stream: &StreamId, events: &[Arc<Event>]) -> Option<Receiver<Arc<Event>>> {
        let mut queues = lock(&self.by_stream);
        let mut new = None;
        let queue = queues.entry(stream.clone()).or_insert_with(|| {
            let (sender, receiver) = channel(CAPACITY);
            new = Some(receiver);
            sender
        });
        self.pending.send_modify(|pending| *pending += events.len());
        let is_lost = |event: &&Arc<Event>| queue.try_send(Arc::clone(event)).is_err();
        self.done(events.iter().filter(is_lost).count());
        new
    }

    /// Counts events as sent or lost.
    pub(crate) fn done(&self, count: usize) {
        self.pending.send_modify(|pending| *pending -= count);
    }

    /// Closes all queues, whose events are then lost. Batches that are being sent continue.
    pub(crate) fn clear(&self) {
        lock(&self.by_stream).clear();
    }

    /// Waits until no event waits or is being sent.
    pub(crate) async fn drained(&self) {
        // The sender exists as long as the queues.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }
}
