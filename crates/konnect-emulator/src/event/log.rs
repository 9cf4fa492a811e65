//! The log of events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::model::Event;
use crate::organization::stream::StreamId;

/// The maximum number of events in all streams. The oldest are removed first.
const CAPACITY: usize = 100_000;

#[derive(Clone, Debug)]
pub(crate) struct Logged {
    /// The number of the event since the start, from 1.
    pub(crate) number: u64,
    pub(crate) stream: Arc<StreamId>,
    pub(crate) event: Arc<Event>,
}

/// The log, oldest first. In memory only.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    last_number: u64,
    logged: VecDeque<Logged>,
}

impl EventLog {
    /// Adds events to a stream, and drops those that are older than `oldest_ms` or too many.
    pub(crate) fn add(&self, stream: &Arc<StreamId>, events: &[Arc<Event>], oldest_ms: i64) {
        let mut entries = self.lock();
        for event in events {
            entries.last_number += 1;
            let logged = Logged {
                number: entries.last_number,
                stream: Arc::clone(stream),
                event: Arc::clone(event),
            };
            entries.logged.push_back(logged);
        }
        while entries.logged.len() > CAPACITY
            || entries
                .logged
                .front()
                .is_some_and(|oldest| oldest.event.at_ms < oldest_ms)
        {
            entries.logged.pop_front();
        }
    }

    /// A stream's events between two inclusive times in milliseconds since 1970, oldest first.
    pub(crate) fn between(&self, stream: &StreamId, from_ms: i64, to_ms: i64) -> Vec<Logged> {
        self.lock()
            .logged
            .iter()
            .filter(|logged| *logged.stream == *stream && (from_ms..=to_ms).contains(&logged.event.at_ms))
            .cloned()
            .collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().logged.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::{EventKind, sample};
    use crate::organization::state::Organization;

    fn event(at_ms: i64) -> Arc<Event> {
        Arc::new(sample(
            EventKind::Authentication,
            &Organization::default(),
            None,
            at_ms,
        ))
    }

    #[test]
    fn add_event_older_than_the_limit_is_dropped() {
        let log = EventLog::default();
        let stream = Arc::new(StreamId::from("eu"));
        log.add(&stream, &[event(0)], 0);
        log.add(&stream, &[event(7)], 0);
        assert_eq!(log.between(&stream, 0, 7).len(), 2);
        log.add(&stream, &[event(8)], 1);
        let kept = log.between(&stream, 0, 8);
        assert_eq!(kept.iter().map(|kept| kept.number).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn add_event_beyond_capacity_drops_the_oldest() {
        let log = EventLog::default();
        let stream = Arc::new(StreamId::from("eu"));
        let events = vec![event(0); CAPACITY];
        log.add(&stream, &events, 0);
        log.add(&stream, &[event(1)], 0);
        let kept = log.between(&stream, 0, 1);
        assert_eq!((kept.len(), kept[0].number), (CAPACITY, 2));
    }
}
