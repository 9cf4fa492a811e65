//! The HTTP client: attempts, retries, limits, proxies and certificates, and connection errors.

pub(crate) mod client;
pub(crate) mod connection_error;
pub(crate) mod environment;
pub(crate) mod exchange;
pub(crate) mod limit;
pub(crate) mod response;
pub(crate) mod retry;
