//! One file for each resource.

pub(crate) mod audit_log_destination;
pub(crate) mod audit_log_replay_job;
pub(crate) mod audit_log_webhook;
pub(crate) mod portal_audit_log_webhook;
