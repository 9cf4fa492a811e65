//! From a request to its answer: the client, one exchange, retries, the concurrency limit, connection errors.

pub(crate) mod answer;
pub(crate) mod client;
pub(crate) mod exchange;
pub(crate) mod failure;
pub(crate) mod gate;
pub(crate) mod retry;
