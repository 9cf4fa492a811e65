//! What is sent and what is answered, as types.

pub(crate) mod changes;
pub(crate) mod destination_id;
pub(crate) mod model;
pub(crate) mod paging;
pub(crate) mod region;
pub(crate) mod secret;
pub(crate) mod server_url;
