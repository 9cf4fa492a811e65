//! Runs the providers of `examples/` with the real CLI: the program in `TERRAFORM_BIN`, or `terraform`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value as Json, json};
use terraform_plugin::testing::cli::{Cli, Feature, State, Step, Workspace};

#[allow(dead_code, reason = "its unit tests run here")]
#[path = "../examples/notes.rs"]
mod notes;

#[allow(dead_code, reason = "its unit tests run here")]
#[path = "../examples/fleet.rs"]
mod fleet;

/// The program of an example. Cargo does not build it for every selection of tests, so this function builds it.
fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        // The selection of `cargo test --workspace --all-features`: Cargo reuses its build.
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--workspace",
                "--examples",
                "--all-features",
                "--message-format=json",
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
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

/// A workspace for the provider of an example, whose objects are files in the folder `objects`.
fn workspace(provider: &str) -> Workspace {
    let workspace = Workspace::new(&format!("example/{provider}"), "0.1.0", example(provider));
    let objects = workspace.path("objects");
    fs::create_dir(&objects).unwrap();
    let block = format!("provider \"{provider}\" {{\n  folder = {}\n}}\n", json!(objects));
    workspace.write("provider.tf", &block);
    workspace
}

#[test]
fn command_inherits_only_the_path() {
    let workspace = workspace("notes");
    let output = workspace.command("env").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<_> = output
        .lines()
        .map(|line| line.split('=').next().unwrap())
        .collect();
    let own = [
        "CHECKPOINT_DISABLE",
        "HOME",
        "TF_CLI_CONFIG_FILE",
        "TF_IN_AUTOMATION",
        "TF_INPUT",
        "TMPDIR",
    ];
    // A measurement of coverage sets the last one.
    let inherited = names
        .iter()
        .filter(|name| !own.contains(name) && **name != "LLVM_PROFILE_FILE");
    assert_eq!(inherited.collect::<Vec<_>>(), [&"PATH"]);
}

const NOTE: &str = "resource \"notes_note\" \"first\" {\n  name = \"first\"\n}\n";
const FIRST: &str = "notes_note.first";
const SECOND: &str = "notes_note.second";

#[test]
fn example_provider_plans_applies_imports_and_destroys() {
    let workspace = workspace("notes");
    let file = |name: &str| workspace.path(&format!("objects/{name}.txt"));
    let note = |name: &str| fs::read_to_string(file(name)).ok();
    let results = "data \"notes_count\" \"all\" {\n  depends_on = [notes_note.first]\n}\n\
         output \"total\" {\n  value = data.notes_count.all.total\n}\n\
         output \"file\" {\n  value = provider::notes::file_name(notes_note.first.name)\n}\n";
    let error = workspace.expect_error(NOTE.replace("\"first\"\n", "\" \"\n"));
    assert_eq!(error.attribute(), Some("name"));

    let Step { plan, state } = workspace.step(format!("{NOTE}{results}"));
    assert_eq!(plan.change(FIRST).actions, ["create"]);
    assert_eq!(plan.change(FIRST).after["text"], "Nothing yet.");
    assert_eq!(plan.change(FIRST).unknown(), BTreeSet::from(["length"]));
    assert_eq!(note("first").as_deref(), Some("Nothing yet."));
    assert_eq!(state.get(FIRST)["length"], 12);
    assert_eq!(
        (state.output("total"), state.output("file")),
        (&json!(1), &json!("first.txt"))
    );

    // An update in place, and an import of a note that exists.
    let changed = NOTE.replace("\n}", "\n  text = \"changed\"\n}");
    fs::write(file("second"), "written elsewhere").unwrap();
    let second =
        "resource \"notes_note\" \"second\" {\n  name = \"second\"\n  text = \"written elsewhere\"\n}\n";
    let import = "import {\n  to = notes_note.second\n  id = \"second\"\n}\n";
    let Step { plan, state } = workspace.step(format!("{changed}{second}{import}{results}"));
    assert_eq!(plan.actions(), BTreeMap::from([(FIRST, "update".to_owned())]));
    assert_eq!(plan.change(SECOND).importing["id"], "second");
    assert_eq!(note("first").as_deref(), Some("changed"));
    workspace.run(&["state", "rm", SECOND]).succeeds();
    workspace.import(SECOND, "second");
    assert_eq!(workspace.state().get(SECOND), state.get(SECOND));
    workspace.assert_no_changes();

    // A note that no longer exists is removed from the state. A change of the name replaces the note.
    fs::remove_file(file("second")).unwrap();
    let renamed = changed.replace("name = \"first\"", "name = \"third\"");
    let Step { plan, state } = workspace.step(format!("{renamed}{results}"));
    assert_eq!(
        plan.actions(),
        BTreeMap::from([(FIRST, "delete, create".to_owned())])
    );
    assert_eq!(plan.change(FIRST).replace_paths, json!([["name"]]));
    assert_eq!(plan.drift[SECOND].actions, ["delete"]);
    assert_eq!(state.addresses(), ["data.notes_count.all", FIRST]);
    assert_eq!((note("first"), note("third").as_deref()), (None, Some("changed")));

    workspace.destroy();
    assert_eq!(note("third"), None);
}

