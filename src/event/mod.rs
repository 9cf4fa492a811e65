//! Audit events: past ones, the keys that sign them, and functions that read and verify them.

pub(crate) mod keys;
pub(crate) mod parse;
pub(crate) mod past;
pub(crate) mod verify;
