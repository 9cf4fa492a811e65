//! Uses secrets in every operation, and then searches for them in states, backups, plans, private data, logs and
//! output.

use std::fs;

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, TOKEN, Workspace, answer, assert_no_secret, files, refusal};

const SIEM: &str = "konnect_audit_log_destination.siem";
const WRITE_ONLY: [&str; 3] = [
    "Splunk ws-A1q9Zp.xM2",
    "Splunk ws-B3w8Yo.kL5",
    "Splunk ws-C5e7Xn.jH8",
];
const STORED: [&str; 2] = ["Bearer sa-D7r6Wm.gF1", "Bearer sa-E9t5Vl.dS4"];
/// A second access token, which is not used.
const SPAT: &str = "spat_Jm3Kx8sPvR";
/// The access token of a provider block.
const KEPT: &str = "kpat_b6YtnDq0Zc";

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

/// A workspace with secrets in the environment.
fn secretive() -> Workspace {
    let mut workspace = Workspace::new();
    for (name, value) in [
        ("KONNECT_SPAT", SPAT),
        ("TF_VAR_hidden", WRITE_ONLY[0]),
        ("TF_VAR_stored", STORED[0]),
        ("TF_LOG_PROVIDER", "trace"),
    ] {
        workspace.set(name, value);
    }
    workspace
}

/// The same with a log of everything in a file.
fn listening() -> Workspace {
    let mut workspace = secretive();
    let log = workspace.root().join("trace.log").display().to_string();
    workspace.set("TF_LOG", "trace");
    workspace.set("TF_LOG_PATH", log);
    workspace
}

/// Saves a plan in a separate file, and applies it. Returns what the plan shows.
fn step(workspace: &Workspace, number: usize) -> String {
    let plan = format!("step-{number}.plan");
    let out = format!("-out={plan}");
    let planned = workspace.run(&["plan", "-no-color", &out]).succeeds();
    let shown = workspace.run(&["show", "-no-color", &plan]).succeeds();
    workspace.run(&["apply", "-no-color", &plan]).succeeds();
    planned.stdout + &shown.stdout
}

/// Responses that contain the secrets.
fn echoes(secrets: &str) -> [Fault; 4] {
    let problem = json!({
        "status": 400, "title": secrets, "detail": secrets, "instance": secrets,
        "invalid_parameters": [{ "field": "authorization", "reason": secrets, "rule": secrets }],
    });
    [
        refusal(400, &problem.to_string()),
        refusal(400, &format!("<p>{secrets}</p>")),
        refusal(500, secrets),
        Fault::body("text/html", secrets),
    ]
}

/// Fails to change objects, with responses that contain the secrets.
fn fail(workspace: &Workspace, secrets: &str) {
    for echo in echoes(secrets) {
        let rule = FaultRule::new(echo).method("PATCH").always();
        workspace.konnect.inject(rule).unwrap();
        workspace
            .run(&["apply", "-no-color", "-auto-approve"])
            .ends_with(1);
        workspace.konnect.clear_faults();
    }
}

/// A read sends no credential, but the response may contain that of the state.
fn fail_reads(workspace: &Workspace, secrets: &str) {
    for echo in echoes(secrets) {
        let rule = FaultRule::new(echo).method("GET").path("audit-log-destinations");
        workspace.konnect.inject(rule).unwrap();
        workspace.run(&["plan", "-no-color"]).ends_with(1);
    }
    assert_eq!(workspace.konnect.faults(), []);
}

