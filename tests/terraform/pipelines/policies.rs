//! The policies of `examples/policies/`, with plans of the real CLI and changes of them that break one rule each.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::workspace::{Workspace, project};

use super::repository;

/// What a tool reports: failures and warnings, sorted.
type Verdict = (Vec<String>, Vec<String>);

/// The installed tools. Without one, the tests are skipped.
fn tools() -> Vec<&'static str> {
    let runs = |tool: &&str| Command::new(tool).arg("--help").output().is_ok();
    let tools: Vec<_> = ["conftest", "opa"].into_iter().filter(runs).collect();
    if tools.is_empty() {
        println!(
            "Skipped: neither conftest nor opa is installed (go install github.com/open-policy-agent/conftest@latest)."
        );
    }
    tools
}

/// The verdict of the installed tools, which agree.
fn verdict(plan: &Value, settings: &Value) -> Verdict {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in [("plan.json", plan), ("settings.json", settings)] {
        fs::write(folder.path().join(name), content.to_string()).expect("a file");
    }
    let policy = project("examples/policies/konnect.rego");
    let mut verdicts = Vec::new();
    for tool in tools() {
        let mut command = Command::new(tool);
        if tool == "conftest" {
            command.args(["test", "--data", "settings.json", "--output", "json", "--policy"]);
            command.arg(&policy).arg("plan.json");
        } else {
            command.args([
                "eval",
                "--data",
                "settings.json",
                "--input",
                "plan.json",
                "--data",
            ]);
            command.arg(&policy).arg("data.main");
        }
        let output = command.current_dir(folder.path()).output().expect("a tool");
        let response: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let texts = |list: &Value| {
            let list = list.as_array().into_iter().flatten();
            let text = |entry: &Value| {
                entry
                    .as_str()
                    .or_else(|| entry["msg"].as_str())
                    .map(str::to_owned)
            };
            let mut texts: Vec<_> = list.filter_map(text).collect();
            texts.sort();
            texts
        };
        verdicts.push(if tool == "conftest" {
            let failed = !texts(&response[0]["failures"]).is_empty();
            assert_eq!(output.status.code(), Some(i32::from(failed)));
            (texts(&response[0]["failures"]), texts(&response[0]["warnings"]))
        } else {
            let main = &response["result"][0]["expressions"][0]["value"];
            (texts(&main["deny"]), texts(&main["warn"]))
        });
    }
    verdicts.dedup();
    assert_eq!(verdicts.len(), 1, "the tools disagree: {verdicts:?}");
    verdicts.remove(0)
}

/// A plan of the CLI in JSON, in the folder of the configuration.
fn plan(workspace: &Workspace, options: &[&str]) -> Value {
    let arguments = [&["-chdir=audit-logging", "plan", "-out=policies.tfplan"], options].concat();
    workspace.run(&arguments).succeeds();
    let shown = workspace.run(&["-chdir=audit-logging", "show", "-json", "policies.tfplan"]);
    serde_json::from_str(&shown.succeeds().stdout).expect("JSON")
}

/// The values of the data source `konnect_regions` in a plan.
fn regions(plan: &mut Value) -> &mut Value {
    let resources = plan["prior_state"]["values"]["root_module"]["resources"].as_array_mut();
    let mut resources = resources.expect("resources").iter_mut();
    let found = resources.find(|resource| resource["type"] == "konnect_regions");
    &mut found.expect("the data source")["values"]
}

/// The resources of a type in the planned values.
fn planned<'a>(plan: &'a mut Value, kind: &str) -> Vec<&'a mut Value> {
    let module = &mut plan["planned_values"]["root_module"]["child_modules"][0];
    let resources = module["resources"].as_array_mut().expect("resources");
    let of_kind = resources.iter_mut().filter(|resource| resource["type"] == kind);
    of_kind.collect()
}

const DESTINATION: &str = "module.audit_logging.konnect_audit_log_destination.siem[0]";
const STREAM: &str = "module.audit_logging.konnect_audit_log_webhook.stream";

