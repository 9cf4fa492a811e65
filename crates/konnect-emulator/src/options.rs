//! The options of an emulator.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::behavior::Behavior;
use crate::http::certificate::Certificate;

/// The options of an emulator. Default: any free port, no file, no deliveries.
#[derive(Clone, Debug)]
pub struct EmulatorOptions {
    /// The port on 127.0.0.1. 0 selects a free port.
    pub port: u16,
    /// How many seconds the emulator's clock is ahead of this machine's, or behind if negative.
    pub clock_offset_seconds: i64,
    /// How many days events are kept: the range of a replay job and of past events. Default: 7.
    pub retention_days: u32,
    /// Serves HTTPS with this certificate instead of HTTP.
    pub certificate: Option<Certificate>,
    /// Sends events to the webhooks' receivers. If `None`, events are stored, but not sent.
    pub deliveries: Option<DeliveryOptions>,
    /// The factor for every wait of a delivery and of a replay job.
    pub time_scale: TimeScale,
    /// How long a replay job remains in each of `accepted`, `pending` and `running`, before scaling. Default: 1 s.
    pub replay_step: Duration,
    /// The behavior where Konnect's documentation is not specific.
    pub behavior: Behavior,
}

/// The retention that Konnect documents, in days.
pub(crate) const RETENTION_DAYS: u32 = 7;

/// The receivers that are allowed and trusted.
#[derive(Clone, Debug, Default)]
pub struct DeliveryOptions {
    /// A file with the certificates of further authorities to trust, in PEM. It is read for each attempt: a receiver can
    /// write it after the emulator has started, and again after a restart. It may be absent or empty at the start.
    pub trusted_authorities: Option<PathBuf>,
    /// Allowed hosts in addition to loopback addresses: names or addresses, in any case.
    pub allowed_hosts: Vec<String>,
}

/// A factor for waits: with 0.1, every wait is a tenth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeScale(f64);

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            port: 0,
            clock_offset_seconds: 0,
            retention_days: RETENTION_DAYS,
            certificate: None,
            deliveries: None,
            time_scale: TimeScale::default(),
            replay_step: Duration::from_secs(1),
            behavior: Behavior::default(),
        }
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
