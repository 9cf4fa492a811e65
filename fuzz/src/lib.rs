//! Entry points for untrusted input, as functions of bytes: for the fuzzer, and for `tests/fuzzing.rs`, which runs them
//! with the corpus and mutations of it.
//!
//! A function returns for any input. It panics if the library does, or if the result of the library is inconsistent,
//! for instance if it does not round-trip.

mod values;

pub use konnect::fuzzing::api;
pub use konnect_event::fuzzing::event;
pub use terraform_plugin::protocol::fuzzing::{certificate, handshake};

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
