//! The workflow of GitHub and the job of GitLab: their reports.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Workspace};

use super::{ENDPOINT, another_user_switches_off, deliveries_fail, ran, repository};

const TITLE: &str = "The audit log stream of Konnect needs attention";

/// A pipeline file, parsed with the CLI's YAML function.
fn read(file: &str) -> Value {
    let workspace = Workspace::new();
    workspace.copy("examples/pipelines", ".");
    workspace.write(
        "main.tf",
        &format!("output \"read\" {{\n  value = yamldecode(file(\"{file}\"))\n}}\n"),
    );
    workspace.apply();
    workspace.state().output("read").clone()
}

/// Replaces a program with a script that records its arguments and then runs `response`.
fn stand_in(workspace: &mut Workspace, program: &str, response: &str) {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >>'{}'\n{response}\n",
        workspace.path("calls").display()
    );
    let name = format!("bin/{program}");
    workspace.write(&name, &script);
    fs::set_permissions(workspace.path(&name), fs::Permissions::from_mode(0o755)).expect("an executable");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", workspace.path("bin").display());
    workspace.set("PATH", path);
    workspace.write("calls", "");
}

fn calls(workspace: &Workspace) -> Vec<String> {
    let calls = fs::read_to_string(workspace.path("calls")).expect("the calls");
    workspace.write("calls", "");
    calls.lines().map(str::to_owned).collect()
}

/// The texts of an object. None if there is no object.
fn texts(object: &Value) -> BTreeMap<String, String> {
    let entries = object.as_object().into_iter().flatten();
    entries
        .map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()))
        .collect()
}

/// The commands of the workflow's steps, with their environments.
struct Workflow {
    environment: BTreeMap<String, String>,
    steps: Vec<(String, BTreeMap<String, String>)>,
}

impl Workflow {
    fn read() -> Self {
        let workflow = read("github-actions.yml");
        let expected = json!({ "contents": "read", "issues": "write" });
        assert_eq!(workflow["permissions"], expected);
        let job = &workflow["jobs"]["drift"];
        let steps = job["steps"].as_array().expect("steps");
        let used: Vec<_> = steps.iter().filter_map(|step| step["uses"].as_str()).collect();
        let actions: Vec<_> = used
            .iter()
            .filter_map(|action| action.split('@').next())
            .collect();
        assert_eq!(actions, ["actions/checkout", "hashicorp/setup-terraform"]);
        let commands = steps.iter().filter(|step| !step["run"].is_null());
        Self {
            environment: texts(&job["env"]),
            steps: commands
                .map(|step| {
                    (
                        step["run"].as_str().expect("a text").to_owned(),
                        texts(&step["env"]),
                    )
                })
                .collect(),
        }
    }

    /// Runs the steps until one fails. Returns the exit code of the last one.
    fn run(&self, workspace: &Workspace) -> Option<i32> {
        let outputs = workspace.path("outputs");
        fs::write(&outputs, "").expect("a file");
        for (commands, own) in &self.steps {
            let set = fs::read_to_string(&outputs).expect("the outputs");
            let code = set.trim().strip_prefix("code=").unwrap_or_default();
            let known = |text: &str| match text {
                "${{ secrets.KONNECT_SPAT }}" => "spat_of-the-pipeline".to_owned(),
                "${{ secrets.SIEM_ENDPOINT }}" => ENDPOINT.to_owned(),
                "${{ secrets.SIEM_AUTHORIZATION }}" => AUTHORIZATION.to_owned(),
                "${{ steps.drift.outputs.code }}" => code.to_owned(),
                "${{ github.token }}" => "the-token-of-the-run".to_owned(),
                "${{ github.repository }}" => "owner/name".to_owned(),
                text if text.contains("github.run_id") => "https://github.example.com/run".to_owned(),
                text => panic!("{text} is not known"),
            };
            let mut environment = self.environment.clone();
            environment.extend(own.iter().map(|(name, value)| (name.clone(), known(value))));
            environment.insert("GITHUB_OUTPUT".to_owned(), outputs.display().to_string());
            let output = ran(workspace, commands, &environment);
            if !output.status.success() {
                return output.status.code();
            }
        }
        Some(0)
    }
}

