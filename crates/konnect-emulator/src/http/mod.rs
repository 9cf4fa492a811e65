//! HTTP: sockets, certificates, responses, and the requests of web pages.

pub(crate) mod certificate;
pub(crate) mod guard;
pub(crate) mod listener;
pub(crate) mod response;
pub(crate) mod wire;
