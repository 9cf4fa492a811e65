//! A local Konnect.
