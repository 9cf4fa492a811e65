//! Every configuration under `examples/`, from `init` to `destroy`, and the module's own tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Workspace, cli, files, holds_none, project};

/// The id that the examples of imports have for a destination.
const EXAMPLE_ID: &str = "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7";
const PASSWORD: &str = "dK3vQ7mR-9sL2xW8e";

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

/// Asserts that a configuration is valid, is applied as planned, leaves nothing to do, and goes without a
/// trace. Gives the destinations that it has made meanwhile.
#[track_caller]
fn lives(workspace: &Workspace) -> Vec<Value> {
    workspace.init();
    workspace.validate().succeeds();
    assert!(
        workspace.plan().pending,
        "the plan of a new configuration is empty"
    );
    workspace.apply_plan();
    workspace.is_settled();
    let made = workspace.konnect.destinations("global");
    workspace.destroy();
    let left = workspace.konnect.snapshot()["regions"].take();
    for (region, left) in left.as_object().expect("regions") {
        assert_eq!(left["destinations"], json!({}), "in region {region}");
        assert_eq!(left["webhook"]["enabled"], false, "in region {region}");
    }
    made
}

/// What an example for a SIEM makes of its variables.
struct Siem<'a> {
    variables: &'a [(&'a str, &'a str)],
    endpoint: &'a str,
    authorization: &'a str,
    log_format: &'a str,
    /// A value that a variable refuses.
    refused: (&'a str, &'a str),
    secret: &'a str,
}

#[track_caller]
fn delivers(folder: &str, siem: &Siem<'_>) {
    let folder = format!("examples/siem/{folder}");
    let workspace_of = |variables| workspace(&[&folder], variables);
    let workspace = workspace_of(siem.variables);
    let made = lives(&workspace);
    assert_eq!(made.len(), 1, "{made:?}");
    let expected = [
        ("endpoint", siem.endpoint),
        ("authorization", siem.authorization),
        ("log_format", siem.log_format),
    ];
    for (field, value) in expected {
        assert_eq!(made[0][field], value, "{field}");
    }
    if !siem.secret.is_empty() {
        for (file, text) in files(&workspace.path("")) {
            holds_none(&text, &file, &[siem.secret]);
        }
    }
    holds_none(&workspace.printed(), "the output of the CLI", &[PASSWORD]);

    let (name, value) = siem.refused;
    let mut workspace = workspace;
    workspace.set(&format!("TF_VAR_{name}"), value);
    workspace.konnect.clear_requests();
    let error = workspace.try_plan().error();
    assert_eq!(error.summary, "Invalid value for variable");
    assert!(error.file.ends_with("main.tf"), "{error:?}");
    assert_eq!(
        workspace.konnect.take_requests().len(),
        0,
        "refused before any request"
    );
}

#[test]
fn splunk() {
    let token = "0b5c3a1e-6f2d-4c77-9d34-2f8a1c9e7b60";
    delivers(
        "splunk",
        &Siem {
            variables: &[
                ("splunk_hec_url", "https://splunk.example.com:8088"),
                ("splunk_hec_token", token),
                ("splunk_channel", "11111111-2222-3333-4444-555555555555"),
            ],
            endpoint: "https://splunk.example.com:8088/services/collector/raw?channel=11111111-2222-3333-4444-555555555555&sourcetype=_json",
            authorization: &format!("Splunk {token}"),
            log_format: "json",
            refused: ("splunk_hec_token", "Splunk 0b5c3a1e-6f2d-4c77-9d34-2f8a1c9e7b60"),
            secret: token,
        },
    );
}

#[test]
fn sumo_logic() {
    let url = "https://endpoint4.collection.sumologic.com/receiver/v1/http/ZaVnC4dhaV3";
    delivers(
        "sumo-logic",
        &Siem {
            variables: &[("sumo_logic_source_url", url)],
            endpoint: url,
            authorization: "Bearer unused",
            log_format: "cef",
            refused: ("sumo_logic_source_url", "https://service.sumologic.com/ui/"),
            // The URL is the secret, and stands in the state, as the example says.
            secret: "",
        },
    );
}

#[test]
fn the_url_of_a_sumo_logic_source_is_not_shown() {
    let url = "https://endpoint4.collection.sumologic.com/receiver/v1/http/ZaVnC4dhaV3";
    let workspace = workspace(&["examples/siem/sumo-logic"], &[("sumo_logic_source_url", url)]);
    workspace.init();
    let plan = workspace.run(&["plan", "-no-color"]).succeeds().stdout;
    let line = plan.lines().find(|line| line.contains("+ endpoint"));
    assert!(
        line.is_some_and(|line| line.ends_with("= (sensitive value)")),
        "{plan}"
    );
    assert!(!plan.contains("ZaVnC4dhaV3"), "{plan}");
}

