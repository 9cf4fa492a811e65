//! Builds `examples/template` as its author would, and runs its tests, which apply with the real CLI.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn template_builds_and_applies() {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/template");
    // A copy, because Cargo writes a lock file. It starts from that of the workspace, for the versions that are there.
    let copy = tempfile::tempdir().unwrap();
    for file in [
        ".cargo/config.toml",
        "Cargo.toml",
        "src/main.rs",
        "src/note.rs",
        "tests/apply.rs",
    ] {
        let target = copy.path().join(file);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        let text = std::fs::read_to_string(template.join(file)).unwrap();
        let text = text.replace("\"../..\"", &format!("{:?}", env!("CARGO_MANIFEST_DIR")));
        std::fs::write(target, text).unwrap();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::copy(workspace.join("Cargo.lock"), copy.path().join("Cargo.lock")).unwrap();
    // The libraries are built once for the workspace and the template.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("..");
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--target-dir"])
        .arg(target)
        .current_dir(copy.path())
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
}

/// The settings of the TLS library are those of the workspace.
#[test]
fn template_has_the_settings_of_the_workspace() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).unwrap();
    assert_eq!(
        read("examples/template/.cargo/config.toml"),
        read("../../.cargo/config.toml")
    );
}
