//! One file for each data source.

pub(crate) mod audit_log_webhook_status;
