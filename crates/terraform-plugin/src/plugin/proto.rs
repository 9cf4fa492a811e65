//! The messages of `proto/`. The test `tests/generated.rs` generates the included file.

// Generated: the .proto files contain the documentation, and a provider serves part of the protocol.
#![allow(dead_code, missing_docs, clippy::all, clippy::pedantic)]

/// Terraform's plugin protocol (`proto/tfplugin6.proto`).
pub mod tfplugin6 {
    use std::fmt;

    include!("proto/tfplugin6.rs");

    /// Shows only the sizes: a value may contain secrets.
    impl fmt::Debug for DynamicValue {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let (msgpack, json) = (self.msgpack.len(), self.json.len());
            write!(f, "DynamicValue({msgpack} bytes of msgpack, {json} of JSON)")
        }
    }

    /// Shows only the size: a state may contain secrets.
    impl fmt::Debug for RawState {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "RawState({} bytes of JSON)", self.json.len())
        }
    }
}
