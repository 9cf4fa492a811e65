//! Applies a configuration with the real CLI: the program in `TERRAFORM_BIN`, or else `terraform`.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the CLI in a folder, and returns what it prints.
fn terraform(folder: &Path, arguments: &[&str]) -> String {
    let program = std::env::var_os("TERRAFORM_BIN").unwrap_or_else(|| "terraform".into());
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", folder.join("cli.tfrc"))
        .output()
        .expect("the CLI");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

#[test]
fn note_is_created_updated_and_destroyed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // The CLI uses the program that Cargo has built.
    let plugins = Path::new(env!("CARGO_BIN_EXE_terraform-provider-example"))
        .parent()
        .expect("a folder");
    let settings = format!(
        "provider_installation {{\n  dev_overrides {{\n    \"example/example\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
        plugins.display()
    );
    fs::write(folder.join("cli.tfrc"), settings).expect("settings");
    let configuration = |text: &str| {
        format!(
            "terraform {{\n  required_providers {{\n    example = {{ source = \"example/example\" }}\n  }}\n}}\n\
             provider \"example\" {{\n  folder = \"{}\"\n}}\n\
             resource \"example_note\" \"first\" {{\n  name = \"first\"\n  text = \"{text}\"\n}}\n",
            folder.display()
        )
    };
    for text in ["one", "two"] {
        fs::write(folder.join("main.tf"), configuration(text)).expect("a configuration");
        terraform(folder, &["apply", "-auto-approve", "-no-color"]);
        assert_eq!(
            fs::read_to_string(folder.join("first.txt")).expect("a note"),
            text
        );
        assert!(terraform(folder, &["plan", "-no-color"]).contains("No changes"));
    }
    terraform(folder, &["destroy", "-auto-approve", "-no-color"]);
    assert!(!folder.join("first.txt").exists());
}
