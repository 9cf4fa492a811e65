//! A batch on the wire: lines, compressed.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::event::format::{Style, line};
use crate::event::model::Event;

/// The most events in a batch. How many Konnect sends at once is not documented.
pub(crate) const MOST_EVENTS: usize = 500;

/// About how many bytes a batch has at most before it is compressed: receivers take 1 MiB.
pub(crate) const MOST_BYTES: usize = 768 * 1024;

/// A batch in the form that is sent.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// The compressed lines.
    pub(crate) body: Vec<u8>,
    /// How many events there are.
    pub(crate) events: usize,
}

impl Batch {
    /// Writes, signs and compresses events. That takes a while, and is not for a thread that serves.
    ///
    /// # Errors
    ///
    /// None is known; compression into memory could report one.
    pub(crate) fn new(events: &[Arc<Event>], style: &Style) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for (index, event) in events.iter().enumerate() {
            if index > 0 {
                encoder.write_all(b"\n")?;
            }
            encoder.write_all(line(event, style).as_bytes())?;
        }
        Ok(Self {
            body: encoder.finish()?,
            events: events.len(),
        })
    }
}
