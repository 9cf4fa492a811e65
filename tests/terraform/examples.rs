//! Every configuration under `examples/`, from `init` to `destroy`, and the module's own tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use konnect_emulator::EventKind;
use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Workspace, project};

mod imports;
mod siem;

/// A workspace with the files of an example, and its variables in the environment.
fn workspace(files: &[&str], variables: &[(&str, &str)]) -> Workspace {
    let mut workspace = Workspace::new();
    for file in files {
        let source = project(file);
        let to = if source.is_dir() {
            ".".to_owned()
        } else {
            source.file_name().expect("a name").to_string_lossy().into_owned()
        };
        workspace.copy(file, &to);
    }
    for (name, value) in variables {
        workspace.set(&format!("TF_VAR_{name}"), *value);
    }
    workspace
}

/// Asserts that a configuration is valid, is applied as planned, has no changes afterwards, and is destroyed
/// completely. Returns the created destinations.
#[track_caller]
fn assert_lifecycle(workspace: &Workspace) -> Vec<Value> {
    let before = workspace.konnect.destinations();
    workspace.init();
    workspace.validate().succeeds();
    assert!(
        workspace.plan().pending,
        "the plan of a new configuration is empty"
    );
    workspace.apply_plan();
    workspace.assert_no_changes();
    let mut made = workspace.konnect.destinations();
    made.retain(|destination| !before.contains(destination));
    workspace.destroy();
    assert_eq!(workspace.konnect.destinations(), before);
    let left = workspace.konnect.snapshot()["regions"].take();
    for (region, left) in left.as_object().expect("regions") {
        assert_eq!(left["webhook"]["enabled"], false, "in region {region}");
    }
    made
}

#[test]
fn example_quickstart_and_complete_apply_and_destroy() {
    let endpoint = "https://siem.example.com/konnect-audit-logs";
    let variables = [("siem_endpoint", endpoint), ("siem_authorization", AUTHORIZATION)];
    for folder in ["examples/quickstart", "examples/complete"] {
        let workspace = workspace(&[folder], &variables);
        workspace.copy("examples/modules", "../modules");
        let made = assert_lifecycle(&workspace);
        assert_eq!(made[0]["authorization"], AUTHORIZATION, "{folder}");
    }
}

#[test]
fn module_tests_pass() {
    let workspace = workspace(&["examples/modules/audit-logging"], &[]);
    workspace.init();
    workspace.validate().succeeds();
    let run = workspace.run(&["test", "-no-color"]).succeeds();
    // All files, and no skipped run.
    assert!(run.stdout.contains("20 passed, 0 failed"), "{}", run.report());
    assert_eq!(workspace.konnect.destinations(), Vec::<Value>::new());
    for region in ["au", "eu", "us"] {
        let found = workspace.konnect.region(region)["webhook"]["enabled"].take();
        assert_eq!(found, false, "{region}");
    }
}

#[test]
fn module_region_that_fails_is_reported() {
    let variables = [
        (
            "destination",
            r#"{ endpoint = "https://siem.example.com/konnect-audit-logs" }"#,
        ),
        ("authorization", AUTHORIZATION),
        ("streams", "{ eu = {}, us = {} }"),
    ];
    let workspace = workspace(&["examples/modules/audit-logging"], &variables);
    workspace.init();
    workspace.apply();
    workspace.konnect.patch(
        "/in/v2/audit-log-webhook",
        &json!({ "endpoint": "https://other.example.com/", "authorization": "Bearer b", "enabled": true }),
    );
    let recorded = workspace.konnect.record_delivery("eu", 503, "Busy", None);
    recorded.expect("a webhook that is switched on");
    let run = workspace.apply();
    let expected = json!({ "eu": "failing", "us": "ready" });
    assert_eq!(*workspace.state().output("statuses"), expected);
    let warnings = run.warnings();
    assert!(
        warnings
            .iter()
            .any(|w| w.detail.contains("Deliveries from region eu fail")),
        "{warnings:?}"
    );
    assert!(
        warnings
            .iter()
            .any(|w| w.detail.ends_with("does not manage: in.")),
        "{warnings:?}"
    );
    assert!(
        !warnings.iter().any(|w| w.detail.contains("region us")),
        "{warnings:?}"
    );
}

#[test]
fn module_readme_lists_its_variables_and_outputs() {
    let readme = read("examples/modules/audit-logging/README.md");
    let (_, tables) = readme.split_once("\n## Inputs\n").expect("the inputs");
    let (tables, _) = tables.split_once("<!-- END_TF_DOCS -->").expect("the end");
    let rows = tables
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let listed: BTreeSet<_> = rows.filter(|name| *name != "Name").map(str::to_owned).collect();
    let mut declared = BTreeSet::new();
    for file in ["variables.tf", "outputs.tf"] {
        let text = read(&format!("examples/modules/audit-logging/{file}"));
        let heads = text
            .lines()
            .filter(|line| line.starts_with("variable \"") || line.starts_with("output \""));
        declared.extend(heads.map(|line| line.split('"').nth(1).expect("a name").to_owned()));
    }
    assert_eq!(listed, declared);
}

/// Applies and destroys each example of a resource with the provider block of `examples/provider`.
#[test]
fn example_resources_apply_and_destroy() {
    for file in configurations("examples/resources") {
        // The tests of `replay.rs` apply them, with relative times.
        if file.contains("_replay_job/") {
            continue;
        }
        let made = assert_lifecycle(&beside_provider(&file));
        let declared = read(&file)
            .matches("resource \"konnect_audit_log_destination\"")
            .count();
        assert_eq!(made.len(), declared, "{file}");
    }
}

