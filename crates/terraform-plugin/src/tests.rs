//! The rules of the protocol through [`Server`](crate::Server): whatever a provider does, the responses satisfy them.

mod actions;
mod echo;
mod functions;
mod identity;
mod implementation;
mod lists;
mod rules;
mod toy;
