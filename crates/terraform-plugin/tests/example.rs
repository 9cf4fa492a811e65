//! Runs the providers of `examples/` with the real command line tool: the program in `TERRAFORM_BIN`, or `terraform`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value as Json;
use tempfile::TempDir;

#[allow(dead_code, reason = "its unit tests run here")]
#[path = "../examples/notes.rs"]
mod notes;

#[allow(dead_code, reason = "its unit tests run here")]
#[path = "../examples/fleet.rs"]
mod fleet;

/// The command line tool with a configuration and a folder of notes.
struct Workspace {
    folder: TempDir,
}

fn program() -> OsString {
    let program = std::env::var_os("TERRAFORM_BIN").filter(|program| !program.is_empty());
    program.unwrap_or_else(|| "terraform".into())
}

/// The program of an example. Cargo does not build it for every selection of tests, so this function builds it.
fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--examples", "--message-format=json"]);
        if cfg!(feature = "testing") {
            // The selection of `cargo test --workspace --all-features`: Cargo reuses its build.
            command.args(["--workspace", "--all-features"]);
        }
        let built = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let messages = String::from_utf8(built.stdout).unwrap();
        let messages = messages
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        messages
            .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
            .collect()
    });
    let program = built
        .iter()
        .find(|path| path.file_stem().is_some_and(|stem| stem == name));
    program.unwrap().clone()
}