#[test]
fn datadog() {
    behind_a_collector(
        "datadog",
        "datadog_worker_url",
        "datadog",
        "https://http-intake.logs.datadoghq.com/api/v2/logs?dd-api-key=x",
    );
}

#[test]
fn elastic() {
    behind_a_collector(
        "elastic",
        "elastic_logstash_url",
        "elastic",
        "https://elastic.example.com:9200/konnect/_bulk",
    );
}

#[test]
fn microsoft_sentinel() {
    behind_a_collector(
        "microsoft-sentinel",
        "sentinel_collector_url",
        "sentinel",
        "https://dce.westeurope-1.ingest.monitor.azure.com/x",
    );
}

/// A SIEM that can't take Konnect's deliveries itself, by the URL that would be its own.
#[track_caller]
fn behind_a_collector(folder: &str, url: &str, prefix: &str, its_own: &str) {
    let (user, password) = (format!("{prefix}_user"), format!("{prefix}_password"));
    delivers(
        folder,
        &Siem {
            variables: &[
                (url, "https://collector.example.com/konnect"),
                (&user, "konnect"),
                (&password, PASSWORD),
            ],
            endpoint: "https://collector.example.com/konnect",
            // konnect:dK3vQ7mR-9sL2xW8e
            authorization: "Basic a29ubmVjdDpkSzN2UTdtUi05c0wyeFc4ZQ==",
            log_format: "json",
            refused: (url, its_own),
            secret: PASSWORD,
        },
    );
}

#[test]
fn crowdstrike() {
    delivers(
        "crowdstrike",
        &Siem {
            variables: &[
                (
                    "crowdstrike_url",
                    "https://ingest.example.com/api/ingest/hec/1f/v1/services/collector",
                ),
                ("crowdstrike_token", PASSWORD),
            ],
            endpoint: "https://ingest.example.com/api/ingest/hec/1f/v1/services/collector",
            authorization: &format!("Bearer {PASSWORD}"),
            log_format: "cps",
            refused: ("crowdstrike_token", "Bearer dK3vQ7mR"),
            secret: PASSWORD,
        },
    );
}

#[test]
fn https() {
    delivers(
        "https",
        &Siem {
            variables: &[
                ("collector_url", "https://collector.example.com/konnect"),
                ("collector_authorization", AUTHORIZATION),
            ],
            endpoint: "https://collector.example.com/konnect",
            authorization: AUTHORIZATION,
            log_format: "json",
            refused: ("collector_authorization", "pR7-zQ3.kM8xA"),
            secret: AUTHORIZATION,
        },
    );
}

#[test]
fn quickstart() {
    let secret = ("siem_authorization", AUTHORIZATION);
    let made = lives(&workspace(&["examples/quickstart"], &[secret]));
    assert_eq!(made[0]["authorization"], AUTHORIZATION);
}

#[test]
fn complete() {
    let workspace = workspace(&["examples/complete"], &[("siem_authorization", AUTHORIZATION)]);
    workspace.copy("examples/modules", "../modules");
    let made = lives(&workspace);
    assert_eq!(made[0]["authorization"], AUTHORIZATION);
}

#[test]
fn the_tests_of_the_module() {
    let workspace = workspace(&["examples/modules/audit-logging"], &[]);
    workspace.init();
    workspace.validate().succeeds();
    let run = workspace.run(&["test", "-no-color"]).succeeds();
    // Both of its files, and none that was passed over.
    assert!(run.stdout.contains("11 passed, 0 failed"), "{}", run.report());
    assert_eq!(workspace.konnect.destinations("global"), Vec::<Value>::new());
    for region in ["au", "eu", "us"] {
        assert_eq!(
            workspace.konnect.region(region)["webhook"]["enabled"],
            false,
            "{region}"
        );
    }
}

#[test]
fn the_module_tells_its_variables_and_outputs() {
    let readme = read("examples/modules/audit-logging/README.md");
    let mut told = BTreeSet::new();
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        told.insert(line.split('`').nth(1).expect("a name").to_owned());
    }
    let mut declared = BTreeSet::new();
    for file in ["variables.tf", "outputs.tf"] {
        let text = read(&format!("examples/modules/audit-logging/{file}"));
        let heads = text
            .lines()
            .filter(|line| line.starts_with("variable \"") || line.starts_with("output \""));
        declared.extend(heads.map(|line| line.split('"').nth(1).expect("a name").to_owned()));
    }
    assert_eq!(told, declared);
}

