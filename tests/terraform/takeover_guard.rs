//! The guard: an active stream of a region is not overwritten without `replace_existing`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::workspace::{Block, Diagnostic, Workspace};

const EU: &str = "konnect_audit_log_webhook.eu";
const THEIRS: &str = "5f1c0a52-6a3e-4d7e-9c2b-0123456789ab";
const OURS: &str = "5f1c0a52-6a3e-4d7e-9c2b-ba9876543210";
/// An endpoint whose path is the credential.
const THEIR_ENDPOINT: &str = "https://hec.example.com/services/p4th-is-s3cret";

/// The block in both forms, the first with an existing destination.
fn forms() -> [String; 2] {
    let webhook = Block::webhook("eu").with("region", "eu");
    [
        format!("{}", webhook.with("audit_log_destination_id", OURS)),
        Block::webhook_with_endpoint("eu").to_string(),
    ]
}

fn occupied_by_destination(workspace: &Workspace) {
    let edit = json!({ "audit_log_destination_id": THEIRS, "enabled": true });
    workspace.konnect.edit_webhook("eu", edit).unwrap();
}

fn occupied_by_endpoint(workspace: &Workspace) {
    let edit = json!({ "endpoint": THEIR_ENDPOINT, "authorization": "Bearer x", "enabled": true });
    workspace.konnect.edit_webhook("eu", edit).unwrap();
}

/// Asserts that an error contains the current target and both remedies.
fn is_refusal(error: &Diagnostic, by: &str) {
    assert_eq!(error.summary, "Region already delivers audit events");
    assert_eq!(error.address, EU);
    assert_eq!(error.attribute(), Some("region"));
    for part in [
        by,
        "region eu",
        "switched on",
        "import {",
        "id = \"eu\"",
        "replace_existing = true",
    ] {
        assert!(error.detail.contains(part), "{part}: {error:?}");
    }
}

/// Configures a region as another user.
type Occupy = fn(&Workspace);

/// Both kinds of existing webhooks, with the expected report.
fn occupants() -> [(Occupy, &'static str); 2] {
    [
        (occupied_by_destination, THEIRS),
        (occupied_by_endpoint, "hec.example.com"),
    ]
}

#[test]
fn create_over_a_stream_warns_at_plan_and_fails_at_apply() {
    for form in forms() {
        for (occupy, reported) in occupants() {
            let workspace = Workspace::of(&form);
            occupy(&workspace);
            let run = workspace.try_plan().ends_with(2);
            let [warning] = run.warnings()[..] else {
                panic!("one warning: {}", run.report());
            };
            assert!(warning.detail.starts_with("The apply will fail."), "{warning:?}");
            is_refusal(warning, reported);
            is_refusal(&workspace.try_apply().error(), reported);
            workspace.run(&["plan", "-no-color"]).succeeds();
            // Also with the rejected block in the configuration.
            workspace.destroy();
            assert!(!workspace.printed().contains("p4th-is-s3cret"));
            assert_eq!(workspace.konnect.take_writes(), []);
        }
    }
}

#[test]
fn webhook_added_between_plan_and_apply_is_not_overwritten() {
    for form in forms() {
        for (occupy, reported) in occupants() {
            let workspace = Workspace::of(&form);
            workspace.plan();
            occupy(&workspace);
            let before = workspace.konnect.region("eu")["webhook"].take();
            is_refusal(&workspace.try_apply_plan().error(), reported);
            assert_eq!(workspace.konnect.take_writes(), []);
            assert_eq!(workspace.konnect.region("eu")["webhook"].take(), before);
            assert_eq!(workspace.state().addresses(), [""; 0]);
            assert!(!workspace.printed().contains("p4th-is-s3cret"));
        }
    }
}

#[test]
fn replace_existing_overwrites_active_webhook() {
    for (occupy, _) in occupants() {
        let workspace = Workspace::of(Block::webhook_with_endpoint("eu").with("replace_existing", true));
        occupy(&workspace);
        workspace.konnect.clear_requests();
        let writes = workspace.apply_and_assert_no_changes();
        assert_eq!(writes.len(), 1);
        let webhook = workspace.konnect.region("eu")["webhook"].take();
        assert_eq!(webhook["endpoint"], "https://siem.example.com/eu");
        // After the creation, a change of the argument sends no request.
        workspace.configure(Block::webhook_with_endpoint("eu"));
        assert_eq!(workspace.apply_and_assert_no_changes(), []);
    }
}

#[test]
fn takeover_of_disabled_webhook_warns_and_is_allowed() {
    // Only the credential of an endpoint is lost.
    for (occupy, lost) in [
        (occupied_by_destination as Occupy, None),
        (occupied_by_endpoint, Some("hec.example.com")),
    ] {
        let workspace = Workspace::of(Block::webhook_with_endpoint("eu"));
        occupy(&workspace);
        workspace
            .konnect
            .edit_webhook("eu", json!({ "enabled": false }))
            .unwrap();
        let run = workspace.try_plan().ends_with(2);
        let warnings = run.warnings();
        assert_eq!(warnings.len(), usize::from(lost.is_some()), "{}", run.report());
        for (warning, host) in warnings.into_iter().zip(lost) {
            assert_eq!(warning.summary, "A webhook that is switched off is overwritten");
            assert_eq!(warning.attribute(), Some("region"));
            for part in [host, "cannot restore"] {
                assert!(warning.detail.contains(part), "{warning:?}");
            }
        }
        assert!(!workspace.printed().contains("p4th-is-s3cret"));
        workspace.konnect.clear_requests();
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
    }
}

#[test]
fn takeover_guard_reads_region_before_write() {
    let workspace = Workspace::of(Block::webhook_with_endpoint("eu"));
    workspace.plan();
    let asked = |workspace: &Workspace| -> Vec<String> {
        let requests = workspace.konnect.take_requests().into_iter();
        requests.map(|r| format!("{} {}", r.method, r.path)).collect()
    };
    let look = ["GET /eu/v3/audit-log-webhook", "GET /eu/v2/audit-log-webhook"];
    assert_eq!(asked(&workspace), look);
    workspace.apply_plan();
    let made = asked(&workspace);
    // A CLI may plan again during the apply.
    let (change, looks) = made.split_last().unwrap();
    assert_eq!(change, "PATCH /eu/v2/audit-log-webhook");
    assert!(
        !looks.is_empty() && looks.chunks(2).all(|pair| pair == look),
        "{made:?}"
    );
}

/// Replaces a webhook on request of the user. Returns the calls.
fn replaced(workspace: &Workspace) -> Vec<String> {
    workspace.konnect.clear_requests();
    workspace.apply_plan();
    let writes = workspace.konnect.take_writes();
    workspace.assert_no_changes();
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);
    writes.into_iter().map(|write| write.call).collect()
}

