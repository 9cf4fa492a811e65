//! Deliveries: events wait in a queue for each webhook, leave in batches, and are sent with retries.

pub(crate) mod address;
pub(crate) mod batch;
pub(crate) mod log;
pub(crate) mod queue;
pub(crate) mod sender;
pub(crate) mod worker;
