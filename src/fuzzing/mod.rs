//! What strangers can send, as functions that take any bytes: for the fuzzer in `fuzz/`, and for `tests/fuzzing.rs`,
//! which runs the same functions over the corpus and over mutations of it.
//!
//! A function returns, whatever it is given. It panics where the library does, and where what the library made of
//! the bytes is wrong in itself, for instance if it is written and read again as something else.

mod values;

pub use self::values::{json, msgpack};
pub use crate::konnect::fuzzing::api;
pub use crate::plugin::fuzzing::{certificate, handshake};

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// All of them, by the names of their folders in `fuzz/corpus/`.
pub const TARGETS: [(&str, Target); 5] = [
    ("api", api),
    ("certificate", certificate),
    ("handshake", handshake),
    ("json", json),
    ("msgpack", msgpack),
];
