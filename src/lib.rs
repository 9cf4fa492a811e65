//! Placeholder front page: replaced as the modules land.
#![forbid(unsafe_code)]

#[cfg(feature = "emulator")]
pub mod emulator;
pub mod framework;
pub mod konnect;
pub mod plugin;
