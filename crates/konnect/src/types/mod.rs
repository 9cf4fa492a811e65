//! What the client sends and what the API answers, as types.

pub(crate) mod changes;
pub(crate) mod destination_id;
pub(crate) mod model;
pub(crate) mod paging;
pub(crate) mod region;
pub(crate) mod secret;
pub(crate) mod server_url;
pub(crate) mod text;
