//! The types of requests and responses.

pub(crate) mod audit_log;
pub(crate) mod destination;
pub(crate) mod id;
pub(crate) mod invalid;
pub(crate) mod lenient;
pub(crate) mod organization;
pub(crate) mod paging;
pub(crate) mod portal;
pub(crate) mod region;
pub(crate) mod replay_job;
pub(crate) mod secret;
pub(crate) mod server_url;
pub(crate) mod text;
pub(crate) mod webhook;
