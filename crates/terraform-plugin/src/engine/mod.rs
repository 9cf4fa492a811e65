//! The protocol's rules, each in one place.

pub(crate) mod apply;
pub(crate) mod erased;
pub(crate) mod panics;
pub(crate) mod plan;
pub(crate) mod sensitive_values;
pub(crate) mod validate;