/// Identity, list resource, generated configuration and action. The module `protocol` covers older CLIs, which do
/// not have them.
#[test]
fn example_provider_queries_generates_and_invokes() {
    if !Cli::find().supports_or_reports(Feature::Query) {
        return;
    }
    let workspace = workspace("notes");
    for (name, text) in [("b", "Nothing yet."), ("a", "text")] {
        fs::write(workspace.path(&format!("objects/{name}.txt")), text).unwrap();
    }
    workspace.configure("");
    workspace.init();
    let query = "list \"notes_note\" \"all\" {\n  provider = notes\n}\n";
    workspace.write("all.tfquery.hcl", query);
    let found = workspace.query();
    let names: Vec<_> = found.iter().map(|found| found.display_name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(found[0].address, "list.notes_note.all");
    assert_eq!(found[0].identity, json!({ "name": "a" }));
    workspace
        .run(&["query", "-no-color", "-generate-config-out=generated.tf"])
        .succeeds();
    let plan = workspace.plan();
    assert!(plan.actions().is_empty() && plan.changes.len() == 2, "{plan:?}");
    assert!(
        plan.changes.values().all(|change| !change.importing.is_null()),
        "{plan:?}"
    );
    workspace.apply_plan();

    let archive = workspace.path("archive");
    workspace.configure(format!(
        "action \"notes_archive\" \"all\" {{\n  config {{\n    folder = {}\n  }}\n}}\n",
        json!(archive)
    ));
    let invoke = [
        "apply",
        "-auto-approve",
        "-no-color",
        "-invoke=action.notes_archive.all",
    ];
    let invoked = workspace.run(&invoke).succeeds().stdout;
    assert!(
        invoked.contains("copied a") && invoked.contains("copied b"),
        "{invoked}"
    );
    assert_eq!(fs::read_to_string(archive.join("a.txt")).unwrap(), "text");
}

const SERVER: &str = r#"
resource "fleet_server" "web" {
  name       = "web"
  status_url = sensitive("https://web.example/status")
  labels     = { team = "blue" }
  listener   = { port = 443 }
  disks      = [{ size = 10 }, { size = 20 }]
  rules      = [{ port = 22 }, { port = 443 }]

  password_wo         = "first-passw0rd"
  password_wo_version = 1
}

output "kind" {
  value = provider::fleet::kind_of([1, "a"])
}
"#;
const WEB: &str = "fleet_server.web";

/// A key and a computed value of each element, in the order of the keys.
fn ids(state: &State, list: &str, key: &str, id: &str) -> Vec<(i64, String)> {
    let elements = state.get(WEB)[list].as_array().unwrap().iter();
    let mut ids: Vec<_> = elements
        .map(|e| (e[key].as_i64().unwrap(), e[id].as_str().unwrap().to_owned()))
        .collect();
    ids.sort();
    ids
}

/// Numbers with fractions, nested values, sets, semantic equality, write-only arguments.
#[test]
fn fleet_provider_keeps_computed_values_of_nested_objects() {
    let workspace = workspace("fleet");
    // The service has returned the URL with a slash, and 0.1 is no float.
    let Step { plan, state } = workspace.step(SERVER);
    let change = plan.change(WEB);
    assert_eq!(change.after_unknown["disks"][1]["serial"], true);
    assert_eq!(
        (change.sensitive(), state.sensitive(WEB)),
        (["status_url"].into(), ["status_url"].into())
    );
    let disks = ids(&state, "disks", "size", "serial");
    let rules = ids(&state, "rules", "port", "id");
    assert_eq!(state.get(WEB)["weight"], 0.1);
    assert_eq!(*state.output("kind"), r#"["tuple",["number","string"]]"#);

    // Another order of a set, and another form of the URL, are no change.
    let same = SERVER
        .replace(
            "[{ port = 22 }, { port = 443 }]",
            "[{ port = 443 }, { port = 22 }]",
        )
        .replace("/status\"", "/status/\"");
    workspace.configure(same);
    workspace.assert_no_changes();

    // Added elements get values of their own, and the others keep theirs.
    let more = SERVER
        .replace("{ size = 20 }]", "{ size = 20 }, { size = 30 }]")
        .replace("[{ port = 22 }", "[{ port = 21 }, { port = 22 }");
    let Step { plan, state } = workspace.step(&more);
    assert_eq!(plan.change(WEB).actions, ["update"]);
    assert_eq!(ids(&state, "disks", "size", "serial")[..2], disks[..]);
    assert_eq!(ids(&state, "rules", "port", "id")[1..], rules[..]);

    // A new password is sent with a new version only.
    let file = workspace.path("objects/web.json");
    let other = more.replace("first-passw0rd", "second-passw0rd");
    workspace.configure(&other);
    workspace.assert_no_changes();
    workspace.step(other.replace("password_wo_version = 1", "password_wo_version = 2"));
    assert!(fs::read_to_string(&file).unwrap().contains("second-passw0rd"));
    let stored = fs::read_to_string(workspace.path("terraform.tfstate")).unwrap();
    assert!(!stored.contains("passw0rd"));
    workspace.destroy();
    assert!(!file.exists());
}

#[test]
fn fleet_provider_upgrades_stored_state_and_checks_rules() {
    let workspace = workspace("fleet");
    workspace.step("resource \"fleet_server\" \"web\" {\n  name = \"web\"\n}\n");
    let file = workspace.path("terraform.tfstate");
    let mut state: Json = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let instance = &mut state["resources"][0]["instances"][0];
    instance["schema_version"] = 0.into();
    instance["attributes"]["hostname"] = instance["attributes"]["name"].take();
    instance["attributes"].as_object_mut().unwrap().remove("name");
    fs::write(&file, state.to_string()).unwrap();
    workspace.assert_no_changes();

    let listener = "resource \"fleet_server\" \"web\" {\n  name     = \"web\"\n  listener = {}\n}\n";
    let error = workspace.expect_error(listener).text();
    assert!(error.contains("Set one of \"port\", \"socket\"."), "{error}");
}

/// The calls that older CLIs do not make, tested without a CLI.
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
