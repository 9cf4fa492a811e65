//! Runs the provider of `examples/notes.rs` with the real command line tool: the program in `TERRAFORM_BIN`, or
//! `terraform`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value as Json;
use tempfile::TempDir;

#[allow(dead_code, reason = "its unit tests run here")]
#[path = "../examples/notes.rs"]
mod notes;

/// The command line tool with a configuration and a folder of notes.
struct Workspace {
    folder: TempDir,
}

fn program() -> OsString {
    let program = std::env::var_os("TERRAFORM_BIN").filter(|program| !program.is_empty());
    program.unwrap_or_else(|| "terraform".into())
}

/// The program of the example. Cargo does not build it for every selection of tests, so this function builds it.
fn example() -> &'static Path {
    static EXAMPLE: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--example", "notes", "--message-format=json"]);
        if cfg!(feature = "testing") {
            // The same features as this test: Cargo reuses the build.
            command.arg("--all-features");
        }
        let built = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let messages = String::from_utf8(built.stdout).unwrap();
        let mut messages = messages
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        let executable = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
        executable.unwrap()
    })
}

impl Workspace {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Self { folder };
        let plugins = workspace.path("plugins");
        for folder in [&plugins, &workspace.path("notes")] {
            fs::create_dir(folder).unwrap();
        }
        fs::copy(example(), plugins.join("terraform-provider-notes")).unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"example/notes\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            plugins.display()
        );
        fs::write(workspace.path("cli.tfrc"), settings).unwrap();
        let notes = workspace.path("notes");
        let provider = format!(
            "terraform {{\n  required_providers {{\n    notes = {{ source = \"example/notes\" }}\n  }}\n}}\n\
             provider \"notes\" {{\n  folder = \"{}\"\n}}\n",
            notes.display()
        );
        workspace.write("provider.tf", &provider);
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn note(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path("notes").join(format!("{name}.txt"))).ok()
    }

    fn output(&self, arguments: &[&str]) -> Output {
        let output = Command::new(program())
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.path("cli.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .output();
        output.unwrap_or_else(|error| {
            panic!("{error}: install Terraform or OpenTofu, or name the program in TERRAFORM_BIN")
        })
    }

    /// Runs a command that must succeed. Returns what it prints.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}{errors}");
        text
    }

    #[track_caller]
    fn apply(&self) -> String {
        self.run(&["apply", "-auto-approve", "-no-color"])
    }

    fn plan(&self) -> String {
        self.run(&["plan", "-no-color"])
    }

    fn json(&self, arguments: &[&str]) -> Json {
        serde_json::from_str(&self.run(arguments)).unwrap()
    }

    /// Whether the tool has list resources and actions: Terraform 1.14 or later.
    fn has_queries_and_actions(&self) -> bool {
        let version = self.json(&["version", "-json"]);
        let mut parts = version["terraform_version"].as_str().unwrap().split('.');
        let number: (u32, u32) = (
            parts.next().unwrap().parse().unwrap(),
            parts.next().unwrap().parse().unwrap(),
        );
        !self.run(&["version"]).starts_with("OpenTofu") && number >= (1, 14)
    }
}

const NOTE: &str = "resource \"notes_note\" \"first\" {\n  name = \"first\"\n}\n";

#[test]
fn example_provider_plans_applies_imports_and_destroys() {
    let workspace = Workspace::new();
    let results = "data \"notes_count\" \"all\" {\n  depends_on = [notes_note.first]\n}\n\
         output \"total\" {\n  value = data.notes_count.all.total\n}\n\
         output \"file\" {\n  value = provider::notes::file_name(notes_note.first.name)\n}\n";
    workspace.write("main.tf", &format!("{NOTE}{results}"));
    assert!(workspace.plan().contains("1 to add, 0 to change, 0 to destroy"));
    assert!(workspace.apply().contains("1 added"));
    assert_eq!(workspace.note("first").as_deref(), Some("Nothing yet."));
    let outputs = workspace.json(&["output", "-json"]);
    assert_eq!(
        (&outputs["total"]["value"], &outputs["file"]["value"]),
        (&1.into(), &"first.txt".into())
    );
    assert!(workspace.plan().contains("No changes"));

    // An update in place, and an import of a note that exists.
    let changed = NOTE.replace("\n}", "\n  text = \"changed\"\n}");
    fs::write(workspace.path("notes").join("second.txt"), "written elsewhere").unwrap();
    let import = "import {\n  to = notes_note.second\n  id = \"second\"\n}\n\
         resource \"notes_note\" \"second\" {\n  name = \"second\"\n  text = \"written elsewhere\"\n}\n";
    workspace.write("main.tf", &format!("{changed}{import}{results}"));
    let applied = workspace.apply();
    assert!(
        applied.contains("1 imported, 0 added, 1 changed, 0 destroyed"),
        "{applied}"
    );
    assert_eq!(workspace.note("first").as_deref(), Some("changed"));

    // A note that no longer exists is removed from the state. A change of the name replaces the note.
    fs::remove_file(workspace.path("notes").join("second.txt")).unwrap();
    let renamed = changed.replace("name = \"first\"", "name = \"third\"");
    workspace.write("main.tf", &format!("{renamed}{results}"));
    let applied = workspace.apply();
    assert!(applied.contains("1 added, 0 changed, 1 destroyed"), "{applied}");
    assert_eq!(
        (workspace.note("first"), workspace.note("third").as_deref()),
        (None, Some("changed"))
    );

    workspace.run(&["destroy", "-auto-approve", "-no-color"]);
    assert_eq!(workspace.note("third"), None);
}

