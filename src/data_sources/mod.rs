//! One file for each data source.

pub(crate) mod audit_log_destination;
pub(crate) mod audit_log_destinations;
pub(crate) mod audit_log_events;
pub(crate) mod audit_log_signing_keys;
pub(crate) mod audit_log_webhook_status;
pub(crate) mod organization;
pub(crate) mod portal_audit_log_webhook_status;