impl Workspace {
    /// A workspace with the provider of an example, whose objects are files in a folder.
    fn new(provider: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Self { folder };
        let plugins = workspace.path("plugins");
        for folder in [&plugins, &workspace.path("objects")] {
            fs::create_dir(folder).unwrap();
        }
        fs::copy(
            example(provider),
            plugins.join(format!("terraform-provider-{provider}")),
        )
        .unwrap();
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"example/{provider}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            plugins.display()
        );
        fs::write(workspace.path("cli.tfrc"), settings).unwrap();
        let block = format!(
            "terraform {{\n  required_providers {{\n    {provider} = {{ source = \"example/{provider}\" }}\n  }}\n}}\n\
             provider \"{provider}\" {{\n  folder = \"{}\"\n}}\n",
            workspace.path("objects").display()
        );
        workspace.write("provider.tf", &block);
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn note(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path("objects").join(format!("{name}.txt"))).ok()
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
    let workspace = Workspace::new("notes");
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
    fs::write(workspace.path("objects").join("second.txt"), "written elsewhere").unwrap();
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
    fs::remove_file(workspace.path("objects").join("second.txt")).unwrap();
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
    let workspace = Workspace::new("notes");
    if !workspace.has_queries_and_actions() {
        eprintln!("skipped: list resources and actions require Terraform 1.14 or later");
        return;
    }
    for (name, text) in [("b", "Nothing yet."), ("a", "text")] {
        fs::write(workspace.path("objects").join(format!("{name}.txt")), text).unwrap();
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

const SERVER: &str = r#"
resource "fleet_server" "web" {
  name       = "web"
  status_url = "https://web.example/status"
  labels     = { team = "blue" }
  listener   = { port = 443 }
  disks      = [{ size = 10 }, { size = 20 }]
  rules      = [{ port = 22 }, { port = 443 }]

  password_wo         = "first-passw0rd"
  password_wo_version = 1
}

output "server" {
  value = fleet_server.web
}

output "kind" {
  value = provider::fleet::kind_of([1, "a"])
}
"#;

/// Numbers with fractions, nested values, sets, semantic equality, write-only arguments.
#[test]
fn fleet_provider_keeps_computed_values_of_nested_objects() {
    let workspace = Workspace::new("fleet");
    let state = || workspace.json(&["output", "-json"]);
    let ids = |list: &str, key: &str, id: &str| -> Vec<(i64, String)> {
        let outputs = state();
        let elements = outputs["server"]["value"][list].as_array().unwrap().iter();
        let mut ids: Vec<_> = elements
            .map(|e| (e[key].as_i64().unwrap(), e[id].as_str().unwrap().to_owned()))
            .collect();
        ids.sort();
        ids
    };
    workspace.write("main.tf", SERVER);
    workspace.apply();
    // The service has returned the URL with a slash, and 0.1 is no float.
    assert!(workspace.plan().contains("No changes"));
    let (disks, rules) = (ids("disks", "size", "serial"), ids("rules", "port", "id"));
    let outputs = state();
    assert_eq!(outputs["server"]["value"]["weight"], Json::from(0.1));
    assert_eq!(outputs["kind"]["value"], r#"["tuple",["number","string"]]"#);

    // Another order of a set, and another form of the URL, are no change.
    let same = SERVER
        .replace(
            "[{ port = 22 }, { port = 443 }]",
            "[{ port = 443 }, { port = 22 }]",
        )
        .replace("/status\"", "/status/\"");
    workspace.write("main.tf", &same);
    assert!(workspace.plan().contains("No changes"));

    // Added elements get values of their own, and the others keep theirs.
    let more = SERVER
        .replace("{ size = 20 }]", "{ size = 20 }, { size = 30 }]")
        .replace("[{ port = 22 }", "[{ port = 21 }, { port = 22 }");
    workspace.write("main.tf", &more);
    let applied = workspace.apply();
    assert!(applied.contains("0 added, 1 changed, 0 destroyed"), "{applied}");
    assert_eq!(ids("disks", "size", "serial")[..2], disks[..]);
    assert_eq!(ids("rules", "port", "id")[1..], rules[..]);
    assert!(workspace.plan().contains("No changes"));

    // A new password is sent with a new version only.
    let file = workspace.path("objects").join("web.json");
    let password = || fs::read_to_string(&file).unwrap();
    let other = more.replace("first-passw0rd", "second-passw0rd");
    workspace.write("main.tf", &other);
    assert!(workspace.plan().contains("No changes"));
    workspace.write(
        "main.tf",
        &other.replace("password_wo_version = 1", "password_wo_version = 2"),
    );
    workspace.apply();
    assert!(password().contains("second-passw0rd"));
    let stored = fs::read_to_string(workspace.path("terraform.tfstate")).unwrap();
    assert!(!stored.contains("passw0rd"));
    workspace.run(&["destroy", "-auto-approve", "-no-color"]);
    assert!(!file.exists());
}

#[test]
fn fleet_provider_upgrades_stored_state_and_checks_rules() {
    let workspace = Workspace::new("fleet");
    workspace.write(
        "main.tf",
        "resource \"fleet_server\" \"web\" {\n  name = \"web\"\n}\n",
    );
    workspace.apply();
    let file = workspace.path("terraform.tfstate");
    let mut state: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = 0.into();
    instance["attributes"]["hostname"] = instance["attributes"]["name"].take();
    instance["attributes"].as_object_mut().unwrap().remove("name");
    fs::write(&file, state.to_string()).unwrap();
    assert!(workspace.plan().contains("No changes"));

    let listener = "resource \"fleet_server\" \"web\" {\n  name     = \"web\"\n  listener = {}\n}\n";
    workspace.write("main.tf", listener);
    let output = workspace.output(&["plan", "-no-color"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("Set one of \"port\", \"socket\"."), "{errors}");
}

/// The calls that older tools do not make, tested without a tool.
#[cfg(feature = "testing")]
mod protocol {
    use terraform_plugin::Value;
    use terraform_plugin::testing::terraform::State;
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
        let plugin = Plugin::launch(Launch::without_tls(example("notes").to_str().unwrap())).await;
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

    /// The host proposes and checks nested objects as Terraform does.
    #[tokio::test]
    async fn fleet_provider_passes_the_checks_of_nested_objects() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = Plugin::launch(Launch::without_tls(example("fleet").to_str().unwrap())).await;
        let block = plugin.block(&[("folder", folder.path().to_str().unwrap().into())]);
        assert_no_errors(&plugin.configure(block).await);
        let server = plugin.resource("fleet_server");
        let config = |sizes: &[i64], ports: &[i64]| {
            let disk = |size: &i64| Value::object([("size", (*size).into())]);
            let rule = |port: &i64| Value::object([("port", (*port).into())]);
            server.shape.object(&[
                ("name", "web".into()),
                ("disks", Value::List(sizes.iter().map(disk).collect())),
                ("rules", Value::Set(ports.iter().map(rule).collect())),
            ])
        };
        let first = server.plan(&State::none(), &config(&[10], &[22])).await;
        let first = server.apply(&first).await;
        assert_no_errors(&first.diagnostics);
        let more = server.plan(&first, &config(&[10, 20], &[21, 22])).await;
        let more = server.apply(&more).await;
        assert_no_errors(&more.diagnostics);
        let Value::List(disks) = more.value.get("disks") else {
            panic!("a list")
        };
        assert_eq!(disks[0].get("serial"), &"1".into());
        plugin.host.end().await;
    }
}
