//! The events to send. Each stream has a queue, so a slow receiver does not delay the others.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::event::model::Event;
use crate::organization::stream::StreamId;

/// The maximum number of events in a queue. Beyond it, the oldest are lost; a replay can send them.
const CAPACITY: usize = 100_000;

/// The maximum number of events in a batch. Konnect's limit is not documented.
const MAX_EVENTS: usize = 500;

/// The approximate maximum size of a batch before compression: receivers accept 1 MiB.
const MAX_BYTES: usize = 768 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Queues {
    /// The events that wait, oldest first, for each stream that has a worker.
    by_stream: Mutex<HashMap<StreamId, VecDeque<Arc<Event>>>>,
    /// The number of events that wait or are being sent.
    pending: watch::Sender<usize>,
}

impl Queues {
    /// Adds events. Returns whether the stream has no worker yet.
    pub(crate) fn add(&self, stream: &StreamId, events: &[Arc<Event>]) -> bool {
        let mut queues = self.lock();
        let is_new = !queues.contains_key(stream);
        let queue = queues.entry(stream.clone()).or_default();
        queue.extend(events.iter().cloned());
        let surplus = queue.len().saturating_sub(CAPACITY);
        queue.drain(..surplus);
        self.pending
            .send_modify(|pending| *pending = (*pending + events.len()).saturating_sub(surplus));
        is_new
    }

    /// Counts events as sent or lost.
    pub(crate) fn done(&self, count: usize) {
        self.pending
            .send_modify(|pending| *pending = pending.saturating_sub(count));
    }

    /// Empties all queues. Batches that are being sent continue.
    pub(crate) fn clear(&self) {
        let dropped = self
            .lock()
            .values_mut()
            .map(|queue| queue.drain(..).count())
            .sum();
        self.done(dropped);
    }

    /// Waits until no event waits or is being sent.
    pub(crate) async fn drained(&self) {
        // The sender exists as long as the queues.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    pub(crate) fn has_batch(&self, stream: &StreamId) -> bool {
        self.lock()
            .get(stream)
            .is_some_and(|queue| queue.len() >= MAX_EVENTS)
    }

    /// Takes the oldest events of a stream, as many as fit into a batch. Without any, removes the queue, and the worker
    /// ends.
    pub(crate) fn take_batch(&self, stream: &StreamId) -> Vec<Arc<Event>> {
        let mut queues = self.lock();
        let batch = queues.get_mut(stream).map(|queue| {
            let count = batch_length(queue.iter());
            queue.drain(..count).collect::<Vec<_>>()
        });
        let batch = batch.unwrap_or_default();
        if batch.is_empty() {
            queues.remove(stream);
        }
        batch
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, VecDeque<Arc<Event>>>> {
        self.by_stream.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::event::sample::{EventKind, sample};
    use crate::organization::state::Organization;

    fn event(at_ms: i64) -> Arc<Event> {
        Arc::new(sample(EventKind::Access, &Organization::default(), None, at_ms))
    }

    #[tokio::test]
    async fn add_beyond_capacity_drops_oldest() {
        let queues = Queues::default();
        let stream = StreamId::from("eu");
        assert!(queues.add(&stream, &vec![event(0); CAPACITY]));
        assert!(!queues.add(&stream, &[event(1)]));
        let mut last = 0;
        for _ in 0..CAPACITY / MAX_EVENTS {
            assert!(queues.has_batch(&stream));
            let batch = queues.take_batch(&stream);
            assert_eq!(batch.len(), MAX_EVENTS);
            last = batch[batch.len() - 1].at_ms;
            queues.done(batch.len());
        }
        assert_eq!((last, queues.take_batch(&stream).len()), (1, 0));
        queues.drained().await;
    }

    #[test]
    fn batch_length_large_events_stay_below_limit() {
        let large = |bytes| {
            let mut event = sample(EventKind::Access, &Organization::default(), None, 0);
            event.user_agent = "a".repeat(bytes).into();
            Arc::new(event)
        };
        assert_eq!(batch_length(vec![large(MAX_BYTES / 5); 3].iter()), 2);
        assert_eq!(batch_length([large(MAX_BYTES)].iter()), 1);
    }
}