#[test]
fn github_workflow_with_drift_opens_issue_and_comments() {
    let workflow = Workflow::read();
    let mut workspace = repository();
    // Uses only the secrets of the workflow.
    workspace.unset("KONNECT_TOKEN");
    workspace.unset("TF_VAR_siem_endpoint");
    workspace.unset("TF_VAR_siem_authorization");
    stand_in(
        &mut workspace,
        "gh",
        "case $2 in list) cat open ;; create) cp drift.md issue.md ;; esac",
    );
    let list = format!(
        "issue list --state open --search \"{TITLE}\" in:title --json number --jq .[0].number // empty"
    );

    workspace.write("open", "");
    assert_eq!(workflow.run(&workspace), Some(0));
    assert_eq!(
        calls(&workspace),
        std::slice::from_ref(&list),
        "nothing is reported where nothing is wrong"
    );
    let report = fs::read_to_string(workspace.path("drift.md")).expect("a report");
    let fine = "Konnect matches the configuration, and every stream delivers.\n";
    assert!(report.starts_with(fine), "{report}");
    assert_eq!(workspace.konnect.take_writes(), [], "it changes nothing");

    deliveries_fail(&workspace, "us");
    assert_eq!(workflow.run(&workspace), Some(3));
    let expected = [
        list.clone(),
        format!("issue create --title {TITLE} --body-file drift.md"),
    ];
    assert_eq!(calls(&workspace), expected);
    let issue = fs::read_to_string(workspace.path("issue.md")).expect("an issue");
    assert!(issue.contains("Deliveries from region us fail"), "{issue}");
    assert!(issue.contains("https://github.example.com/run"), "{issue}");

    workspace.write("open", "7\n");
    another_user_switches_off(&workspace, "eu");
    assert_eq!(workflow.run(&workspace), Some(2));
    let expected = [list.clone(), "issue edit 7 --body-file drift.md".to_owned()];
    assert_eq!(calls(&workspace), expected);
}

#[test]
fn github_workflow_without_drift_closes_issue() {
    let workflow = Workflow::read();
    let mut workspace = repository();
    stand_in(&mut workspace, "gh", "case $2 in list) echo 7 ;; esac");
    assert_eq!(workflow.run(&workspace), Some(0));
    let last = calls(&workspace).pop().expect("a call");
    assert!(last.starts_with("issue close 7 --comment"), "{last}");

    // A failed comparison is reported too.
    let refusal = Fault::status(403);
    workspace
        .konnect
        .inject(FaultRule::new(refusal).path_end("/status"))
        .expect("a rule");
    assert_eq!(workflow.run(&workspace), Some(1));
    let last = calls(&workspace).pop().expect("a call");
    assert_eq!(last, "issue edit 7 --body-file drift.md");
    let report = fs::read_to_string(workspace.path("drift.md")).expect("a report");
    assert!(report.contains("The comparison failed"), "{report}");
    assert!(
        !report.contains("Konnect matches"),
        "the report of an earlier run: {report}"
    );
}

#[test]
fn gitlab_job_opens_updates_and_closes_issue() {
    let pipeline = read("gitlab-ci.yml");
    let job = &pipeline["audit-log-drift"];
    assert_eq!(job["rules"][0]["if"], "$CI_PIPELINE_SOURCE == \"schedule\"");
    let expected = json!([
        "apk add --no-cache curl jq",
        "cat terraform.tfrc >>\"$HOME/.terraformrc\""
    ]);
    assert_eq!(job["before_script"], expected, "what the image lacks");
    let script = job["script"].as_array().expect("a script");
    let script: Vec<_> = script.iter().map(|line| line.as_str().expect("a text")).collect();
    let script = script.join("\n");
    let mut environment = texts(&job["variables"]);
    let given = [
        ("KONNECT_SPAT", "spat_of-the-pipeline"),
        ("ISSUE_TOKEN", "the-token-of-the-project"),
        ("CI_API_V4_URL", "https://gitlab.example.com/api/v4"),
        ("CI_PROJECT_ID", "42"),
        ("CI_JOB_URL", "https://gitlab.example.com/job"),
    ];
    environment.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let mut workspace = repository();
    workspace.unset("KONNECT_TOKEN");
    stand_in(&mut workspace, "curl", "case $* in *--get*) cat open ;; esac");
    let issues = "https://gitlab.example.com/api/v4/projects/42/issues";
    let api = "--silent --show-error --fail --header PRIVATE-TOKEN: the-token-of-the-project";
    let list =
        format!("{api} --get {issues} --data state=opened --data in=title --data-urlencode search={TITLE}");
    let ran = |workspace: &Workspace| ran(workspace, &script, &environment).status.code();

    workspace.write("open", "[]");
    assert_eq!(ran(&workspace), Some(0));
    assert_eq!(calls(&workspace), std::slice::from_ref(&list));

    deliveries_fail(&workspace, "us");
    assert_eq!(ran(&workspace), Some(3));
    let opened = format!(
        "{api} --request POST {issues} --data-urlencode title={TITLE} --data-urlencode description@drift.md"
    );
    assert_eq!(calls(&workspace), [list.clone(), opened]);
    let report = fs::read_to_string(workspace.path("drift.md")).expect("a report");
    assert!(report.contains("Deliveries from region us fail"), "{report}");
    assert!(report.contains("https://gitlab.example.com/job"), "{report}");

    workspace.write("open", r#"[{ "iid": 5 }]"#);
    assert_eq!(ran(&workspace), Some(3));
    let edited = format!("{api} --request PUT {issues}/5 --data-urlencode description@drift.md");
    assert_eq!(calls(&workspace), [list.clone(), edited]);

    workspace
        .konnect
        .record_delivery("us", 200, "OK", None)
        .expect("a webhook");
    assert_eq!(ran(&workspace), Some(0));
    assert_eq!(
        calls(&workspace),
        [
            list,
            format!("{api} --request PUT {issues}/5 --data state_event=close")
        ]
    );
}