/// The data sources, with objects to find. Webhooks that are not part of an example are not configured.
#[test]
fn example_data_sources_apply_and_destroy() {
    for file in configurations("examples/data-sources") {
        let workspace = beside_provider(&file);
        let konnect = &workspace.konnect;
        let denied = konnect.trigger("eu", EventKind::AuthorizationDenied, 1);
        denied.expect("an event");
        let named = konnect.edit_organization(json!({ "name": "Example" }));
        named.expect("an organization");
        if file.contains("konnect_regions/") {
            let id = konnect.destinations()[0]["id"].take();
            for region in ["au", "eu", "in", "me", "us"] {
                let edit = json!({ "audit_log_destination_id": id, "enabled": true });
                konnect.edit_webhook(region, edit).expect("a webhook");
            }
        }
        workspace.init();
        workspace.validate().succeeds();
        let warned = workspace.apply();
        let failed: Vec<_> = warned.warnings().iter().map(|w| w.summary.clone()).collect();
        // Reads add events to those of the emulator.
        if !file.contains("_events/") {
            workspace.assert_no_changes();
        }
        if file.ends_with("_status/data-source.tf") {
            assert_eq!(failed, ["Check block assertion failed"], "{file}");
        } else {
            assert_eq!(failed, [""; 0], "{file}");
        }
        workspace.destroy();
        if file.contains("_status/") {
            let webhook = konnect.region("eu")["webhook"].take();
            assert_ne!(webhook["enabled"], true, "{file}");
        }
    }
}

/// A workspace with `examples/provider`, an example, and what examples refer to.
fn beside_provider(file: &str) -> Workspace {
    let variables = [
        ("siem_authorization", AUTHORIZATION),
        ("siem_authorization_version", "1"),
    ];
    let mut workspace = workspace(&["examples/provider", file], &variables);
    destination(&workspace);
    let portal = workspace.konnect.add_portal("eu", "Developers");
    workspace.set("TF_VAR_portal_id", portal.expect("a Dev Portal"));
    workspace
}

/// Creates the destination that examples look up, and returns it.
fn destination(workspace: &Workspace) -> Value {
    let body = json!({
        "name": "SIEM", "endpoint": "https://siem.example.com/konnect-audit-logs",
        "authorization": AUTHORIZATION, "log_format": "json", "skip_ssl_verification": false,
    });
    let path = "/global/v3/audit-log-destinations";
    workspace.konnect.post(path, &body)
}

/// Each folder that a reader copies is a configuration of its own.
#[test]
fn example_folders_are_valid_by_themselves() {
    let workspace = Workspace::new();
    workspace.copy("examples", "examples");
    let mut folders = entries("examples/siem");
    let others = ["complete", "modules/audit-logging", "quickstart", "stream"];
    folders.extend(others.map(|name| format!("examples/{name}")));
    for folder in folders {
        let folder = format!("-chdir={folder}");
        workspace.run(&[&folder, "init", "-no-color"]).succeeds();
        workspace.run(&[&folder, "validate", "-no-color"]).succeeds();
    }
}

/// All files of `examples/` are formatted, and run by a test here.
#[test]
fn examples_are_formatted_and_tested() {
    let workspace = Workspace::new();
    let examples = project("examples").display().to_string();
    workspace
        .run(&["fmt", "-check", "-recursive", "-diff", &examples])
        .succeeds();

    let mut tested = vec![
        // By the tests of `replay.rs`.
        "examples/actions".to_owned(),
        "examples/complete".to_owned(),
        "examples/data-sources".to_owned(),
        // By the tests of `functions.rs`.
        "examples/functions".to_owned(),
        // By the tests of `query.rs`.
        "examples/list-resources".to_owned(),
        "examples/modules/audit-logging".to_owned(),
        // By the tests of `pipelines.rs`.
        "examples/pipelines".to_owned(),
        // By the tests of `policies.rs`.
        "examples/policies".to_owned(),
        "examples/provider".to_owned(),
        "examples/quickstart".to_owned(),
        "examples/resources".to_owned(),
        // Together with each SIEM.
        "examples/stream".to_owned(),
    ];
    for siem in entries("examples/siem") {
        let name = siem.rsplit('/').next().expect("a name").replace('-', "_");
        let test = format!("fn siem_{name}_creates_expected_destination()");
        assert!(
            include_str!("examples/siem.rs").contains(&test),
            "{siem} has no test of its name"
        );
        tested.push(siem);
    }
    for file in all_files("examples") {
        let tested = tested
            .iter()
            .any(|folder| file.starts_with(&format!("{folder}/")));
        assert!(tested, "{file} is in no folder that a test runs");
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(project(path)).expect("a file of the project")
}

/// The paths in a folder, from the project's root.
fn entries(folder: &str) -> BTreeSet<String> {
    let found = fs::read_dir(project(folder)).expect("a folder of the project");
    found
        .map(|entry| {
            format!(
                "{folder}/{}",
                entry.expect("an entry").file_name().to_string_lossy()
            )
        })
        .filter(|path| !path.contains("/.terraform"))
        .collect()
}

fn all_files(folder: &str) -> Vec<String> {
    entries(folder)
        .into_iter()
        .flat_map(|path| {
            if project(&path).is_dir() {
                all_files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The configurations below a folder, except for imports.
fn configurations(folder: &str) -> Vec<String> {
    let all = all_files(folder).into_iter().filter(|file| {
        let file = Path::new(file);
        let imports = file
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("import"));
        file.extension().is_some_and(|extension| extension == "tf") && !imports
    });
    let all: Vec<_> = all.collect();
    assert!(!all.is_empty(), "{folder}");
    all
}
