//! The data of an organization: its state, the clock and the log of requests.

pub(crate) mod clock;
pub(crate) mod journal;
pub(crate) mod state;
pub(crate) mod store;
pub(crate) mod stream;