/// Each stands beside the provider block of `examples/provider`.
#[test]
fn resources_and_data_sources() {
    for file in configurations("examples/resources") {
        let made = lives(&workspace(&["examples/provider", &file], &own_variables(&file)));
        let with_endpoint = file.ends_with("konnect_audit_log_webhook/resource_endpoint.tf");
        assert_eq!(made.len(), usize::from(!with_endpoint), "{file}");
    }
    let alone = "examples/data-sources/konnect_audit_log_webhook_status/data-source.tf";
    for file in configurations("examples/data-sources") {
        if file != alone {
            lives(&workspace(&["examples/provider", &file], &own_variables(&file)));
        }
    }
    // Of a region whose webhook is managed elsewhere, or not at all.
    let workspace = workspace(&["examples/provider", alone], &[]);
    workspace.init();
    workspace.validate().succeeds();
    assert!(workspace.plan().pending, "the output is new");
    let warned = workspace.apply_plan();
    assert_eq!(warned.warnings()[0].summary, "Check block assertion failed");
    workspace.is_settled();
    workspace.destroy();
}

fn own_variables(file: &str) -> Vec<(&'static str, &'static str)> {
    let text = read(file);
    let all = [
        ("siem_authorization", AUTHORIZATION),
        ("siem_authorization_version", "1"),
    ];
    all.into_iter()
        .filter(|(name, _)| text.contains(&format!("variable \"{name}\"")))
        .collect()
}

#[test]
fn imports_of_a_destination() {
    let folder = "examples/resources/konnect_audit_log_destination";
    for file in imports(folder) {
        let workspace = workspace(
            &["examples/provider", &format!("{folder}/resource.tf")],
            &[("siem_authorization", AUTHORIZATION)],
        );
        // The second command of the examples is for a destination that region eu keeps.
        for region in ["global", "eu"] {
            let body = json!({
                "name": "SIEM", "endpoint": "https://siem.example.com/konnect-audit-logs",
                "authorization": "Bearer another", "log_format": "json", "skip_ssl_verification": false,
            });
            let made = workspace
                .konnect
                .posted_by_somebody_else(&format!("/{region}/v3/audit-log-destinations"), &body);
            let text = read(&file).replace(EXAMPLE_ID, made["id"].as_str().expect("an id"));
            let regional = text.lines().filter(|line| line.contains("eu/")).count();
            if region == "eu" && regional == 0 {
                continue;
            }
            let text: Vec<_> = text
                .lines()
                .filter(|line| (region == "eu") == line.contains("eu/"))
                .collect();
            imports_it(
                &workspace,
                &file,
                &text.join("\n"),
                "konnect_audit_log_destination.siem",
            );
            workspace
                .run(&["state", "rm", "konnect_audit_log_destination.siem"])
                .succeeds();
        }
    }
}

#[test]
fn imports_of_a_webhook() {
    let folder = "examples/resources/konnect_audit_log_webhook";
    for file in imports(folder) {
        let workspace = workspace(
            &["examples/provider", &format!("{folder}/resource.tf")],
            &[("siem_authorization", AUTHORIZATION)],
        );
        let edit = json!({ "endpoint": "https://siem.example.com/", "authorization": "Bearer another", "enabled": true });
        workspace.konnect.edit_webhook("eu", edit).expect("a webhook");
        imports_it(&workspace, &file, &read(&file), "konnect_audit_log_webhook.eu");
    }
}

/// The examples of imports in a folder that the CLI knows.
fn imports(folder: &str) -> Vec<String> {
    let all = entries(folder).into_iter().filter(|file| {
        let name = file.rsplit('/').next().expect("a name");
        name.starts_with("import") && (cli().imports_by_identity || !name.contains("identity"))
    });
    let all: Vec<_> = all.collect();
    assert!(all.len() >= 2, "{all:?}");
    all
}

/// Runs the commands of an example, or plans and applies its block.
#[track_caller]
fn imports_it(workspace: &Workspace, file: &str, text: &str, address: &str) {
    workspace.init();
    if file.ends_with(".sh") {
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

/// All of `examples/` is formatted, and is run by a test here.
#[test]
fn all_of_them_are_formatted_and_tested() {
    let workspace = Workspace::new();
    let examples = project("examples").display().to_string();
    workspace
        .run(&["fmt", "-check", "-recursive", "-diff", &examples])
        .succeeds();

    let mut tested = vec![
        "examples/complete".to_owned(),
        "examples/data-sources".to_owned(),
        "examples/modules/audit-logging".to_owned(),
        // By the tests of `pipelines.rs`.
        "examples/pipelines".to_owned(),
        "examples/provider".to_owned(),
        "examples/quickstart".to_owned(),
        "examples/resources".to_owned(),
    ];
    for siem in entries("examples/siem") {
        let name = siem.rsplit('/').next().expect("a name").replace('-', "_");
        let test = format!("fn {name}()");
        assert!(
            include_str!("examples.rs").contains(&test),
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

/// What is in a folder, by its path from the project's root.
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

/// The configurations below a folder, but for those that import.
fn configurations(folder: &str) -> Vec<String> {
    let all = all_files(folder).into_iter().filter(|file| {
        let name = Path::new(file)
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        name.ends_with(".tf") && !name.starts_with("import")
    });
    let all: Vec<_> = all.collect();
    assert!(!all.is_empty(), "{folder}");
    all
}