#[test]
fn replace_own_webhook_deletes_then_creates() {
    let [with_destination, with_endpoint] = [
        format!(
            "{}{}",
            Block::destination("siem"),
            Block::webhook_to("eu", "siem")
        ),
        Block::webhook_with_endpoint("eu").to_string(),
    ];
    let v2 = "PATCH /eu/v2/audit-log-webhook";
    let v3 = [
        "DELETE /eu/v3/audit-log-webhook",
        "PATCH /eu/v3/audit-log-webhook",
    ];
    for (form, calls) in [(with_destination, v3), (with_endpoint, [v2, v2])] {
        let workspace = Workspace::of(form);
        workspace.apply();
        let replace = format!("-replace={EU}");
        let plan = workspace.plan_with(&[&replace]);
        assert_eq!(
            plan.actions(),
            BTreeMap::from([(EU, "delete, create".to_owned())])
        );
        assert_eq!(replaced(&workspace), calls);

        workspace.run(&["taint", EU]).succeeds();
        let plan = workspace.plan();
        assert_eq!(
            plan.actions(),
            BTreeMap::from([(EU, "delete, create".to_owned())])
        );
        assert_eq!(replaced(&workspace), calls);
    }
}

/// The same destination is not overwritten. The credential of an endpoint would be.
#[test]
fn create_before_destroy_replaces_a_webhook_in_one_run() {
    let endpoint = Block::webhook_with_endpoint("eu")
        .with("replace_existing", true)
        .create_before_destroy();
    let pointing = format!(
        "{}{}",
        Block::destination("siem"),
        Block::webhook_to("eu", "siem").create_before_destroy()
    );
    for (block, call) in [
        (endpoint.to_string(), "PATCH /eu/v2/audit-log-webhook"),
        (pointing, "PATCH /eu/v3/audit-log-webhook"),
    ] {
        let workspace = Workspace::of(block);
        workspace.apply();
        workspace.plan_with(&[&format!("-replace={EU}")]);
        // The removal of the overwritten webhook must not remove the new one.
        assert_eq!(replaced(&workspace), [call]);
    }
    let workspace = Workspace::of(Block::webhook_with_endpoint("eu").create_before_destroy());
    workspace.apply();
    workspace.plan_with(&[&format!("-replace={EU}")]);
    is_refusal(&workspace.try_apply_plan().error(), "siem.example.com");
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);
}
