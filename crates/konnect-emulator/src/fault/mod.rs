//! Faults: rules for single requests, conditions for all requests, and the faulty responses.

pub(crate) mod conditions;
pub(crate) mod response;
pub(crate) mod rule;