/// Identity, list resource, generated configuration and action. The unit tests cover older tools, which do not have
/// them.
#[test]
fn example_provider_queries_generates_and_invokes() {
    let workspace = Workspace::new();
    if !workspace.has_queries_and_actions() {
        eprintln!("skipped: list resources and actions require Terraform 1.14 or later");
        return;
    }
    for (name, text) in [("b", "Nothing yet."), ("a", "text")] {
        fs::write(workspace.path("notes").join(format!("{name}.txt")), text).unwrap();
    }
    let query = "list \"notes_note\" \"all\" {\n  provider = notes\n}\n";
    workspace.write("all.tfquery.hcl", query);
    let found = workspace.run(&["query", "-no-color", "-generate-config-out=generated.tf"]);
    assert!(found.contains("name=a") && found.contains("name=b"), "{found}");
    let applied = workspace.apply();
    assert!(
        applied.contains("2 imported, 0 added, 0 changed, 0 destroyed"),
        "{applied}"
    );

    let archive = workspace.path("archive");
    let action = format!(
        "action \"notes_archive\" \"all\" {{\n  config {{\n    folder = \"{}\"\n  }}\n}}\n",
        archive.display()
    );
    workspace.write("action.tf", &action);
    let invoked = workspace.run(&[
        "apply",
        "-auto-approve",
        "-no-color",
        "-invoke=action.notes_archive.all",
    ]);
    assert!(
        invoked.contains("copied a") && invoked.contains("copied b"),
        "{invoked}"
    );
    assert_eq!(fs::read_to_string(archive.join("a.txt")).unwrap(), "text");
}

/// The calls that older tools do not make, tested without a tool.
#[cfg(feature = "testing")]
mod protocol {
    use terraform_plugin::Value;
    use terraform_plugin::testing::value::{assert_no_errors, error};
    use terraform_plugin::testing::{Launch, Plugin};

    use super::{example, fs};

    #[tokio::test]
    async fn example_provider_serves_functions_lists_actions_and_generated_config() {
        let folder = tempfile::tempdir().unwrap();
        let notes = folder.path().join("notes");
        fs::create_dir(&notes).unwrap();
        for (name, text) in [("b", "Nothing yet."), ("a", "text")] {
            fs::write(notes.join(format!("{name}.txt")), text).unwrap();
        }
        let plugin = Plugin::launch(Launch::without_tls(example().to_str().unwrap())).await;
        assert_no_errors(&plugin.schema.diagnostics);
        let block = plugin.block(&[("folder", notes.to_str().unwrap().into())]);
        assert_no_errors(&plugin.configure(block).await);

        let file = plugin.call_function("file_name", &["a".into()]).await;
        assert_eq!(file, Ok("a.txt".into()));
        assert_eq!(
            plugin.call_function("file_name", &[Value::Unknown]).await,
            Ok(Value::Unknown)
        );
        let refused = plugin
            .call_function("file_name", &["a/b".into()])
            .await
            .unwrap_err();
        assert_eq!(refused.function_argument, Some(0));

        let (found, diagnostics) = plugin.list_resource("notes_note").list(&[], true, 100).await;
        assert_no_errors(&diagnostics);
        let names: Vec<_> = found.iter().map(|found| found.display_name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let (first, _) = plugin.list_resource("notes_note").list(&[], false, 1).await;
        assert_eq!(first[0].identity, Value::object([("name", "a".into())]));

        let note = plugin.resource("notes_note");
        let object = found[1].object.as_ref().unwrap();
        let config = note.generate_config(object).await;
        // The text is the default, and the length is computed.
        assert_eq!(config, note.shape.object(&[("name", "b".into())]));
        assert!(note.generate_config(&Value::Null).await.is_null());

        let archive = folder.path().join("archive");
        let target = [("folder", archive.to_str().unwrap().into())];
        let (progress, diagnostics) = plugin.invoke("notes_archive", &target).await;
        assert_no_errors(&diagnostics);
        assert_eq!(progress, ["copied a", "copied b"]);
        let (_, diagnostics) = plugin.invoke("notes_archive", &[]).await;
        assert!(error(&diagnostics).contains("Missing required argument"));
        plugin.host.end().await;
    }
}
