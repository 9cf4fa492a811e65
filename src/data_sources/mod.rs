//! One file for each data source.

pub(crate) mod audit_log_webhook_status;
pub(crate) mod portal_audit_log_webhook_status;
