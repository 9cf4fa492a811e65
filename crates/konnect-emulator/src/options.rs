//! How an emulator starts.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::behavior::Behavior;
use crate::certificate::Certificate;

/// How an emulator starts. The default is any free port, no file, no latency, no deliveries.
#[derive(Clone, Debug)]
pub struct EmulatorOptions {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Where the state is kept, secrets and signing keys included, so that it survives a restart. Without a file it is
    /// only in memory.
    pub state_file: Option<PathBuf>,
    /// How long every answer of the API is held back.
    pub latency: Duration,
    /// How many seconds the emulator's clock is ahead of this machine's, or behind if negative.
    pub clock_offset_seconds: i64,
    /// Serves HTTPS with such a certificate instead of HTTP.
    pub certificate: Option<Certificate>,
    /// Sends events to the webhooks' receivers. Without it, events are made and kept, and nothing is sent.
    pub deliveries: Option<DeliveryOptions>,
    /// What every wait of a delivery and of a replay job is multiplied by.
    pub time_scale: TimeScale,
    /// How long a replay job stays `accepted`, `pending` and `running`, each, before scaling. Default: 1 s.
    pub replay_step: Duration,
    /// What the emulator does where Konnect's documentation leaves a choice.
    pub behavior: Behavior,
}

/// To whom deliveries may go, and which of them are trusted.
#[derive(Clone, Debug, Default)]
pub struct DeliveryOptions {
    /// Further authorities to trust.
    pub trusted_authorities: TrustedAuthorities,
    /// Hosts beside loopback addresses that deliveries may go to: names or addresses, in any case.
    pub allowed_hosts: Vec<String>,
}

/// The certificates of authorities to trust, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedAuthorities {
    /// These. An empty text has none.
    Pem(String),
    /// Those in a file, which is read for each attempt. So a receiver can write it after the emulator started, and again
    /// when it restarts.
    File(PathBuf),
}

/// A factor on waiting times: 0.1 makes every wait a tenth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeScale(f64);

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            port: 0,
            state_file: None,
            latency: Duration::ZERO,
            clock_offset_seconds: 0,
            certificate: None,
            deliveries: None,
            time_scale: TimeScale::default(),
            replay_step: Duration::from_secs(1),
            behavior: Behavior::default(),
        }
    }
}

impl Default for TrustedAuthorities {
    fn default() -> Self {
        Self::Pem(String::new())
    }
}

impl Default for TimeScale {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TimeScale {
    /// A factor from 0 to 1,000, or `None` for any other number.
    #[must_use]
    pub fn new(factor: f64) -> Option<Self> {
        (0.0..=1000.0).contains(&factor).then_some(Self(factor))
    }

    /// The scaled time.
    pub(crate) fn of(self, time: Duration) -> Duration {
        time.mul_f64(self.0)
    }
}

impl FromStr for TimeScale {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| format!("[{text}] is not a number from 0 to 1000"))
    }
}
