//! One file for each list resource.

pub(crate) mod audit_log_destination;
pub(crate) mod audit_log_webhook;
pub(crate) mod portal_audit_log_webhook;
