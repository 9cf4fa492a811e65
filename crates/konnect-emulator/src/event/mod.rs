//! Audit events: what they hold, how they are written, signed and kept.

pub(crate) mod format;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod pull;
pub(crate) mod sample;
pub(crate) mod signing;
