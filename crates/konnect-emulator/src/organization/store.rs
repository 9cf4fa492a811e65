//! The state with its lock.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::lock::lock;
use crate::organization::clock::Clock;
use crate::organization::state::State;

/// The number of earlier states that stale responses can show.
const PAST_STATES: usize = 8;

#[derive(Debug)]
pub(crate) struct Store(Mutex<States>);

#[derive(Debug)]
struct States {
    current: State,
    /// The states before the last changes, newest first.
    past: VecDeque<State>,
}

impl Store {
    pub(crate) fn new(clock: Clock) -> Self {
        Self(Mutex::new(States {
            current: State::new(clock),
            past: VecDeque::new(),
        }))
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&lock(&self.0).current)
    }

    /// Reads the newest earlier state that gives another result than the current one. Without one, reads the current
    /// state.
    pub(crate) fn read_stale<T: PartialEq>(&self, read: impl Fn(&State) -> T) -> T {
        let states = lock(&self.0);
        let current = read(&states.current);
        let mut earlier = states.past.iter().map(read).filter(|earlier| *earlier != current);
        earlier.next().unwrap_or(current)
    }

    /// Changes the current state, without a past one. For frequent changes, such as the times of deliveries.
    pub(crate) fn change_in_place<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut lock(&self.0).current)
    }

    /// Changes the state atomically: after an error of `change`, nothing is changed.
    pub(crate) fn change<T, E>(&self, change: impl FnOnce(&mut State) -> Result<T, E>) -> Result<T, E> {
        let mut states = lock(&self.0);
        let mut next = states.current.clone();
        let outcome = change(&mut next)?;
        let before = std::mem::replace(&mut states.current, next);
        states.past.truncate(PAST_STATES - 1);
        states.past.push_front(before);
        Ok(outcome)
    }
}