/// A plan that breaks no rule: that of `examples/complete` with the data source `konnect_regions`, and a stream for each
/// region that is stable.
struct Good {
    plan: Value,
    settings: Value,
}

impl Good {
    /// `None` if no tool is installed.
    fn plan() -> Option<Self> {
        if tools().is_empty() {
            return None;
        }
        let settings = fs::read_to_string(project("examples/policies/settings.json")).expect("the settings");
        let workspace = repository();
        workspace.write(
            "audit-logging/regions.tf",
            "data \"konnect_regions\" \"all\" {}\n",
        );
        let mut plan = plan(&workspace, &[]);
        let expected = json!(["au", "eu", "in", "me", "us"]);
        assert_eq!(regions(&mut plan)["stable"].take(), expected);
        regions(&mut plan)["stable"] = json!(["au", "eu", "us"]);
        Some(Self {
            plan,
            settings: serde_json::from_str(&settings).expect("JSON"),
        })
    }

    fn changed(&self, change: impl FnOnce(&mut Value)) -> Verdict {
        let mut plan = self.plan.clone();
        change(&mut plan);
        assert!(plan != self.plan, "the change changes something");
        verdict(&plan, &self.settings)
    }

    /// The verdict after a change of the destination.
    fn destination(&self, attribute: &str, value: impl Into<Value>) -> Verdict {
        self.changed(|plan| {
            let values = &mut planned(plan, "konnect_audit_log_destination")[0]["values"];
            if attribute == "endpoint" {
                values["endpoint_host"] = Value::Null;
            }
            values[attribute] = value.into();
        })
    }

    /// The verdict after a change of the stream of the region us.
    fn stream(&self, attribute: &str, value: impl Into<Value>) -> Verdict {
        self.changed(|plan| {
            planned(plan, "konnect_audit_log_webhook")[2]["values"][attribute] = value.into();
        })
    }
}

/// The rule fails with this message, and no other.
#[track_caller]
fn refused((failures, warnings): Verdict, message: &str) {
    assert_eq!((failures, warnings), (vec![message.to_owned()], vec![]));
}

#[test]
fn policies_plan_that_breaks_no_rule_passes() {
    let Some(good) = Good::plan() else { return };
    assert_eq!(verdict(&good.plan, &good.settings), (vec![], vec![]));
    let not_a_plan = json!({"resource_changes": []});
    let expected = ["The input is not a plan in JSON."];
    assert_eq!(verdict(&not_a_plan, &good.settings).0, expected);
}

#[test]
fn policies_stable_region_without_enabled_stream_is_refused() {
    let Some(good) = Good::plan() else { return };
    let another = good.changed(|plan| regions(plan)["stable"] = json!(["au", "in"]));
    refused(another, "Region in has no enabled stream.");
    for (attribute, value) in [
        ("enabled", json!(false)),
        // Known only after the apply.
        ("enabled", Value::Null),
        // The stream of a Dev Portal.
        ("portal_id", json!("a-portal")),
    ] {
        refused(good.stream(attribute, value), "Region us has no enabled stream.");
    }
    let without_regions = good.changed(|plan| {
        let resources = &mut plan["prior_state"]["values"]["root_module"]["resources"];
        let resources = resources.as_array_mut().expect("resources");
        resources.retain(|resource| resource["type"] != "konnect_regions");
    });
    let missing = "The plan has no data source konnect_regions: regions without a stream are not found.";
    assert_eq!(without_regions, (vec![], vec![missing.to_owned()]));
}

