//! The programs of the workspace's other crates, which cargo does not build for these tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::PROGRAM;

/// The path of a program of the workspace, which is built if it is out of date.
pub fn workspace_binary(name: &str) -> PathBuf {
    let selection: &[&str] = if cfg!(feature = "bench") {
        // As `cargo test --workspace --all-features` selects it, with the development dependencies: Cargo reuses its build.
        &["--workspace", "--all-features", "--examples"]
    } else {
        &["--package", name]
    };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", name])
        .args(selection)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.expect("cargo runs").success(), "{name} does not build");
    let path = Path::new(PROGRAM).with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} was not built", path.display());
    path
}
