//! Audit events: their content, format, signature and storage.

pub(crate) mod format;
pub(crate) mod log;
pub(crate) mod model;
pub(crate) mod sample;
pub(crate) mod signing;
