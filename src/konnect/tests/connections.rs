//! Connections that fail.
