//! `konnect_audit_log_replay_job`, and the action `konnect_audit_log_replay`. `tests/protocol/actions.rs` invokes it for
//! CLIs that do not support actions.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::workspace::{AUTHORIZATION, Block, Feature, Workspace, cli, project, write};

const JOB: &str = "konnect_audit_log_replay_job.outage";
const PUT: &str = "PUT /eu/v3/audit-log-replay-job";
const INVOKE: &[&str] = &[
    "apply",
    "-auto-approve",
    "-no-color",
    "-invoke=action.konnect_audit_log_replay.outage",
];

/// The time this many minutes ago, in whole seconds.
fn minutes_ago(minutes: i64) -> String {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - minutes * 60).unwrap().to_string()
}

fn job(start_at: &str, end_at: &str) -> Block {
    Block::new("resource \"konnect_audit_log_replay_job\" \"outage\"")
        .with("region", "eu")
        .with("start_at", start_at)
        .with("end_at", end_at)
}

/// Configures the webhook of a job.
fn set_webhook(workspace: &Workspace) {
    let webhook = json!({ "endpoint": "https://siem.example.com/", "authorization": "Bearer another", "enabled": true });
    workspace.konnect.edit_webhook("eu", webhook).unwrap();
}

/// A workspace with the provider block of the examples and these files.
fn example(files: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    for file in files.iter().chain(&["examples/provider/provider.tf"]) {
        let name = project(file).file_name().unwrap().to_string_lossy().into_owned();
        workspace.copy(file, &name);
    }
    workspace
}

fn range(start_at: &str, end_at: &str) -> Value {
    json!({ "start_at": start_at, "end_at": end_at })
}

#[test]
fn replay_job_lives_from_create_to_destroy() {
    let (start, end, later) = (minutes_ago(120), minutes_ago(60), minutes_ago(30));
    let workspace = Workspace::of(job(&start, &end));
    set_webhook(&workspace);
    let expected = [write(PUT, range(&start, &end))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);
    assert_eq!(workspace.state().text(JOB, "status"), "completed");

    // A change of the wait, and another form of a time, send no request.
    workspace.configure(job(&start, &end.replace('Z', "+00:00")).with("timeout", "1h"));
    assert_eq!(workspace.apply_and_assert_no_changes(), []);

    workspace.configure(job(&start, &later).with("timeout", "1h"));
    assert_eq!(workspace.plan().actions()[JOB], "update");
    let expected = [write(PUT, range(&start, &later))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);

    // A job of another user replaces it, without a change in the plan.
    let other =
        json!({ "start_at": minutes_ago(20), "end_at": minutes_ago(10), "updated_at": minutes_ago(0) });
    let time = workspace.state().text(JOB, "updated_at");
    workspace.konnect.edit_replay_job("eu", other).unwrap();
    workspace.assert_no_changes();
    workspace.apply();
    let state = workspace.state();
    assert_eq!(state.text(JOB, "status"), "superseded");
    assert_eq!(state.text(JOB, "updated_at"), time, "that of its last status");

    workspace.konnect.clear_requests();
    workspace.destroy();
    assert_eq!(workspace.konnect.take_writes(), []);
}

#[test]
fn replay_job_failed_is_started_again_by_the_next_apply() {
    let (start, end) = (minutes_ago(120), minutes_ago(60));
    let workspace = Workspace::of(job(&start, &end));
    // Without a webhook, the job fails.
    assert_eq!(workspace.apply_error().summary, "Replay job failed");
    assert_eq!(workspace.state().text(JOB, "status"), "failed");
    set_webhook(&workspace);
    let expected = [write(PUT, range(&start, &end))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);

    // The same for a job that fails after its apply.
    let failed = json!({ "status": "failed" });
    workspace.konnect.edit_replay_job("eu", failed).unwrap();
    assert_eq!(workspace.plan().actions()[JOB], "update");
    let expected = [write(PUT, range(&start, &end))];
    assert_eq!(workspace.apply_and_assert_no_changes(), expected);
}

#[test]
fn replay_job_beyond_the_retention_warns_at_plan_and_fails_at_apply() {
    let workspace = Workspace::of(job(&minutes_ago(8 * 24 * 60), &minutes_ago(60)));
    set_webhook(&workspace);
    let warning = workspace.plan().diagnostics.remove(0);
    let error = workspace.apply_error();
    for refusal in [&warning, &error] {
        assert_eq!(refusal.summary, "Start is more than 7 days ago");
        assert_eq!(refusal.attribute(), Some("start_at"));
    }
    assert!(warning.detail.starts_with("The apply will fail."), "{warning:?}");
    workspace.configure(job(&minutes_ago(60), &minutes_ago(120)));
    let error = workspace.validate().error();
    assert_eq!(error.attribute(), Some("end_at"));
}

