//! The HTTP client: attempts, retries, the concurrency limit and connection errors.

pub(crate) mod client;
pub(crate) mod concurrency_limit;
pub(crate) mod connection_error;
pub(crate) mod exchange;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod write_generation;
