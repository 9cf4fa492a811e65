//! What goes wrong on purpose: rules for single requests, conditions for all of them, and the broken answers.

pub(crate) mod conditions;
pub(crate) mod response;
pub(crate) mod rule;
pub(crate) mod wire;
