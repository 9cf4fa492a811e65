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

const PROTO: &str = "tfplugin6.proto";
const GENERATED: &str = "tfplugin6.rs";

fn generate(proto: &Path, output: &Path) {
    let descriptors = protox::compile([PROTO], [proto]).unwrap();
    tonic_prost_build::configure()
        // The crate serves its own hyper connections, so it does not use tonic's transport.
        .build_transport(false)
        // Values and states can contain secrets: `src/plugin/proto.rs` implements their `Debug`.
        .skip_debug([".tfplugin6.DynamicValue", ".tfplugin6.RawState"])
        // `src/plugin/service.rs` serves the provider.
        .build_server(false)
        .out_dir(output)
        .compile_fds(descriptors)
        .unwrap();
}

#[test]
fn generated_code_matches_proto() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let output = tempfile::tempdir().unwrap();
    generate(&root.join("../../proto"), output.path());
    let generated = std::fs::read_to_string(output.path().join(GENERATED)).unwrap();
    let committed = root.join("src/plugin/proto").join(GENERATED);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(committed, generated).unwrap();
    } else {
        let current = std::fs::read_to_string(&committed).unwrap() == generated;
        assert!(
            current,
            "run this test with UPDATE_GENERATED=1 to update {committed:?}"
        );
    }
}
