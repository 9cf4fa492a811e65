//! The encoding of a batch: compressed lines.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::event::format::{Style, line};
use crate::event::model::Event;

/// The maximum number of events in a batch. Konnect's limit is not documented.
pub(crate) const MAX_EVENTS: usize = 500;

/// The approximate maximum size of a batch before compression: receivers accept 1 MiB.
pub(crate) const MAX_BYTES: usize = 768 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) body: Vec<u8>,
    pub(crate) events: usize,
}

impl Batch {
    /// Writes, signs and compresses events. This is slow and must not run on a thread that serves requests.
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
