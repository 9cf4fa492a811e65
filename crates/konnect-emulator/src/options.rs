//! The options of an emulator.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::behavior::Behavior;
use crate::http::certificate::Certificate;

/// The options of an emulator. Default: any free port, no deliveries.
///
/// Most fields are also options of the command line.
#[derive(Args, Clone, Debug)]
pub struct EmulatorOptions {
    /// Listen on 127.0.0.1:N; 0 for any free port
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub port: u16,
    /// Run SECONDS ahead of this machine's clock, or behind if negative
    #[arg(
        long = "clock",
        value_name = "SECONDS",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    pub clock_offset_seconds: i64,
    /// Keep events for DAYS: the range of replay jobs and of past events
    #[arg(long = "retention", value_name = "DAYS", default_value_t = RETENTION_DAYS)]
    pub retention_days: u32,
    /// Serve HTTPS with a generated certificate
    #[arg(long = "https", id = "https", value_enum, value_name = "KIND")]
    pub certificate: Option<Certificate>,
    /// Multiply every wait of a delivery and a replay job by F, from 0 to 1000
    #[arg(long, value_name = "F", default_value = "1", value_parser = time_scale)]
    pub time_scale: f64,
    /// How long a replay job remains in each of `accepted`, `pending` and `running`, before scaling. Default: 1 s.
    #[arg(skip = REPLAY_STEP)]
    pub replay_step: Duration,
    /// Sends events to the webhooks' receivers. If `None`, events are stored, but not sent.
    #[arg(skip)]
    pub deliveries: Option<DeliveryOptions>,
    /// The behavior where Konnect's documentation is not specific.
    #[command(flatten, next_help_heading = "Where Konnect's documentation leaves a choice")]
    pub behavior: Behavior,
}

/// The retention that Konnect documents, in days.
pub(crate) const RETENTION_DAYS: u32 = 7;

pub(crate) const MAX_TIME_SCALE: f64 = 1000.0;

const REPLAY_STEP: Duration = Duration::from_secs(1);

/// The receivers that are allowed and trusted.
#[derive(Args, Clone, Debug, Default)]
pub struct DeliveryOptions {
    /// Trust receivers whose certificates the authorities in FILE (PEM) signed
    ///
    /// FILE is read for each delivery, so that a receiver can write it later: it may be absent or empty at the start. A
    /// delivery that fails because FILE cannot be read is tried again.
    #[arg(long = "trust", id = "trust", value_name = "FILE")]
    pub trusted_authorities: Option<PathBuf>,
    /// Deliver to HOST as well; without it, deliveries go to loopback addresses only
    #[arg(long = "allow-delivery-to", id = "allow_delivery_to", value_name = "HOST")]
    pub allowed_hosts: Vec<String>,
}

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            port: 0,
            clock_offset_seconds: 0,
            retention_days: RETENTION_DAYS,
            certificate: None,
            deliveries: None,
            time_scale: 1.0,
            replay_step: REPLAY_STEP,
            behavior: Behavior::default(),
        }
    }
}

fn time_scale(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok();
    factor
        .filter(|factor| (0.0..=MAX_TIME_SCALE).contains(factor))
        .ok_or_else(|| format!("[{text}] is not a number from 0 to {MAX_TIME_SCALE}"))
}