#[cfg(target_os = "linux")]
#[test]
fn replay_job_interrupted_is_followed_by_the_next_apply() {
    use crate::workspace::until;

    let (start, end) = (minutes_ago(120), minutes_ago(60));
    let workspace = Workspace::of(job(&start, &end));
    set_webhook(&workspace);
    let mut running = workspace.start(&["apply", "-json", "-auto-approve"]);
    until("the job", || {
        workspace.konnect.requests().iter().any(|r| r.method == "PUT")
    });
    let stuck = json!({ "status": "running" });
    workspace.konnect.edit_replay_job("eu", stuck).unwrap();
    running.interrupt();
    let summaries: Vec<_> = running.ended().errors().into_iter().map(|e| e.summary).collect();
    assert!(
        summaries.contains(&"Interrupted while the replay job is in progress".to_owned()),
        "{summaries:?}"
    );
    assert!(workspace.state().addresses().contains(&JOB));

    workspace.konnect.clear_requests();
    let mut running = workspace.start(&["apply", "-json", "-auto-approve"]);
    // The refresh, and the read before the start.
    until("the job", || workspace.konnect.requests().len() >= 2);
    let done = json!({ "status": "completed" });
    workspace.konnect.edit_replay_job("eu", done).unwrap();
    running.ended().succeeds();
    workspace.assert_no_changes();
}

#[test]
fn example_of_replay_job_applies() {
    let outage = range(&minutes_ago(120), &minutes_ago(60)).to_string();
    let mut workspace = example(&["examples/resources/konnect_audit_log_replay_job/resource.tf"]);
    let portal = workspace.konnect.add_portal("eu", "developers").unwrap();
    workspace.set("TF_VAR_outage", outage.as_str());
    workspace.set("TF_VAR_portal_id", portal);
    set_webhook(&workspace);
    workspace.init();
    workspace.validate().succeeds();
    workspace.apply();
    workspace.assert_no_changes();
    workspace.destroy();
}

#[test]
fn action_invoked_sends_the_last_hours_again() {
    if !cli().supports_or_reports(Feature::Actions) {
        return;
    }
    let workspace = example(&["examples/actions/konnect_audit_log_replay/action.tf"]);
    set_webhook(&workspace);
    workspace.init();
    workspace.validate().succeeds();
    let progress = workspace.run(INVOKE).succeeds().stdout;
    for step in ["Started the replay of", "The replay job is completed"] {
        assert!(progress.contains(step), "{progress}");
    }
    let writes = workspace.konnect.take_writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].call, PUT);
    let time = |name: &str| {
        writes[0].body[name]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
    };
    assert_eq!(time("end_at").duration_since(time("start_at")).as_hours(), 6);
}

#[test]
fn action_without_config_fails_with_what_is_missing() {
    if !cli().supports_or_reports(Feature::Actions) {
        return;
    }
    let workspace = example(&[]);
    workspace.write(
        "action.tf",
        "action \"konnect_audit_log_replay\" \"outage\" {\n}\n",
    );
    workspace.init();
    // Terraform 1.15 crashes on a diagnostic of the validation or the plan of an action without a `config` block.
    workspace.validate().succeeds();
    let run = workspace.run(&[INVOKE, &["-json"]].concat()).ends_with(1);
    assert!(run.report().contains("Missing time range"), "{}", run.report());
    assert_eq!(workspace.konnect.take_writes(), []);
}

#[test]
fn action_triggered_by_an_update_of_the_webhook_replays() {
    if !cli().supports_or_reports(Feature::Actions) {
        return;
    }
    let mut workspace = example(&["examples/actions/konnect_audit_log_replay/action_trigger.tf"]);
    workspace.set("TF_VAR_siem_authorization", AUTHORIZATION);
    workspace.init();
    workspace.validate().succeeds();
    if cli().supports(Feature::RefusesTriggerReference) {
        assert!(workspace.apply_error().summary.contains("action reference cycle"));
        return;
    }
    workspace.apply();
    let puts = |workspace: &Workspace| {
        let writes = workspace.konnect.take_writes();
        writes.into_iter().filter(|write| write.call == PUT).count()
    };
    let found = puts(&workspace);
    assert_eq!(found, 0, "the creation of the webhook triggers nothing");
    // Another user disables the webhook, and the apply reverts that. It replays only on request.
    let disabled = json!({ "enabled": false });
    workspace.konnect.edit_webhook("eu", disabled.clone()).unwrap();
    workspace.apply();
    assert_eq!(puts(&workspace), 0, "replay_last is null");
    workspace.set("TF_VAR_replay_last", "6h");
    workspace.konnect.edit_webhook("eu", disabled).unwrap();
    workspace.apply();
    assert_eq!(puts(&workspace), 1, "the update of the webhook");
    // A corrected credential changes the destination, and not the webhook.
    workspace.set("TF_VAR_siem_authorization", "Bearer corrected");
    workspace.apply();
    assert_eq!(puts(&workspace), 1, "the update of the destination");
    workspace.assert_no_changes();
    // Terraform 1.16.0-rc2 and 1.17.0-alpha20260812 evaluate the condition of a trigger in a destroy, without its variable.
    if !cli().supports(Feature::PlannedPrivate) {
        workspace.destroy();
    }
}
