//! The protocol's rules through [`Server`], with a made-up provider: whatever a resource does, what
//! the host is answered keeps them (plugin protocol, what Terraform checks of a provider).

mod actions;
mod echo;
mod functions;
mod identity;
mod implementation;
mod lists;
mod rules;
mod toy;
