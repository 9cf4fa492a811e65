//! The messages and services of `proto/`, generated into `proto/` beside this file.

#![allow(missing_docs, clippy::all, clippy::pedantic)] // generated; the .proto files say what is what

/// Terraform's plugin protocol (`proto/tfplugin6.proto`).
pub mod tfplugin6 {
    use std::fmt;

    include!("proto/tfplugin6.rs");

    /// The sizes alone: a value may hold secrets.
    impl fmt::Debug for DynamicValue {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let (msgpack, json) = (self.msgpack.len(), self.json.len());
            write!(f, "DynamicValue({msgpack} bytes of msgpack, {json} of JSON)")
        }
    }

    /// The size alone: a state may hold secrets.
    impl fmt::Debug for RawState {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "RawState({} bytes of JSON)", self.json.len())
        }
    }
}

/// go-plugin's services (`proto/plugin.proto`).
pub mod plugin {
    include!("proto/plugin.rs");
}

/// gRPC's health service (`proto/health.proto`).
pub mod health {
    include!("proto/health.rs");
}
