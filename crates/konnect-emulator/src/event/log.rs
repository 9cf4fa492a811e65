//! The log of events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::event::model::Event;
use crate::lock::lock;
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
pub(crate) struct EventLog(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    last_number: u64,
    logged: VecDeque<Logged>,
}

impl EventLog {
    pub(crate) fn add(&self, stream: &Arc<StreamId>, events: &[Arc<Event>]) {
        let Entries { last_number, logged } = &mut *lock(&self.0);
        for event in events {
            if logged.len() == CAPACITY {
                logged.pop_front();
            }
            *last_number += 1;
            logged.push_back(Logged {
                number: *last_number,
                stream: Arc::clone(stream),
                event: Arc::clone(event),
            });
        }
    }

    /// A stream's events between two inclusive times in milliseconds since 1970, oldest first.
    pub(crate) fn between(&self, stream: &StreamId, from_ms: i64, to_ms: i64) -> Vec<Logged> {
        let is_between =
            |logged: &&Logged| *logged.stream == *stream && (from_ms..=to_ms).contains(&logged.event.at_ms);
        lock(&self.0).logged.iter().filter(is_between).cloned().collect()
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).logged.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::sample::{EventKind, sample};
    use crate::organization::state::Organization;

    #[test]
    fn add_event_beyond_capacity_drops_the_oldest() {
        let event = |at_ms| Arc::new(sample(EventKind::Access, &Organization::default(), None, at_ms));
        let log = EventLog::default();
        let stream = Arc::new(StreamId::from("eu"));
        log.add(&stream, &vec![event(0); CAPACITY]);
        log.add(&stream, &[event(1)]);
        let kept = log.between(&stream, 0, 1);
        assert_eq!((kept.len(), kept[0].number), (CAPACITY, 2));
    }
}
