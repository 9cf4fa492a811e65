//! The calls, one function an endpoint.

mod endpoints;
pub(crate) mod idempotent_create;
pub mod v2;
pub mod v3;
