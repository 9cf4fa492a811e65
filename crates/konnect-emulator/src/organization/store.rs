//! The state with its lock and its file.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::organization::clock::Clock;
use crate::organization::state::State;

/// The number of earlier states that stale responses can show.
const PAST_STATES: usize = 8;

/// Stores the state in memory, and optionally in a file, which is never older than the last response.
#[derive(Debug)]
pub(crate) struct Store {
    states: Mutex<States>,
    file: Option<PathBuf>,
}

#[derive(Debug)]
struct States {
    current: State,
    /// The states before the last changes, newest first.
    past: VecDeque<State>,
}

impl Store {
    /// Loads the state from the file if it exists, or starts with an empty state.
    ///
    /// # Errors
    ///
    /// The file exists and cannot be read, or does not hold a state ([`io::ErrorKind::InvalidData`]).
    pub(crate) fn open(file: Option<PathBuf>, clock: Clock) -> io::Result<Self> {
        let mut state = match file.as_deref().map(load).transpose()? {
            Some(Some(state)) => state,
            _ => State::default(),
        };
        state.clock = clock;
        state.signing_keys.fill()?;
        Ok(Self {
            states: Mutex::new(States {
                current: state,
                past: VecDeque::new(),
            }),
            file,
        })
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.lock().current)
    }

    /// Reads the newest earlier state that gives another result than the current one. Without one, reads the current
    /// state.
    pub(crate) fn read_stale<T: PartialEq>(&self, read: impl Fn(&State) -> T) -> T {
        let states = self.lock();
        let current = read(&states.current);
        let mut earlier = states.past.iter().map(read).filter(|earlier| *earlier != current);
        earlier.next().unwrap_or(current)
    }

    /// Changes the state in memory only. The file contains the change after the next [`Store::change`]. For frequent
    /// changes, such as the times of deliveries.
    pub(crate) fn change_in_memory<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.lock().current)
    }

    /// Changes the state atomically, in memory and on disk.
    ///
    /// The file is written under the lock and on the caller's thread: a state has a few kilobytes, and a response must
    /// not be sent before its change is stored.
    ///
    /// # Errors
    ///
    /// The error of `change`, or the file could not be written.
    pub(crate) fn change<T, E: From<io::Error>>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut states = self.lock();
        let mut next = states.current.clone();
        let outcome = change(&mut next)?;
        if let Some(file) = &self.file {
            save(file, &next)?;
        }
        let before = std::mem::replace(&mut states.current, next);
        states.past.truncate(PAST_STATES - 1);
        states.past.push_front(before);
        Ok(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, States> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(file: &Path) -> io::Result<Option<State>> {
    let about = |error: &dyn std::fmt::Display| format!("state file {}: {error}", file.display());
    match fs::read(file) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, about(&error))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), about(&error))),
    }
}

/// Writes a temporary file and renames it: a reader never sees an incomplete state.
fn save(file: &Path, state: &State) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(state)?;
    let mut neighbour = file.as_os_str().to_owned();
    neighbour.push(format!(".{}.tmp", std::process::id()));
    let neighbour = PathBuf::from(neighbour);
    let written = create_private(&neighbour)
        .and_then(|mut out| out.write_all(&text))
        .and_then(|()| fs::rename(&neighbour, file));
    if written.is_err() {
        // Reports the first error only.
        let _ = fs::remove_file(&neighbour);
    }
    written
}

/// A new file that only its owner can read, because a state contains `authorization` strings.
fn create_private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
