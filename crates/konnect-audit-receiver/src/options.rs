//! The options of a receiver.

use std::io::{self, Write};
use std::path::PathBuf;

use http::StatusCode;
use konnect_event::KeySet;

use crate::display::Style;
use crate::filter::Filter;
use crate::received::OnEvent;

/// The default of [`Options::max_body_bytes`]: 10 MiB.
pub const DEFAULT_MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The options of a receiver.
pub struct Options {
    /// `HOST:PORT`. Port 0 selects a free port.
    pub listen: String,
    /// Whether to use HTTPS.
    pub tls: Tls,
    /// The required `Authorization` header, including the scheme. With `None`, any header is accepted, also an absent
    /// one.
    pub authorization: Option<String>,
    /// The keys that verify signatures. With `None`, signatures are not verified.
    pub keys: Option<KeySet>,
    /// The events to show, store and count.
    pub filter: Filter,
    /// The style of the output.
    pub style: Style,
    /// The output of events.
    pub display: Box<dyn Write + Send>,
    /// The output of reports about rejected deliveries.
    pub log: Box<dyn Write + Send>,
    /// The file to which raw lines are appended.
    pub output: Option<PathBuf>,
    /// Called with each event, before the response.
    pub on_event: Option<OnEvent>,
    /// The status code of the response to valid deliveries. Unless it is 2xx, their events are dropped, as by a failing
    /// SIEM. Default: 202.
    pub status: StatusCode,
    /// The maximum size of a body, before and after decompression.
    pub max_body_bytes: usize,
}

impl Options {
    /// Options for plain HTTP at this `HOST:PORT` that accept every event and write no output.
    #[must_use]
    pub fn new(listen: impl Into<String>) -> Self {
        Self {
            listen: listen.into(),
            tls: Tls::Off,
            authorization: None,
            keys: None,
            filter: Filter::default(),
            style: Style::Text { color: false },
            display: Box::new(io::sink()),
            log: Box::new(io::sink()),
            output: None,
            on_event: None,
            status: StatusCode::ACCEPTED,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
        }
    }
}

/// The TLS mode of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP, behind a tunnel or proxy that terminates HTTPS.
    Off,
    /// HTTPS with a generated certificate for `localhost`, the loopback addresses and the host of [`Options::listen`].
    SelfMade {
        /// The file for the certificate of its authority in PEM, which senders must trust.
        ca: Option<PathBuf>,
    },
    /// HTTPS with a certificate from PEM files.
    Files {
        /// The certificate chain.
        cert: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

pub(crate) fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
