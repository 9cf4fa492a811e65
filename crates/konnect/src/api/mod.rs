//! The calls: one function for each endpoint, and operations of several calls.

mod call;
pub(crate) mod creations;
pub(crate) mod repeat;
pub mod v2;
pub mod v3;
