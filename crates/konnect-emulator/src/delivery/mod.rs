//! Deliveries: each webhook has a queue of events, which are sent in batches with retries.

pub(crate) mod address;
pub(crate) mod queue;
pub(crate) mod sender;
pub(crate) mod worker;
