//! Uses secrets in every operation, and then searches for them in states, backups, plans, private data, logs and
//! output.

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::workspace::{Block, Workspace, assert_no_secret, files};

const SIEM: &str = "konnect_audit_log_destination.siem";
const WRITE_ONLY: [&str; 3] = [
    "Splunk ws-A1q9Zp.xM2",
    "Splunk ws-B3w8Yo.kL5",
    "Splunk ws-C5e7Xn.jH8",
];
const STORED: [&str; 2] = ["Bearer sa-D7r6Wm.gF1", "Bearer sa-E9t5Vl.dS4"];

fn configuration(destination: &Block, webhook: &Block) -> String {
    let variable = |name: &str, ephemeral: bool| {
        format!(
            "variable \"{name}\" {{\n  type      = string\n  sensitive = true\n  ephemeral = {ephemeral}\n}}\n"
        )
    };
    format!(
        "{}{}{destination}{webhook}",
        variable("hidden", true),
        variable("stored", false)
    )
}

fn bare() -> (Block, Block) {
    let webhook = Block::webhook_with_endpoint("eu").without("authorization");
    (Block::destination("siem").without("authorization"), webhook)
}

fn hidden(block: &Block) -> Block {
    block.clone().expression("authorization_wo", "var.hidden")
}

fn stored(block: &Block) -> Block {
    block.clone().expression("authorization", "var.stored")
}

fn listening() -> Workspace {
    let mut workspace = Workspace::new();
    let log = workspace.root().join("trace.log").display().to_string();
    for (name, value) in [
        ("TF_LOG", "trace"),
        ("TF_LOG_PROVIDER", "trace"),
        ("TF_LOG_PATH", &log),
        ("TF_VAR_hidden", WRITE_ONLY[0]),
        ("TF_VAR_stored", STORED[0]),
    ] {
        workspace.set(name, value);
    }
    workspace
}

/// Saves a plan in a separate file, and applies it.
fn step(workspace: &Workspace, number: usize) {
    let plan = format!("step-{number}.plan");
    let out = format!("-out={plan}");
    workspace.run(&["plan", "-no-color", &out]).succeeds();
    workspace.run(&["show", "-no-color", &plan]).succeeds();
    workspace.run(&["apply", "-no-color", &plan]).succeeds();
}

/// Failures whose responses contain the secrets.
fn fail(workspace: &Workspace, secrets: &str) {
    let problem = json!({
        "status": 400, "title": secrets, "detail": secrets,
        "invalid_parameters": [{ "field": "authorization", "reason": secrets }],
    });
    for body in [problem.to_string(), format!("<p>{secrets}</p>")] {
        let fault = Fault::Status {
            code: 400,
            headers: <_>::default(),
            body: Some(body),
            content_type: None,
        };
        let rule = FaultRule {
            times: None,
            ..FaultRule::new(fault).method("PATCH")
        };
        workspace.konnect.inject(rule).unwrap();
        workspace
            .run(&["apply", "-no-color", "-auto-approve"])
            .ends_with(1);
        workspace.konnect.clear_faults();
    }
}

#[test]
fn write_only_secret_appears_in_no_file_or_output() {
    let mut workspace = listening();
    let (destination, webhook) = bare();
    let versioned = |block: &Block, version: u64| hidden(block).with("authorization_wo_version", version);
    workspace.configure(configuration(&hidden(&destination), &hidden(&webhook)));
    workspace.init();
    step(&workspace, 0);
    // Rotation, with failures.
    workspace.set("TF_VAR_hidden", WRITE_ONLY[1]);
    fail(&workspace, WRITE_ONLY[1]);
    step(&workspace, 1);
    // With a version, which then changes.
    workspace.configure(configuration(
        &versioned(&destination, 1),
        &versioned(&webhook, 1),
    ));
    step(&workspace, 2);
    workspace.set("TF_VAR_hidden", WRITE_ONLY[2]);
    workspace.configure(configuration(
        &versioned(&destination, 2),
        &versioned(&webhook, 2),
    ));
    step(&workspace, 3);
    // A change by another user, and an import.
    let id = workspace.state().text(SIEM, "id");
    workspace
        .konnect
        .edit_destination("global", &id, json!({ "authorization": WRITE_ONLY[0] }))
        .unwrap();
    step(&workspace, 4);
    workspace.run(&["state", "rm", SIEM]).succeeds();
    workspace.import(SIEM, &id);
    step(&workspace, 5);
    workspace.konnect.clear_requests();
    workspace.assert_no_changes();
    workspace
        .run(&["destroy", "-no-color", "-auto-approve"])
        .succeeds();

    assert_no_secret(&workspace.printed(), "the output", &WRITE_ONLY);
    let found = files(workspace.root());
    let has = |end: &str| found.iter().any(|(path, _)| path.ends_with(end));
    assert!(has("trace.log") && has("step-5.plan/tfplan") && has("step-5.plan/tfstate"));
    assert!(has("terraform.tfstate.backup") && has("/private"));
    let log = found.iter().find(|(path, _)| path.ends_with("trace.log"));
    assert!(log.is_some_and(|(_, text)| text.contains("[TRACE]") && text.contains("PATCH")));
    for (path, text) in &found {
        assert_no_secret(text, path, &WRITE_ONLY);
    }
}

