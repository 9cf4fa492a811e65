//! The common parts of the programs that print figures: options, samples of measurements and tables.

#![allow(dead_code, unused_imports)] // each program uses its part

mod options;
mod sample;
mod table;

pub use options::{Options, Peer};
pub use sample::{Sample, mebibytes, milliseconds, seconds};
pub use table::Table;

/// What the tables call another build of this provider.
pub const BEFORE: &str = "before";

/// Errors end the program.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
