//! The state under its lock, and its file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;
use crate::state::State;

/// Keeps the state, and a copy in a file if there is one. The copy is never older than the last answer.
#[derive(Debug)]
pub(crate) struct Store {
    state: Mutex<State>,
    file: Option<PathBuf>,
}

impl Store {
    /// Loads the state from the file if there is one, or starts with nothing.
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
            state: Mutex::new(state),
            file,
        })
    }

    /// Reads the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state in memory only; the file gets the change with the next one that is saved. For what is not
    /// worth a write of the file: the times of deliveries.
    pub(crate) fn note<T>(&self, note: impl FnOnce(&mut State) -> T) -> T {
        note(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state. The change happens as a whole, in memory and on disk, or not at all.
    ///
    /// The file is written under the lock and on the caller's thread: a state is a few kilobytes, and an answer
    /// must not leave before the change that it reports is safe.
    ///
    /// # Errors
    ///
    /// The error of `change`, or the file could not be written.
    pub(crate) fn change<T, E: From<io::Error>>(
        &self,
        change: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = current.clone();
        let outcome = change(&mut next)?;
        if let Some(file) = &self.file {
            save(file, &next)?;
        }
        *current = next;
        Ok(outcome)
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

/// Writes a neighbour of `file` first and renames it, so that a reader never finds half a state.
fn save(file: &Path, state: &State) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(state)?;
    let mut neighbour = file.as_os_str().to_owned();
    neighbour.push(format!(".{}.tmp", std::process::id()));
    let neighbour = PathBuf::from(neighbour);
    let written = create_private(&neighbour)
        .and_then(|mut out| out.write_all(&text))
        .and_then(|()| fs::rename(&neighbour, file));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&neighbour);
    }
    written
}

/// A new file that only its owner can read, since a state holds `authorization` strings.
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
