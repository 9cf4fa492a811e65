//! The processing of received lines: parse, verify, filter, show, store and count.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use konnect_event::{KeySet, VerifyError, parse, verify};
use tokio::sync::watch;

use crate::display::Style;
use crate::filter::Filter;
use crate::received::{OnEvent, Received, Verification};

/// The amount of output to buffer: large deliveries need only little more memory than their bodies.
const CHUNK: usize = 64 * 1024;

/// How many unreadable lines of a delivery are shown.
const MAX_UNREADABLE: u64 = 20;

/// The numbers of received deliveries and events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted deliveries.
    pub deliveries: u64,
    /// Deliveries that were rejected, or received a code other than 2xx because of
    /// [`Options::status`](crate::Options::status).
    pub refused: u64,
    /// Events that match the filter.
    pub events: u64,
    /// Those with a valid signature of one of the keys.
    pub verified: u64,
    /// Those without a signature.
    pub unsigned: u64,
    /// Those with a signature that no key verifies.
    pub bad: u64,
    /// Those with a signature that was not verified, because the receiver has no keys.
    pub unchecked: u64,
    /// Lines that are not events.
    pub unreadable: u64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.deliveries += other.deliveries;
        self.refused += other.refused;
        self.events += other.events;
        self.verified += other.verified;
        self.unsigned += other.unsigned;
        self.bad += other.bad;
        self.unchecked += other.unchecked;
        self.unreadable += other.unreadable;
    }
}

pub(crate) struct Intake {
    pub(crate) keys: Option<KeySet>,
    pub(crate) filter: Filter,
    pub(crate) style: Style,
    pub(crate) on_event: Option<OnEvent>,
    pub(crate) sinks: Mutex<Sinks>,
    pub(crate) counts: watch::Sender<Counts>,
    /// The reason why output is no longer possible.
    pub(crate) broken: watch::Sender<Option<io::ErrorKind>>,
}

pub(crate) struct Sinks {
    pub(crate) display: Box<dyn Write + Send>,
    pub(crate) output: Option<File>,
}

#[derive(Default)]
struct Pending {
    shown: String,
    raw: Vec<u8>,
    counts: Counts,
}

impl Intake {
    /// Processes the lines of a delivery. If they cannot be appended to the output file, some may have been appended, and
    /// are duplicated when the sender tries again.
    pub(crate) fn take(&self, body: &[u8]) -> io::Result<()> {
        let mut pending = Pending::default();
        let mut unreadable = 0;
        for raw in body.split(|byte| *byte == b'\n') {
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            if raw.trim_ascii().is_empty() {
                continue;
            }
            self.line(raw, &mut pending, &mut unreadable);
            if pending.raw.len() + pending.shown.len() > CHUNK {
                self.write(&mut pending)?;
            }
        }
        if let Some(further @ 1..) = unreadable.checked_sub(MAX_UNREADABLE) {
            pending
                .shown
                .push_str(&self.style.render_further_unreadable(further));
        }
        pending.counts.deliveries = 1;
        self.write(&mut pending)
    }

    pub(crate) fn refused(&self) {
        self.counts.send_modify(|counts| counts.refused += 1);
    }

    /// Processes a line. `unreadable` counts the lines of the delivery that are not events.
    fn line(&self, raw: &[u8], pending: &mut Pending, unreadable: &mut u64) {
        let line = String::from_utf8_lossy(raw);
        let is_utf8 = matches!(line, std::borrow::Cow::Borrowed(_));
        let received = self.read(&line, is_utf8);
        let counts = &mut pending.counts;
        match &received.event {
            Ok(event) if self.filter.matches(event) => {
                counts.events += 1;
                match received.verification {
                    Verification::Verified => counts.verified += 1,
                    Verification::Unsigned => counts.unsigned += 1,
                    Verification::Bad => counts.bad += 1,
                    Verification::Unchecked => counts.unchecked += 1,
                }
            }
            Ok(_) => return,
            Err(_) => {
                counts.unreadable += 1;
                if !self.filter.is_empty() {
                    return;
                }
                *unreadable += 1;
            }
        }
        if let Some(on_event) = &self.on_event {
            on_event(&received);
        }
        if *unreadable <= MAX_UNREADABLE || received.event.is_ok() {
            pending.shown.push_str(&self.style.render(&received));
        }
        pending.raw.extend_from_slice(raw);
        pending.raw.push(b'\n');
    }

    fn read<'a>(&self, line: &'a str, is_utf8: bool) -> Received<'a> {
        let event = if is_utf8 {
            parse(line).map_err(|error| error.to_string())
        } else {
            // The signature covers the original bytes, which the text does not contain.
            Err("the line is not UTF-8".to_owned())
        };
        let verification = match (&event, &self.keys) {
            (Ok(event), _) if event.signature.is_none() => Verification::Unsigned,
            (Err(_), _) | (_, None) => Verification::Unchecked,
            (Ok(_), Some(keys)) => match verify(line, keys) {
                Ok(true) => Verification::Verified,
                Ok(false) | Err(VerifyError::Parse(_)) => Verification::Bad,
                Err(VerifyError::Unsigned) => Verification::Unsigned,
            },
        };
        Received {
            line,
            event,
            verification,
        }
    }

    /// Stores, shows and counts, in this order: counted events are stored.
    fn write(&self, pending: &mut Pending) -> io::Result<()> {
        let Pending { shown, raw, counts } = std::mem::take(pending);
        let mut sinks = self.sinks();
        if let Some(output) = &mut sinks.output {
            output.write_all(&raw)?;
        }
        let display = &mut sinks.display;
        let displayed = display.write_all(shown.as_bytes()).and_then(|()| display.flush());
        drop(sinks);
        if let Err(error) = displayed {
            self.broken.send_replace(Some(error.kind()));
        }
        self.counts.send_modify(|all| all.add(counts));
        Ok(())
    }

    fn sinks(&self) -> MutexGuard<'_, Sinks> {
        // A panic during a write leaves the outputs usable.
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the file for appending. Only the owner can read a new file, because events can contain personal data.
pub(crate) fn open_output(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}
