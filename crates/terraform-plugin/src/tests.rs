//! Tests through [`Server`](crate::Server): responses satisfy the rules of the protocol, whatever a provider does.

mod actions;
mod echo;
mod functions;
mod identity;
mod implementation;
mod lists;
mod rules;
mod toy;