#[test]
fn stored_secret_appears_in_state_and_plan_only() {
    let mut workspace = listening();
    let (destination, webhook) = bare();
    workspace.configure(configuration(&stored(&destination), &stored(&webhook)));
    workspace.init();
    step(&workspace, 0);
    workspace.set("TF_VAR_stored", STORED[1]);
    fail(&workspace, STORED[1]);
    step(&workspace, 1);
    workspace.assert_no_changes();
    // Not from `show -json`, which prints the stored values.
    let stored_id = workspace.konnect.destinations("global").remove(0)["id"].take();
    let id = stored_id.as_str().unwrap();
    let theirs = json!({ "authorization": STORED[0] });
    workspace.konnect.edit_destination("global", id, theirs).unwrap();
    step(&workspace, 2);
    // Changes to the write-only argument: the new state must not contain the stored secret.
    workspace.configure(configuration(&hidden(&destination), &hidden(&webhook)));
    step(&workspace, 3);

    assert_no_secret(&workspace.printed(), "the output", &STORED);
    for (path, text) in files(workspace.root()) {
        // By design of the CLI, a plan file contains the secrets.
        if path.ends_with("plan") {
            continue;
        }
        let is_state = path.ends_with("/tfstate") || path.ends_with("/tfstate-prev");
        if path.ends_with("terraform.tfstate.backup") || is_state {
            let mut document: Value = serde_json::from_str(&text).unwrap();
            for resource in document["resources"].as_array_mut().unwrap() {
                for instance in resource["instances"].as_array_mut().unwrap() {
                    instance["attributes"]["authorization"].take();
                }
            }
            assert_no_secret(&document.to_string(), &path, &STORED);
        } else {
            assert_no_secret(&text, &path, &STORED);
        }
    }
}

/// The path, the query or the user information of an endpoint can be the credential of a SIEM.
const ENDPOINT_PARTS: [&str; 3] = ["p4th-Q7v9Rk.tY2", "qu3ry-W8n4Bx.uI6", "us3r-Z5c1Mj.oP3"];

#[test]
fn secret_parts_of_an_endpoint_appear_in_no_output_or_log() {
    let mut workspace = listening();
    let [path, query, user] = ENDPOINT_PARTS;
    let endpoint = format!("https://{user}@siem.example.com/in/{path}?key={query}");
    workspace.set("TF_VAR_endpoint", &endpoint);
    let variable = "variable \"endpoint\" {\n  type      = string\n  sensitive = true\n}\n";
    let webhook = Block::webhook_with_endpoint("eu").expression("endpoint", "var.endpoint");
    workspace.configure(format!("{variable}{webhook}"));
    workspace.init();
    for part in ENDPOINT_PARTS {
        fail(&workspace, part);
    }
    step(&workspace, 0);
    // The diagnostics of a rejected creation contain the host of another user's endpoint.
    workspace
        .run(&["state", "rm", "konnect_audit_log_webhook.eu"])
        .succeeds();
    workspace
        .run(&["apply", "-no-color", "-auto-approve"])
        .ends_with(1);

    assert_no_secret(&workspace.printed(), "the output", &ENDPOINT_PARTS);
    let found = files(workspace.root());
    let log = found.iter().find(|(path, _)| path.ends_with("trace.log"));
    let (_, log) = log.expect("a log");
    assert!(log.contains("[TRACE]") && log.contains("PATCH"));
    assert_no_secret(log, "the log", &ENDPOINT_PARTS);
}