#[test]
fn policies_other_host_is_refused() {
    let Some(good) = Good::plan() else { return };
    let elsewhere = format!("{DESTINATION} sends events to evil.example.com, which is not an allowed host.");
    for (attribute, value) in [
        ("endpoint", "https://evil.example.com/siem.example.com"),
        ("endpoint", "https://EVIL.example.com:443#@siem.example.com"),
        ("endpoint_host", "evil.example.com"),
        ("endpoint_host", "evil.example.com:443"),
    ] {
        refused(good.destination(attribute, value), &elsewhere);
    }
    refused(
        good.destination("endpoint", "nonsense"),
        &format!("{DESTINATION} sends events to a URL without a host, which is not an allowed host."),
    );
    let other_port =
        format!("{STREAM}[\"us\"] sends events to siem.example.com:8088, which is not an allowed host.");
    refused(
        good.stream("endpoint", "https://siem.example.com:8088"),
        &other_port,
    );
    for host in ["SIEM.example.com", "siem.example.com:443"] {
        let expected = (vec![], vec![]);
        assert_eq!(good.destination("endpoint_host", host), expected, "{host}");
    }
    let found = verdict(&good.plan, &json!({})).0.len();
    assert_eq!(found, 1, "without settings, no host is allowed");

    // The URL is write-only, and its host unknown.
    let hidden = good.changed(|plan| {
        let values = &mut planned(plan, "konnect_audit_log_destination")[0]["values"];
        values["endpoint"] = Value::Null;
        values["endpoint_host"] = Value::Null;
        let changes = plan["resource_changes"].as_array_mut().expect("changes");
        let destination = changes.iter_mut().find(|change| change["address"] == DESTINATION);
        destination.expect("the destination")["change"]["after_unknown"]["endpoint_host"] = json!(true);
    });
    let unknown = format!("{DESTINATION} sends events to a host that is known only after the apply.");
    assert_eq!(hidden, (vec![], vec![unknown]));
}

#[test]
fn policies_certificate_checks_off_or_credential_in_clear_is_refused() {
    let Some(good) = Good::plan() else { return };
    refused(
        good.destination("skip_ssl_verification", true),
        &format!("{DESTINATION} does not check the certificate of the receiver."),
    );
    refused(
        good.destination("authorization", "Bearer secret"),
        &format!("{DESTINATION} stores its credential in the state: use authorization_wo."),
    );
    for endpoint in [
        "https://siem.example.com/logs?code=secret",
        "https://user:secret@siem.example.com/logs",
    ] {
        refused(
            good.destination("endpoint", endpoint),
            &format!("{DESTINATION} has a query or a password in its URL: use endpoint_wo."),
        );
    }
}

#[test]
fn policies_stream_stops_only_with_a_label() {
    if tools().is_empty() {
        return;
    }
    let workspace = repository();
    let settings =
        |stop: Value| json!({"konnect": {"allowed_hosts": ["siem.example.com"], "stop_streams": stop}});
    let destroyed = plan(&workspace, &["-destroy"]);
    let expected: Vec<_> = ["au", "eu", "us"]
        .map(|region| {
            format!(
                "{STREAM}[\"{region}\"]: the plan destroys the stream {region}, which is not in stop_streams."
            )
        })
        .into();
    assert_eq!(verdict(&destroyed, &json!({})).0, expected);
    assert_eq!(verdict(&destroyed, &settings(json!([]))).0, expected);
    let found = verdict(&destroyed, &settings(json!(["au", "us"]))).0;
    assert_eq!(found, expected[1..2]);
    let found = verdict(&destroyed, &settings(json!(["au", "eu", "us"]))).0;
    assert_eq!(found, [""; 0]);

    // The stream of a Dev Portal, and one that is switched off.
    let mut switched_off = plan(&workspace, &[]);
    let changes = switched_off["resource_changes"].as_array_mut().expect("changes");
    let stream = changes
        .iter_mut()
        .find(|change| change["type"] == "konnect_audit_log_webhook");
    let change = &mut stream.expect("a stream")["change"];
    change["actions"] = json!(["update"]);
    change["before"]["portal_id"] = json!("a-portal");
    change["after"]["enabled"] = Value::Null;
    let label = "au/a-portal";
    let off =
        format!("{STREAM}[\"au\"]: the plan switches off the stream {label}, which is not in stop_streams.");
    assert_eq!(verdict(&switched_off, &settings(json!(["au"]))).0, [off]);
    assert_eq!(verdict(&switched_off, &settings(json!([label]))).0, [""; 0]);
}
