//! A received line, and what the receiver knows of it.

use std::sync::Arc;

use konnect_event::Event;
use serde::Serialize;

/// A received line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received<'a> {
    /// The line, without its line break. Bytes that are not UTF-8 are replaced.
    pub line: &'a str,
    /// The event, or the reason why the line is not one. The text does not quote the line.
    pub event: Result<Event, String>,
    /// The verification of its signature.
    pub verification: Verification,
}

/// The result of the verification of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// One of the keys verifies the signature.
    Verified,
    /// The event has no signature.
    Unsigned,
    /// No key verifies the signature.
    Bad,
    /// The receiver has no keys, or the line is not an event.
    Unchecked,
}

/// A function that is called with each event.
pub type OnEvent = Arc<dyn Fn(&Received<'_>) + Send + Sync>;
