//! One file for each action.

pub(crate) mod audit_log_replay;
