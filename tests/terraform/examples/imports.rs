//! The import examples, in all forms that the CLI supports.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Feature, Workspace, cli};

use super::{beside_provider, destination, entries, read, workspace};

/// The destination ID in the import examples.
const EXAMPLE_ID: &str = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7";

#[test]
fn example_imports_of_destination_succeed() {
    let folder = "examples/resources/konnect_audit_log_destination";
    for file in imports(folder) {
        let workspace = workspace(
            &["examples/provider", &format!("{folder}/resource.tf")],
            &[("siem_authorization", AUTHORIZATION)],
        );
        let made = destination(&workspace);
        let text = read(&file).replace(EXAMPLE_ID, made["id"].as_str().expect("an id"));
        imports_it(&workspace, &file, &text, "konnect_audit_log_destination.siem");
    }
}

/// Each import of the examples: that of a region, and that of a Dev Portal.
#[test]
fn example_imports_of_webhook_succeed() {
    const PORTAL_ID: &str = "3b9c1d52-7c1e-4f0a-9d5e-2f6a8b4c0e17";
    let folder = "examples/resources/konnect_audit_log_webhook";
    for file in imports(folder) {
        let text = read(&file);
        for label in ["eu", "developers"] {
            let address = format!("konnect_audit_log_webhook.{label}");
            if !text.contains(&format!(" {address}")) {
                continue;
            }
            // An import does not redirect: the target is the existing one.
            let workspace = beside_provider(match label {
                "eu" => "examples/data-sources/konnect_audit_log_destination/data-source.tf",
                _ => "examples/resources/konnect_audit_log_webhook/resource_portal.tf",
            });
            let konnect = &workspace.konnect;
            let id = konnect.destinations()[0]["id"].take();
            let edit = json!({ "audit_log_destination_id": id, "enabled": true });
            konnect.edit_webhook("eu", edit.clone()).expect("a region");
            let portals = konnect.region("eu")["portals"].take();
            let portal = portals.as_object().and_then(|all| all.keys().next().cloned());
            let portal = portal.expect("the Dev Portal of the example");
            let edited = konnect.edit_webhook(("eu", &portal), edit);
            edited.expect("the webhook of the Dev Portal");
            let other = if label == "eu" { "developers" } else { "webhook.eu" };
            let text = text.replace(PORTAL_ID, &portal);
            let text: Vec<_> = text.lines().filter(|line| !line.contains(other)).collect();
            imports_it(&workspace, &file, &text.join("\n"), &address);
        }
    }
}

#[test]
fn example_imports_of_replay_job_succeed() {
    let folder = "examples/resources/konnect_audit_log_replay_job";
    let at = |minutes_ago: i64| {
        let second = jiff::Timestamp::now().as_second() - minutes_ago * 60;
        jiff::Timestamp::from_second(second).expect("a time").to_string()
    };
    let outage = json!({ "start_at": at(120), "end_at": at(60) });
    for file in imports(folder) {
        let workspace = workspace(
            &["examples/provider", &format!("{folder}/resource.tf")],
            &[("outage", &outage.to_string())],
        );
        let mut job = outage.clone();
        job["status"] = "completed".into();
        workspace.konnect.edit_replay_job("eu", job).expect("a job");
        imports_it(
            &workspace,
            &file,
            &read(&file),
            "konnect_audit_log_replay_job.outage",
        );
        workspace.assert_no_changes();
    }
}

/// The import examples in a folder that the CLI supports.
fn imports(folder: &str) -> Vec<String> {
    let all = entries(folder).into_iter().filter(|file| {
        let name = file.rsplit('/').next().expect("a name");
        name.starts_with("import")
            && (cli().supports(Feature::ImportByIdentity) || !name.contains("identity"))
    });
    let all: Vec<_> = all.collect();
    assert!(all.len() >= 2, "{all:?}");
    all
}

/// Runs the commands of an example, or plans and applies its block.
#[track_caller]
fn imports_it(workspace: &Workspace, file: &str, text: &str, address: &str) {
    workspace.init();
    if Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "sh")
    {
        let commands = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        for command in commands {
            let words: Vec<_> = command.split_whitespace().collect();
            assert_eq!(words[..2], ["terraform", "import"], "{command}");
            workspace.run(&words[1..]).succeeds();
        }
    } else {
        workspace.write("import.tf", text);
        let plan = workspace.plan();
        let actions = plan.change(address).actions.join(", ");
        assert!(
            ["no-op", "update"].contains(&actions.as_str()),
            "{file}: {actions}"
        );
        workspace.apply_plan();
        fs::remove_file(workspace.path("import.tf")).expect("the block is there");
    }
    assert!(workspace.state().addresses().contains(&address), "{file}");
}
