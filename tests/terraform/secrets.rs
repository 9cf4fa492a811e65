//! Output and logs contain no secret.

use std::fs;

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use crate::workspace::{AUTHORIZATION, Block, TOKEN, Workspace, assert_no_secret, files};

const OTHER: &str = "Splunk 7Hd-qW4zT.u";
const SPAT: &str = "spat_Jm3Kx8sPvR";
const KEPT: &str = "kpat_b6YtnDq0Zc";

/// Passes the secrets in environment variables.
fn configuration(siem: &Block) -> String {
    let variables: String = ["siem", "webhook"]
        .map(|name| format!("variable \"{name}\" {{\n  type      = string\n  sensitive = true\n}}\n"))
        .concat();
    let siem = siem.clone().expression("authorization", "var.siem");
    let webhook = Block::webhook_with_endpoint("eu").expression("authorization", "var.webhook");
    format!("{variables}{siem}{webhook}")
}

/// Runs a lifecycle with failures that echo the request. Returns the text of the plans.
fn live(workspace: &mut Workspace) -> String {
    let siem = Block::destination("siem");
    workspace.configure(configuration(&siem));
    workspace.init();
    let mut plans = String::new();
    let mut plan = |workspace: &Workspace| {
        let run = workspace.run(&["plan", "-no-color", "-out=text.plan"]).succeeds();
        plans.push_str(&run.stdout);
        plans.push_str(
            &workspace
                .run(&["show", "-no-color", "text.plan"])
                .succeeds()
                .stdout,
        );
    };
    plan(workspace);
    workspace.run(&["apply", "-auto-approve", "-no-color"]).succeeds();

    // Updates, also of the secret.
    workspace.set("TF_VAR_siem", OTHER);
    workspace.configure(configuration(&siem.with("name", "renamed")));
    plan(workspace);
    for fault in echoes(&format!("{TOKEN}, {OTHER} and before {AUTHORIZATION}")) {
        let rule = FaultRule::new(fault).method("PATCH");
        workspace.konnect.inject(rule).unwrap();
        workspace
            .run(&["apply", "-auto-approve", "-no-color"])
            .ends_with(1);
    }
    assert_eq!(workspace.konnect.faults(), []);
    workspace.apply();
    workspace.assert_no_changes();
    workspace.run(&["show", "-no-color"]).succeeds();
    // A read sends no authorization, but the response may contain that of the state.
    for fault in echoes(&format!("{TOKEN} and {OTHER}")) {
        let rule = FaultRule::new(fault).method("GET").path("audit-log-destinations");
        workspace.konnect.inject(rule).unwrap();
        workspace.run(&["plan", "-no-color"]).ends_with(1);
    }
    plans
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
        let fault = Fault::Body {
            handle: false,
            status,
            headers: <_>::default(),
            body: body.to_string(),
        };
        let rule = FaultRule::new(fault).method(method).path(path);
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

/// Answers that repeat the secrets of a request.
fn echoes(sent: &str) -> Vec<Fault> {
    let said = format!("you sent {sent}");
    let problem = format!(
        r#"{{"status": 400, "title": "{said}", "detail": "{said}", "instance": "{said}",
            "invalid_parameters": [{{"field": "name", "reason": "{said}", "rule": "{said}"}}]}}"#
    );
    let status = |code, body: &str, content_type: Option<&str>| Fault::Status {
        code,
        headers: <_>::default(),
        body: Some(body.to_owned()),
        content_type: content_type.map(str::to_owned),
    };
    vec![
        status(400, &problem, None),
        status(500, &said, Some("text/plain")),
        Fault::body("text/html", &said),
    ]
}

fn secretive(log: &[(&str, &str)]) -> Workspace {
    let mut workspace = Workspace::new();
    workspace.set("TF_VAR_siem", AUTHORIZATION);
    workspace.set("TF_VAR_webhook", AUTHORIZATION);
    workspace.set("KONNECT_SPAT", SPAT);
    for (name, value) in log {
        workspace.set(name, *value);
    }
    workspace
}

const ALL: [&str; 4] = [TOKEN, SPAT, AUTHORIZATION, OTHER];

#[test]
fn trace_log_and_output_contain_no_secret() {
    let mut workspace = secretive(&[("TF_LOG", "trace")]);
    let log = workspace.root().join("trace.log");
    workspace.set("TF_LOG_PATH", log.display().to_string());
    let plans = live(&mut workspace);
    assert!(plans.contains("(sensitive value)"), "{plans}");
    assert_no_secret(&workspace.printed(), "the output", &ALL);
    let trace = fs::read_to_string(&log).unwrap();
    assert!(
        trace.contains("[TRACE]") && trace.contains("PATCH"),
        "there is a trace of requests"
    );
    assert_no_secret(&trace, "the log", &ALL);
    only_the_state_holds_authorizations(&workspace);
}

/// Asserts that only the state contains the authorizations.
fn only_the_state_holds_authorizations(workspace: &Workspace) {
    let state = workspace.state();
    let siem = state.get("konnect_audit_log_destination.siem");
    assert_eq!(siem["authorization"], OTHER);
    let mut states = 0;
    for (path, text) in files(workspace.root()) {
        // Plans contain the values to send; another test checks them.
        if path.contains("text.plan") {
            continue;
        }
        if path.contains("terraform.tfstate") && !path.ends_with("/private") {
            states += 1;
            assert_no_secret(&text, &path, &[TOKEN, SPAT]);
            let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
            for resource in document["resources"].as_array_mut().unwrap() {
                for instance in resource["instances"].as_array_mut().unwrap() {
                    instance["attributes"]["authorization"].take();
                }
            }
            assert_no_secret(&document.to_string(), &path, &ALL);
        } else {
            assert_no_secret(&text, &path, &ALL);
        }
    }
    assert!(states > 0);
}

#[test]
fn provider_trace_log_contains_no_secret() {
    let mut workspace = secretive(&[("TF_LOG_PROVIDER", "trace")]);
    live(&mut workspace);
    let printed = workspace.printed();
    assert!(
        printed.contains("provider.terraform-provider-konnect"),
        "it is heard"
    );
    assert_no_secret(&printed, "the output", &ALL);
}

#[test]
fn provider_block_token_is_absent_from_state_and_logs() {
    let mut workspace = secretive(&[("TF_LOG_PROVIDER", "trace")]);
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
