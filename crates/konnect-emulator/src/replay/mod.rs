//! Replay jobs and their runner.

pub(crate) mod jobs;
pub(crate) mod runner;
