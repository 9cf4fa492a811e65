//! The rules of the protocol, each in one place.

pub(crate) mod apply;
pub(crate) mod generate;
pub(crate) mod identity;
pub(crate) mod list;
pub(crate) mod panics;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod request;
pub(crate) mod sensitive_values;
pub(crate) mod validate;
