//! What strangers can send, as functions that take any bytes: for the fuzzer, and for `tests/fuzzing.rs`, which runs the
//! same functions over the corpus and over mutations of it.
//!
//! A function returns, whatever its input. It panics where the library does, and where what the library made of
//! the bytes is wrong in itself, for instance if it is written and read again as something else.

mod values;

pub use konnect::event::fuzzing::event;
pub use konnect::fuzzing::api;
pub use terraform_plugin::plugin::fuzzing::{certificate, handshake};

pub use self::values::{json, msgpack};

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// All of them, by the names of their folders in `fuzz/corpus/`.
pub const TARGETS: [(&str, Target); 6] = [
    ("api", api),
    ("certificate", certificate),
    ("event", event),
    ("handshake", handshake),
    ("json", json),
    ("msgpack", msgpack),
];
