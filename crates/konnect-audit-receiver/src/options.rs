//! What a receiver is started with.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use konnect::event::KeySet;

use super::display::Style;
use super::filter::Filter;
use super::received::Received;
use super::response::Response;

/// The largest body that is taken, unless [`Options::max_body_bytes`] says otherwise: 10 MiB.
pub const DEFAULT_MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A function that is called with each event.
pub type OnEvent = Arc<dyn Fn(&Received<'_>) + Send + Sync>;

/// How a receiver listens, and what it does with the events that arrive.
pub struct Options {
    /// `HOST:PORT`. Port 0 lets the system choose one.
    pub listen: String,
    /// Whether it listens with HTTPS.
    pub tls: Tls,
    /// The `Authorization` header that every delivery has to carry, scheme included. With `None`, any header will do,
    /// and none.
    pub authorization: Option<String>,
    /// The keys to verify signatures with. With `None`, none is verified.
    pub keys: Option<KeySet>,
    /// Which events count as arrived: they alone are shown, stored and counted.
    pub filter: Filter,
    /// How an event is shown.
    pub style: Style,
    /// Where events are shown.
    pub display: Box<dyn Write + Send>,
    /// Where refused deliveries are reported.
    pub log: Box<dyn Write + Send>,
    /// The file that raw lines are appended to.
    pub output: Option<PathBuf>,
    /// Called with each event, before the delivery is answered.
    pub on_event: Option<OnEvent>,
    /// How deliveries are answered that nothing is wrong with.
    pub response: Response,
    /// The largest body that is taken: as it arrives, and again once it is decompressed.
    pub max_body_bytes: usize,
}

impl Options {
    /// Plain HTTP at this `HOST:PORT`. Takes every event, shows none, and reports nothing.
    #[must_use]
    pub fn new(listen: impl Into<String>) -> Self {
        Self {
            listen: listen.into(),
            tls: Tls::Off,
            authorization: None,
            keys: None,
            filter: Filter::default(),
            style: Style::Text { color: false },
            display: Box::new(std::io::sink()),
            log: Box::new(std::io::sink()),
            output: None,
            on_event: None,
            response: Response::default(),
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
        }
    }
}

/// Leaves the credential out.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("tls", &self.tls)
            .field("output", &self.output)
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

/// How a receiver listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP, for a tunnel or a proxy that ends HTTPS.
    Off,
    /// HTTPS with a certificate made at the start, for `localhost` and the loopback addresses, and for the host of
    /// [`Options::listen`].
    SelfMade {
        /// Where the certificate of its authority is written, as PEM, for senders to trust.
        ca: Option<PathBuf>,
    },
    /// HTTPS with a certificate from files, as PEM.
    Files {
        /// The certificate, and those between it and its authority.
        cert: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}
