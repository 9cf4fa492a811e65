//! Applies configurations with the real CLI: the program in `TERRAFORM_BIN`, or else `terraform`.

use terraform_plugin::testing::cli::{Step, Workspace};

#[test]
fn note_is_created_updated_imported_and_destroyed() {
    let program = env!("CARGO_BIN_EXE_terraform-provider-example");
    let workspace = Workspace::new("example/example", env!("CARGO_PKG_VERSION"), program);
    let configuration = |text: &str| {
        format!(
            "provider \"example\" {{\n  folder = \".\"\n}}\n\
             resource \"example_note\" \"first\" {{\n  name = \"first\"\n  text = \"{text}\"\n}}\n"
        )
    };
    for (text, action) in [("one", "create"), ("two", "update")] {
        // Plans, applies, and asserts that the next plan has no changes.
        let Step { plan, state } = workspace.step(configuration(text));
        assert_eq!(plan.change("example_note.first").actions, [action]);
        assert_eq!(state.text("example_note.first", "text"), text);
        assert_eq!(
            std::fs::read_to_string(workspace.path("first.txt")).expect("a note"),
            text
        );
    }
    workspace.run(&["state", "rm", "example_note.first"]).succeeds();
    workspace.import("example_note.first", "first");
    workspace.assert_no_changes();
    workspace.destroy();
    assert!(!workspace.path("first.txt").exists());
}
