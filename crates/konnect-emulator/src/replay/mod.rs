//! Replay jobs: where they are announced, and what moves them on.

pub(crate) mod jobs;
pub(crate) mod runner;
