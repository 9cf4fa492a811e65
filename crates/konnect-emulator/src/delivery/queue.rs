//! The events to send. Each stream has a queue and a worker, so a slow receiver does not delay the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, watch};

use crate::delivery::batch::{MAX_BYTES, MAX_EVENTS};
use crate::event::model::Event;
use crate::organization::stream::StreamId;

/// The maximum number of events in a queue. Beyond it, the oldest are lost; a replay can send them.
const CAPACITY: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Queues {
    by_stream: Mutex<HashMap<StreamId, Arc<Queue>>>,
    /// Announces a queue that needs a worker.
    opened: mpsc::UnboundedSender<(StreamId, Arc<Queue>)>,
    /// The number of events that wait or are being sent.
    pending: watch::Sender<usize>,
}

/// The announcements of queues that need a worker.
pub(crate) type Opened = mpsc::UnboundedReceiver<(StreamId, Arc<Queue>)>;

/// The events that wait for one webhook, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: Mutex<VecDeque<Arc<Event>>>,
    /// Wakes the worker: the queue has an event, or enough for a batch.
    filled: Notify,
}

impl Queues {
    /// Creates an empty collection, and the receiver of opened queues.
    pub(crate) fn new() -> (Self, Opened) {
        let (opened, announcements) = mpsc::unbounded_channel();
        let queues = Self {
            by_stream: Mutex::default(),
            opened,
            pending: watch::Sender::new(0),
        };
        (queues, announcements)
    }

    pub(crate) fn add(&self, stream: &StreamId, events: &[Arc<Event>]) {
        let queue = self.queue(stream);
        let dropped = queue.add(events);
        self.pending
            .send_modify(|pending| *pending = (*pending + events.len()).saturating_sub(dropped));
    }

    /// Counts events as sent or lost.
    pub(crate) fn done(&self, count: usize) {
        self.pending
            .send_modify(|pending| *pending = pending.saturating_sub(count));
    }

    /// Empties all queues. Batches that are being sent continue.
    pub(crate) fn clear(&self) {
        let queues: Vec<Arc<Queue>> = self.lock().values().cloned().collect();
        let dropped = queues.iter().map(|queue| queue.clear()).sum();
        self.done(dropped);
    }

    /// Waits until no event waits or is being sent.
    pub(crate) async fn drained(&self) {
        // The sender exists as long as the queues.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    fn queue(&self, stream: &StreamId) -> Arc<Queue> {
        let mut queues = self.lock();
        if let Some(queue) = queues.get(stream) {
            return Arc::clone(queue);
        }
        let queue = Arc::new(Queue::default());
        queues.insert(stream.clone(), Arc::clone(&queue));
        // The receiver is dropped when the emulator stops, and nothing is sent then.
        let _ = self.opened.send((stream.clone(), Arc::clone(&queue)));
        queue
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, Arc<Queue>>> {
        self.by_stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Returns the number of events that were dropped.
    fn add(&self, new: &[Arc<Event>]) -> usize {
        let mut events = self.lock();
        let was_short = events.len() < MAX_EVENTS;
        let was_empty = events.is_empty();
        events.extend(new.iter().cloned());
        let surplus = events.len().saturating_sub(CAPACITY);
        events.drain(..surplus);
        if was_empty || (was_short && events.len() >= MAX_EVENTS) {
            self.filled.notify_one();
        }
        surplus
    }

    fn clear(&self) -> usize {
        let mut events = self.lock();
        let count = events.len();
        events.clear();
        count
    }

    pub(crate) async fn not_empty(&self) {
        self.at_least(1).await;
    }

    /// Waits for enough events for a batch.
    pub(crate) async fn full_batch(&self) {
        self.at_least(MAX_EVENTS).await;
    }

    async fn at_least(&self, count: usize) {
        while self.lock().len() < count {
            self.filled.notified().await;
        }
    }

    /// Takes the oldest events, as many as fit into a batch.
    pub(crate) fn take_batch(&self) -> Vec<Arc<Event>> {
        let mut events = self.lock();
        let count = batch_length(events.iter());
        events.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of these events that fit into a batch, at least one unless empty.
pub(crate) fn batch_length<'a>(events: impl Iterator<Item = &'a Arc<Event>>) -> usize {
    let mut bytes = 0;
    let fits = |(index, event): &(usize, &Arc<Event>)| {
        bytes += event.estimated_length();
        *index == 0 || bytes <= MAX_BYTES
    };
    events.take(MAX_EVENTS).enumerate().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::{EventKind, Subject, sample};

    fn event(at_ms: i64) -> Arc<Event> {
        Arc::new(sample(EventKind::Access, &Subject::for_tests(), at_ms))
    }

    #[tokio::test]
    async fn add_beyond_capacity_drops_oldest() {
        let (queues, _opened) = Queues::new();
        let stream = StreamId::of_region("eu");
        queues.add(&stream, &vec![event(0); CAPACITY]);
        queues.add(&stream, &[event(1)]);
        let queue = queues.queue(&stream);
        let mut last = 0;
        for _ in 0..CAPACITY / MAX_EVENTS {
            let batch = queue.take_batch();
            assert_eq!(batch.len(), MAX_EVENTS);
            last = batch[batch.len() - 1].at_ms;
            queues.done(batch.len());
        }
        assert_eq!((last, queue.take_batch().len()), (1, 0));
        queues.drained().await;
    }

    #[test]
    fn batch_length_large_events_stay_below_limit() {
        let mut large = sample(EventKind::Access, &Subject::for_tests(), 0);
        large.user_agent = "a".repeat(MAX_BYTES / 5).into();
        let large = Arc::new(large);
        assert_eq!(batch_length([large.clone(), large.clone(), large].iter()), 2);
        let mut huge = sample(EventKind::Access, &Subject::for_tests(), 0);
        huge.user_agent = "a".repeat(MAX_BYTES).into();
        assert_eq!(batch_length([Arc::new(huge)].iter()), 1);
    }
}
