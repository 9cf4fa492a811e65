//! The blocks of HCL, each as a separate configuration.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use terraform_provider_konnect::ADDRESS;

use crate::workspace::{Feature, KONG, PROGRAM, Workspace, cli, project};

use super::{Block, blocks};

/// The blocks that are only parsed because they use other providers, by file and part of their text.
const ONLY_PARSED: [(&str, &str); 2] = [
    // Its resource is generated.
    (
        "docs/guides/import.md",
        "import {\n  to = konnect_audit_log_destination.siem",
    ),
    (
        "docs/guides/permissions.md",
        "resource \"konnect_system_account\" ",
    ),
];

/// Syntax that requires Terraform 1.14 or later.
const ACTIONS: [&str; 2] = ["action \"", "action_trigger {"];

/// The files next to the configuration.
const FILES: [&str; 2] = ["events.log", "jwks.json"];

/// The objects of this provider that a block may refer to, with the arguments that they need.
const TYPES: [(&str, &str, &str); 4] = [
    (
        "resource",
        "konnect_audit_log_destination",
        "name = \"a\"\nendpoint = \"https://siem.example.com/\"\nauthorization = \"Bearer a\"",
    ),
    (
        "resource",
        "konnect_audit_log_webhook",
        "region = \"eu\"\nendpoint = \"https://siem.example.com/\"\nauthorization = \"Bearer a\"",
    ),
    ("data", "konnect_audit_log_webhook_status", "region = \"eu\""),
    ("data", "konnect_audit_log_signing_keys", "region = \"eu\""),
];

#[test]
fn documented_hcl_is_formatted() {
    let workspace = Workspace::new();
    let hcl = blocks()
        .into_iter()
        .filter(|block| block.is_hcl() && !block.configures_the_cli());
    let hcl: Vec<_> = hcl.collect();
    assert!(hcl.len() > 20, "only {} blocks were found", hcl.len());
    for block in &hcl {
        let kind = if is_test(block) { "tftest.hcl" } else { "tf" };
        let name = format!("{}.{kind}", block.place().replace(['/', ':'], "-"));
        workspace.write(&name, &block.text);
    }
    workspace.run(&["fmt", "-check", "-diff"]).succeeds();
}

#[test]
fn documented_hcl_is_valid() {
    let mut workspace = Workspace::new();
    // Avoids `init` for each of them.
    let built = Path::new(PROGRAM)
        .parent()
        .expect("a folder")
        .display()
        .to_string();
    let built = Value::from(built);
    workspace.write(
        "../cli.tfrc",
        &format!("provider_installation {{\n  dev_overrides {{\n    \"{ADDRESS}\" = {built}\n    \"{KONG}\" = {built}\n  }}\n}}\n"),
    );
    workspace.set("TF_CLI_ARGS_validate", "-json");
    workspace.copy("examples/modules", "modules");

    let mut parsed = BTreeSet::new();
    let mut configurations = Vec::new();
    for block in blocks().into_iter().filter(Block::is_hcl) {
        if block.text.contains("oci_mirror") && !cli().registry.contains("opentofu") {
            // Only OpenTofu has it.
        } else if block.configures_the_cli() {
            workspace.write("block.tfrc", &block.text);
            let mut command = workspace.command(&cli().program);
            command
                .arg("version")
                .env("TF_CLI_CONFIG_FILE", workspace.path("block.tfrc"));
            let output = command.output().expect("the CLI runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success() && said.is_empty(),
                "{}: {said}",
                block.place()
            );
        } else if is_test(&block) {
            // `documented_tests_are_those_of_the_module` runs them.
        } else if is_only_parsed(&block) {
            parsed.insert(block.file.clone());
        } else if knows(&block) {
            let folder = block.place().replace(['/', ':'], "-");
            if is_query(&block) {
                workspace.write(&format!("{folder}/main.tf"), &Workspace::required_providers());
                workspace.write(&format!("{folder}/main.tfquery.hcl"), &block.text);
            } else {
                workspace.write(&format!("{folder}/main.tf"), &completed(&block.text));
                for name in FILES.iter().filter(|name| block.text.contains(**name)) {
                    workspace.write(&format!("{folder}/{name}"), "");
                }
            }
            if block.text.contains("\nmodule \"") || block.text.starts_with("module \"") {
                workspace.copy("examples/modules", &format!("{folder}/modules"));
                workspace.run(&[&format!("-chdir={folder}"), "get"]).succeeds();
            }
            configurations.push((block, folder));
        }
    }
    let listed: BTreeSet<_> = ONLY_PARSED.iter().map(|(file, _)| (*file).to_owned()).collect();
    assert_eq!(parsed, listed, "the list of what is only parsed is out of date");

    let commands = configurations.iter().map(|(block, folder)| {
        let mut command = workspace.command(&cli().program);
        command.args([&format!("-chdir={folder}"), "validate"]);
        command.args(is_query(block).then_some("-query"));
        command
    });
    let needs_provider = cli().supports(Feature::NeedsImportProvider);
    for ((block, _), output) in configurations.iter().zip(all(commands)) {
        let response: Value = serde_json::from_slice(&output.stdout).expect("an answer in JSON");
        let diagnostics = response["diagnostics"].as_array().into_iter().flatten();
        let errors = diagnostics.filter(|diagnostic| diagnostic["severity"] == "error");
        let errors: Vec<_> = errors
            .map(|error| (error["summary"].as_str().expect("a text"), &error["detail"]))
            // Of an `import` block without a resource: Terraform 1.16 and later look for a provider of HashiCorp.
            .filter(|(summary, _)| !(needs_provider && summary.contains("hashicorp/konnect")))
            .collect();
        let place = block.place();
        assert!(
            errors.is_empty(),
            "{place} has the errors {errors:#?}\n{}",
            completed(&block.text)
        );
        let is_valid = response["valid"].as_bool();
        assert!(
            is_valid.is_some_and(|valid| valid || needs_provider),
            "{place}: {response}"
        );
    }
}

