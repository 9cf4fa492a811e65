//! The Konnect audit log API.
