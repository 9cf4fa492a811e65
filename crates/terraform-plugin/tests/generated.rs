//! Compares the committed Rust code in `src/plugin/proto` with the code that `proto/` generates.
//!
//! After a change in `proto/`, run this test with `UPDATE_GENERATED=1` to write the files again.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

/// Each protocol file, the name that its package gives to the generated file, and the committed file.
const FILES: [(&str, &str, &str); 3] = [
    ("tfplugin6.proto", "tfplugin6.rs", "tfplugin6.rs"),
    ("plugin.proto", "plugin.rs", "plugin.rs"),
    ("health.proto", "grpc.health.v1.rs", "health.rs"),
];

fn generate(proto: &Path, file: &str, output: &Path) {
    let descriptors = protox::compile([file], [proto]).unwrap();
    tonic_prost_build::configure()
        // The crate serves its own hyper connections, so it does not use tonic's transport.
        .build_transport(false)
        // Values and states can contain secrets: `src/plugin/proto.rs` implements their `Debug`.
        .skip_debug([".tfplugin6.DynamicValue", ".tfplugin6.RawState"])
        // `src/plugin/service.rs` serves the provider.
        .build_server(file != "tfplugin6.proto")
        .out_dir(output)
        .compile_fds(descriptors)
        .unwrap();
}

#[test]
fn generated_code_matches_proto() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    let output = tempfile::tempdir().unwrap();
    let mut outdated = Vec::new();
    for (file, generated, committed) in FILES {
        generate(&root.join("../../proto"), file, output.path());
        let generated = std::fs::read_to_string(output.path().join(generated)).unwrap();
        let committed = root.join("src/plugin/proto").join(committed);
        if update {
            std::fs::write(committed, generated).unwrap();
        } else if std::fs::read_to_string(&committed).unwrap() != generated {
            outdated.push(committed);
        }
    }
    assert!(
        outdated.is_empty(),
        "run this test with UPDATE_GENERATED=1 to update {outdated:?}"
    );
}
