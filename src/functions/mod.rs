//! One file for each function.

pub(crate) mod parse_audit_event;
pub(crate) mod verify_audit_event;
