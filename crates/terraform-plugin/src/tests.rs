//! The protocol's rules through [`Server`], with a made-up provider: whatever a resource does, what
//! the host is answered keeps them (plugin protocol, what Terraform checks of a provider).

mod echo;
mod rules;
mod toy;