#[test]
fn write_only_secret_appears_in_no_file_or_output() {
    let mut workspace = listening();
    let (destination, webhook) = bare();
    let versioned = |block: &Block, version: u64| hidden(block).with("authorization_wo_version", version);
    workspace.set_up(configuration(&hidden(&destination), &hidden(&webhook)));
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
    let all = [TOKEN, SPAT, STORED[0], STORED[1]];
    let mut workspace = listening();
    let (destination, webhook) = bare();
    workspace.set_up(configuration(&stored(&destination), &stored(&webhook)));
    let shown = step(&workspace, 0);
    assert!(shown.contains("(sensitive value)"), "{shown}");
    workspace.set("TF_VAR_stored", STORED[1]);
    fail(&workspace, &[TOKEN, STORED[0], STORED[1]].join(" and "));
    step(&workspace, 1);
    workspace.assert_no_changes();
    fail_reads(&workspace, &format!("{TOKEN} and {}", STORED[1]));
    // Not from `show -json`, which prints the stored values.
    let stored_id = workspace.konnect.destinations().remove(0)["id"].take();
    let id = stored_id.as_str().unwrap();
    let theirs = json!({ "authorization": STORED[0] });
    workspace.konnect.edit_destination("global", id, theirs).unwrap();
    step(&workspace, 2);
    // Changes to the write-only argument: the new state must not contain the stored secret.
    workspace.configure(configuration(&hidden(&destination), &hidden(&webhook)));
    step(&workspace, 3);

    assert_no_secret(&workspace.printed(), "the output", &all);
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
            assert_no_secret(&document.to_string(), &path, &all);
        } else {
            assert_no_secret(&text, &path, &all);
        }
    }
}

#[test]
fn provider_block_token_is_absent_from_state_and_logs() {
    let mut workspace = secretive();
    workspace.set("TF_VAR_token", KEPT);
    let variable = "variable \"token\" {\n  type      = string\n  sensitive = true\n}\n";
    let body = format!("{variable}{}", Block::destination("siem"));
    workspace.configure_provider("personal_access_token = var.token", &body);
    workspace.init();
    workspace.run(&["plan", "-no-color", "-out=text.plan"]).succeeds();
    workspace.run(&["apply", "-no-color", "text.plan"]).succeeds();
    workspace.run(&["show", "-json"]).succeeds();
    let used = workspace.konnect.take_requests();
    let bearer = format!("Bearer {KEPT}");
    assert!(used.iter().all(|r| r.has_authorization(&bearer)));
    assert_no_secret(&workspace.printed(), "the output", &[KEPT, TOKEN, SPAT]);
    for (path, text) in files(workspace.root()) {
        if !path.contains("text.plan") {
            assert_no_secret(&text, &path, &[KEPT, TOKEN, SPAT]);
        }
    }
}

/// Konnect can repeat the credential in any text. Only the apply knows it, because the state does not contain it.
#[test]
fn state_contains_no_credential_that_konnect_returns_as_a_time_or_an_id() {
    let echo = format!("you sent {AUTHORIZATION}\u{1b}[2J");
    let destination = json!({
        "id": "7f9fd312-a987-4628-b4c5-bb4f4fddd5f7", "name": "siem", "endpoint": "https://siem.example.com/audit",
        "log_format": "cef", "skip_ssl_verification": false, "created_at": echo, "updated_at": echo,
    });
    let organization = json!({ "id": echo, "name": "acme" });
    let workspace = Workspace::of(format!(
        "{}data \"konnect_organization\" \"it\" {{\n  depends_on = [konnect_audit_log_destination.siem]\n}}\n",
        Block::destination("siem")
            .without("authorization")
            .with("authorization_wo", AUTHORIZATION)
    ));
    for (method, path, status, body) in [
        ("POST", "audit-log-destinations", 201, destination),
        ("GET", "organizations/me", 200, organization),
    ] {
        let rule = FaultRule::new(answer(false, status, &body))
            .method(method)
            .path(path);
        workspace.konnect.inject(rule).unwrap();
    }
    workspace.apply();
    assert_eq!(workspace.konnect.faults(), []);
    let state = workspace.state();
    let shown = "you sent [redacted] [2J";
    for name in ["created_at", "updated_at"] {
        assert_eq!(state.text("konnect_audit_log_destination.siem", name), shown);
    }
    assert_eq!(state.text("data.konnect_organization.it", "id"), shown);
    let text = fs::read_to_string(workspace.path("terraform.tfstate")).unwrap();
    assert_no_secret(&text, "the state", &[AUTHORIZATION]);
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
    workspace.set_up(format!("{variable}{webhook}"));
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
