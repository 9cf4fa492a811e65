//! The messages and services of `proto/`, compiled by `build.rs`.

#![allow(missing_docs, clippy::all, clippy::pedantic)] // generated; the .proto files say what is what

/// Terraform's plugin protocol (`proto/tfplugin6.proto`).
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// go-plugin's services (`proto/plugin.proto`).
pub mod plugin {
    tonic::include_proto!("plugin");
}

/// gRPC's health service (`proto/health.proto`).
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