/// Whether a block is for `terraform test`, which reads files of another kind.
fn is_test(block: &Block) -> bool {
    block.text.lines().any(|line| line.starts_with("run \""))
}

/// Each block of a test file in a page is part of a test of the module, which `module_tests_pass` runs.
#[test]
fn documented_tests_are_those_of_the_module() {
    let folder = project("examples/modules/audit-logging/tests");
    let files = fs::read_dir(folder).expect("the tests of the module");
    let tests: String = files
        .map(|file| fs::read_to_string(file.expect("a file").path()).expect("a text"))
        .collect();
    let blocks = blocks().into_iter().filter(is_test);
    let blocks: Vec<_> = blocks.collect();
    assert!(blocks.len() > 2, "only {} blocks were found", blocks.len());
    for block in blocks {
        for part in block
            .text
            .split("\n}\n")
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            assert!(
                tests.contains(part),
                "{}: no test of the module has {part}",
                block.place()
            );
        }
    }
}

fn is_only_parsed(block: &Block) -> bool {
    let mut listed = ONLY_PARSED.iter();
    listed.any(|(file, part)| block.file == *file && block.text.contains(part))
}

/// Whether a block is for `terraform query`, which reads files of another kind.
fn is_query(block: &Block) -> bool {
    block.text.lines().any(|line| line.starts_with("list \""))
}

/// Whether the CLI under test supports all that a block uses.
fn knows(block: &Block) -> bool {
    let actions = ACTIONS.iter().any(|part| block.text.contains(part));
    let needs = [
        (actions, Feature::Actions),
        (is_query(block), Feature::Query),
        (block.text.contains("identity = {"), Feature::ImportByIdentity),
    ];
    needs
        .into_iter()
        .all(|(needed, feature)| !needed || cli().supports(feature))
}

/// Runs commands in parallel, one per processor. Returns their outputs in order.
fn all(commands: impl Iterator<Item = Command>) -> Vec<Output> {
    let width = thread::available_parallelism().map_or(2, usize::from);
    let mut commands = commands.peekable();
    let mut outputs = Vec::new();
    while commands.peek().is_some() {
        let running: Vec<_> = commands
            .by_ref()
            .take(width)
            .map(|mut command| {
                let piped = command
                    .stdin(Stdio::null())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped());
                piped.spawn().expect("the CLI runs")
            })
            .collect();
        outputs.extend(
            running
                .into_iter()
                .map(|child| child.wait_with_output().expect("the CLI ends")),
        );
    }
    outputs
}

/// Completes a block to a valid configuration.
fn completed(text: &str) -> String {
    let mut whole = without_foreign(text);
    if !whole.contains("required_providers") {
        whole.push_str(&Workspace::required_providers());
    }
    let mut added = BTreeSet::new();
    for word in whole.split(|c: char| !c.is_ascii_alphanumeric() && !['_', '.'].contains(&c)) {
        let parts: Vec<_> = word.split('.').collect();
        let stub = match parts.as_slice() {
            ["var", name, ..] if !whole.contains(&format!("variable \"{name}\"")) => {
                let secret = ["siem_authorization", "from_elsewhere"].contains(name);
                let ephemeral = secret && (whole.contains("authorization_wo") || whole.contains("module \""));
                format!("variable \"{name}\" {{\n  ephemeral = {ephemeral}\n}}\n")
            }
            ["data", kind, name, ..] => stub("data", kind, name, &whole),
            [kind, name, ..] => stub("resource", kind, name, &whole),
            _ => String::new(),
        };
        added.insert(stub);
    }
    whole.extend(added);
    whole
}

/// Declares an undeclared object of this provider.
fn stub(head: &str, kind: &str, name: &str, whole: &str) -> String {
    let known = TYPES
        .iter()
        .find(|(known_head, known, _)| (*known_head, *known) == (head, kind));
    let declared = whole.contains(&format!("{head} \"{kind}\" \"{name}\""));
    let address = if head == "data" {
        format!("data.{kind}.{name}")
    } else {
        format!("{kind}.{name}")
    };
    // The object has `for_each`.
    let each = if whole.contains(&format!(" in {address} ")) {
        "for_each = toset([\"eu\"])\n"
    } else {
        ""
    };
    match known {
        Some((_, _, arguments)) if !declared => {
            format!("{head} \"{kind}\" \"{name}\" {{\n{each}{arguments}\n}}\n")
        }
        _ => String::new(),
    }
}

/// Removes blocks of other providers, and replaces their ephemeral values with a variable.
fn without_foreign(text: &str) -> String {
    let mut kept = String::new();
    let mut inside = false;
    for line in text.lines() {
        let foreign = [
            "ephemeral \"",
            "provider \"vault\"",
            "provider \"aws\"",
            "provider \"google\"",
        ];
        inside |= foreign.iter().any(|head| line.starts_with(head));
        if !inside {
            let _ = writeln!(kept, "{}", without_ephemeral(line));
        }
        inside &= line != "}" && !line.ends_with("{}");
    }
    kept
}

fn without_ephemeral(line: &str) -> String {
    let Some((before, value)) = line.split_once("ephemeral.") else {
        return line.to_owned();
    };
    // `TYPE.NAME.ATTRIBUTE`, and perhaps a key in brackets.
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric() && !['_', '.', '[', ']', '"'].contains(&c))
        .unwrap_or(value.len());
    format!("{before}var.from_elsewhere{}", &value[end..])
}
