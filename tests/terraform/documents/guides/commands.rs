//! Commands of guides that need only a configuration and the emulator, and the list of all commands.

use std::collections::BTreeSet;

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Feature, Workspace, cli, project};

use super::{Reader, read};

/// A workspace with the applied configuration of "Getting started".
fn applied() -> Workspace {
    let mut workspace = Workspace::new();
    workspace.copy("examples/stream", ".");
    workspace.set("TF_VAR_collector_url", "https://siem.example.com/konnect");
    workspace.set("TF_VAR_collector_authorization", AUTHORIZATION);
    workspace.init();
    workspace.apply();
    workspace
}

#[test]
fn rotation_guide_commands_show_the_deliveries() {
    let reader = Reader::of("docs/guides/rotation.md", applied());
    let shown = reader.runs("konnect_audit_log_webhook_status");
    let expected = r#"{"region":"eu","last_attempt_at":null,"healthy":true}"#;
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn drift_guide_commands_detect_changes_and_failures() {
    let reader = Reader::of("docs/guides/drift-detection.md", applied());
    let konnect = &reader.workspace.konnect;
    assert_eq!(reader.ends("-detailed-exitcode").0, Some(0));
    reader.runs("jq -e");
    let failed = konnect.record_delivery("eu", 401, "Unauthorized", None);
    failed.expect("a webhook that is switched on");
    let found = reader.ends("-detailed-exitcode").0;
    assert_eq!(found, Some(0), "a failed check is a warning");
    assert_eq!(reader.ends("jq -e").0, Some(1));
    konnect.patch("/eu/v3/audit-log-webhook", &json!({ "enabled": false }));
    assert_eq!(reader.ends("-detailed-exitcode").0, Some(2));
}

#[test]
fn drift_guide_shows_the_report() {
    let mut workspace = Workspace::new();
    workspace.copy("examples/pipelines", ".");
    workspace.copy("examples/stream", "audit-logging");
    workspace.set("TF_VAR_collector_url", "https://siem.example.com/konnect");
    workspace.set("TF_VAR_collector_authorization", AUTHORIZATION);
    workspace.run(&["-chdir=audit-logging", "init"]).succeeds();
    workspace
        .run(&["-chdir=audit-logging", "apply", "-auto-approve"])
        .succeeds();
    let konnect = &workspace.konnect;
    konnect.patch("/eu/v3/audit-log-webhook", &json!({ "enabled": false }));
    let reader = Reader::of("docs/guides/drift-detection.md", workspace);
    let (code, report) = reader.ends("drift.sh");
    assert_eq!(code, Some(2), "{report}");
    reader.shows(&report, "## A stream does not deliver");
}

#[test]
fn secrets_guide_commands_apply_a_plan_file() {
    let workspace = Workspace::new();
    let reader = Reader::of("docs/guides/secrets.md", workspace);
    reader
        .workspace
        .configure(reader.block("terraform", "variable \"siem_authorization\""));
    reader.workspace.init();
    reader.runs("terraform apply change.tfplan");
    assert_eq!(reader.workspace.konnect.destinations().len(), 1);
}

#[test]
fn import_guide_commands_generate_configuration() {
    let workspace = Workspace::new();
    let body = json!({
        "name": "SIEM", "endpoint": "https://siem.example.com/konnect", "authorization": AUTHORIZATION,
        "log_format": "json", "skip_ssl_verification": false,
    });
    let path = "/global/v3/audit-log-destinations";
    let id = workspace.konnect.post(path, &body)["id"].take();
    let mut reader = Reader::of("docs/guides/import.md", workspace);
    let example = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7".to_owned();
    reader
        .replacements
        .push((example, id.as_str().expect("an id").to_owned()));
    let block = reader.block("terraform", "import {\n  to = konnect_audit_log_destination.siem");
    // The page's note about Terraform 1.16 and later.
    let with_provider = block.replace("\n}", "\n  provider = konnect\n}");
    reader
        .workspace
        .configure(if cli().supports(Feature::NeedsImportProvider) {
            &with_provider
        } else {
            &block
        });
    reader.workspace.init();
    reader.runs("-generate-config-out=generated.tf");
    reader.workspace.configure(&block);
    let plan = reader.workspace.run(&["plan", "-no-color"]).succeeds();
    let shown = "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy.";
    assert!(plan.stdout.contains(shown), "{}", plan.stdout);
}

#[test]
fn replay_guide_commands_invoke_all_or_one() {
    if !cli().supports_or_reports(Feature::Actions) {
        return;
    }
    let workspace = Workspace::new();
    for region in ["au", "eu", "us"] {
        let edit = json!({ "endpoint": "https://siem.example.com/", "authorization": AUTHORIZATION, "enabled": true });
        let path = format!("/{region}/v2/audit-log-webhook");
        workspace.konnect.patch(&path, &edit);
    }
    let reader = Reader::of("docs/guides/replay.md", workspace);
    reader
        .workspace
        .configure(reader.block("terraform", "action \"konnect_audit_log_replay\""));
    reader.workspace.init();
    reader.workspace.konnect.clear_requests();
    reader.runs("konnect_audit_log_replay.outage\n");
    assert_eq!(reader.workspace.konnect.take_writes().len(), 3, "every instance");
    reader.runs("outage[\"eu\"]");
    assert_eq!(reader.workspace.konnect.take_writes().len(), 1);
}

/// The blocks of commands of guides: the page, a part of the text that no earlier row has, and the test that runs the
/// block, or why no test does.
const COMMANDS: &str = r#"
coming-from-kong-konnect | apply move.tfplan | kong_guide_moves_all_three_types_and_reverts
coming-from-kong-konnect | state pull | kong_guide_moves_all_three_types_and_reverts
coming-from-kong-konnect | plan -out=move.tfplan | kong_guide_moves_all_three_types_and_reverts
coming-from-kong-konnect | replace-provider | kong_guide_moves_all_three_types_and_reverts
coming-from-kong-konnect | state push | kong_guide_moves_all_three_types_and_reverts
coming-from-kong-konnect | plan -detailed-exitcode | Kong's provider makes this plan
drift-detection | drift.sh | drift_guide_shows_the_report
drift-detection | -input=false -detailed-exitcode | drift_guide_commands_detect_changes_and_failures
drift-detection | jq -e | drift_guide_commands_detect_changes_and_failures
getting-started | cargo install | it installs in the home folder of the user
getting-started | konnect-emulator --port | getting_started_shows_what_the_page_shows
getting-started | konnect-audit-receiver --listen | getting_started_shows_what_the_page_shows
getting-started | KONNECT_TOKEN=kpat_local | getting_started_shows_what_the_page_shows
getting-started | state show | getting_started_shows_what_the_page_shows
getting-started | konnect-emulator request | getting_started_shows_what_the_page_shows
getting-started | terraform destroy | getting_started_shows_what_the_page_shows
getting-started | KONNECT_TOKEN=kpat_... | it needs the real Konnect
getting-started | eu.api.konghq.com | it needs the real Konnect
import | -generate-config-out=generated.tf | import_guide_commands_generate_configuration
import | terraform query | existing_objects_import_with_generated_configuration_unchanged
installation | cargo install | it installs in the home folder of the user
installation | packaging/build.sh | archive_from_filesystem_mirror_installs_and_applies
installation | providers lock | archive_from_filesystem_mirror_installs_and_applies
limitations | TF_ACC | it needs the real Konnect; the same code runs against the emulator
permissions | KONNECT_SPAT | it only sets a variable
reading-failures | gzip | it needs a collector
reading-failures | openssl | it needs a collector with a public certificate
reading-failures | konghq.com | it needs the real Konnect
replay | outage["eu"] | replay_guide_commands_invoke_all_or_one
replay | outage | replay_guide_commands_invoke_all_or_one
rotation | terraform plan -refresh-only | rotation_guide_commands_show_the_deliveries
secrets | change.tfplan | secrets_guide_commands_apply_a_plan_file
siem | logsql | victorialogs_stores_delivered_events
test-your-configuration | -filter | module_tests_pass
test-your-configuration | konnect-emulator | module_tests_pass
verify-arrival | konnect-audit-receiver --listen | it needs the real Konnect
verify-arrival | curl --data-binary | it needs stored events of the real Konnect
verify-arrival | curl -o | it needs the real Konnect
"#;

#[test]
fn each_command_block_of_a_guide_is_run_or_has_a_reason() {
    let tests = sources("tests/terraform");
    let rows = COMMANDS.trim().lines().map(|row| row.split(" | ").collect());
    let rows: Vec<Vec<_>> = rows.collect();
    let mut used = BTreeSet::new();
    let blocks = super::super::blocks();
    for block in blocks.iter().filter(|block| block.language == "shell") {
        let Some(guide) = block.file.strip_prefix("docs/guides/") else {
            continue;
        };
        let known = rows
            .iter()
            .position(|row| guide == format!("{}.md", row[0]) && block.text.contains(row[1]));
        let known = known.unwrap_or_else(|| panic!("{} is not in the list of commands", block.place()));
        used.insert(known);
    }
    for (index, row) in rows.iter().enumerate() {
        assert!(used.contains(&index), "no block of commands: {row:?}");
        // A reason has several words.
        let (name, is_reason) = (row[2], row[2].contains(' '));
        assert!(
            is_reason || tests.contains(&format!("fn {name}()")),
            "no test {name}"
        );
    }
}

/// The text of all sources in a folder.
fn sources(folder: &str) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(project(folder)).expect("a folder") {
        let path = format!(
            "{folder}/{}",
            entry.expect("an entry").file_name().to_string_lossy()
        );
        if project(&path).is_dir() {
            all.push_str(&sources(&path));
        } else {
            all.push_str(&read(&path));
        }
    }
    all
}
