//! The state under its lock, and its file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::state::State;

/// Keeps the state and, where a file was named, a copy on disk that is never older than the last answer.
#[derive(Debug)]
pub(super) struct Store {
    state: Mutex<State>,
    file: Option<PathBuf>,
}

impl Store {
    /// Takes the state from the file if there is one, or begins with nothing.
    ///
    /// # Errors
    ///
    /// The file exists and can't be read, or holds something else than a state ([`io::ErrorKind::InvalidData`]).
    pub(super) fn open(file: Option<PathBuf>, clock_offset_seconds: i64) -> io::Result<Self> {
        let mut state = match file.as_deref().map(load).transpose()? {
            Some(Some(state)) => state,
            _ => State::default(),
        };
        state.clock_offset_ms = clock_offset_seconds.saturating_mul(1000);
        Ok(Self {
            state: Mutex::new(state),
            file,
        })
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state. The change happens as a whole, in memory and on disk, or not at all.
    ///
    /// The file is written under the lock and on the caller's thread: a state is a few kilobytes, and an answer
    /// must not leave before the change that it reports is safe.
    ///
    /// # Errors
    ///
    /// Whatever `change` answers, or the file could not be written.
    pub(super) fn change<T, E: From<io::Error>>(
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

/// Writes a neighbour of `file` first and renames it, so that a reader never meets half a state.
fn save(file: &Path, state: &State) -> io::Result<()> {
    let text = serde_json::to_vec_pretty(state)?;
    let mut neighbour = file.as_os_str().to_owned();
    neighbour.push(format!(".{}.tmp", std::process::id()));
    let neighbour = PathBuf::from(neighbour);
    let written = create_private(&neighbour)
        .and_then(|mut out| out.write_all(&text))
        .and_then(|()| fs::rename(&neighbour, file));
    if written.is_err() {
        // The first error is the one worth telling.
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
