//! `ignore_changes`: the ignored arguments are not sent, planned or warned about.

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Block, Workspace};

const ROTATED: &str = "Bearer rotated-in-the-console";

fn ignoring(block: Block, what: &str) -> Block {
    block.expression("lifecycle", format!("{{\n    ignore_changes = {what}\n  }}"))
}

/// The blocks without a credential, each with a function that rotates it and one that reads it.
type Stored = fn(&Workspace) -> serde_json::Value;
type Rotate = fn(&Workspace);

fn blocks() -> [(Block, Rotate, Stored); 2] {
    let rotate_destination: Rotate = |workspace| {
        let id = workspace.konnect.destinations("global")[0]["id"].clone();
        let path = format!("/global/v3/audit-log-destinations/{}", id.as_str().unwrap());
        let theirs = json!({ "authorization": ROTATED });
        workspace.konnect.patched_by_another_user(&path, &theirs);
    };
    let rotate_webhook: Rotate = |workspace| {
        let theirs = json!({ "authorization": ROTATED, "endpoint": "https://siem.example.com/eu" });
        workspace
            .konnect
            .patched_by_another_user("/eu/v2/audit-log-webhook", &theirs);
    };
    let destination: Stored =
        |workspace| workspace.konnect.destinations("global")[0]["authorization"].clone();
    let webhook: Stored = |workspace| workspace.konnect.region("eu")["webhook"]["authorization"].clone();
    [
        (
            Block::destination("siem").without("authorization"),
            rotate_destination,
            destination,
        ),
        (
            Block::webhook_with_endpoint("siem").without("authorization"),
            rotate_webhook,
            webhook,
        ),
    ]
}

#[test]
fn ignored_credential_that_was_rotated_is_not_overwritten() {
    for (bare, rotate, stored) in blocks() {
        for (argument, what) in [
            ("authorization_wo", "[authorization_wo]"),
            ("authorization", "[authorization]"),
            ("authorization_wo", "all"),
            ("authorization", "all"),
        ] {
            let block = ignoring(bare.clone().with(argument, AUTHORIZATION), what);
            let workspace = Workspace::of(&block);
            workspace.apply();
            rotate(&workspace);
            let run = workspace.try_plan().succeeds();
            assert!(run.warnings().is_empty(), "{}", run.report());
            // Changes another argument, and the ignored value in the configuration.
            for value in [AUTHORIZATION, "Bearer new in the configuration"] {
                let format = if value == AUTHORIZATION { "json" } else { "cps" };
                workspace.configure(block.clone().with(argument, value).with("log_format", format));
                let run = workspace.apply();
                assert!(run.warnings().is_empty(), "{}", run.report());
                assert_eq!(stored(&workspace), ROTATED, "{argument} {what}");
                workspace.assert_no_changes();
            }
        }
    }
}

#[test]
fn ignored_version_is_not_sent() {
    for (bare, _, stored) in blocks() {
        let block = ignoring(
            bare.with("authorization_wo", AUTHORIZATION),
            "[authorization_wo_version]",
        );
        let workspace = Workspace::of(block.clone().with("authorization_wo_version", 1));
        workspace.apply();
        let changed = block
            .with("authorization_wo", "Bearer another")
            .with("authorization_wo_version", 2);
        workspace.configure(&changed);
        workspace.assert_no_changes();
        workspace.configure(changed.with("log_format", "json"));
        workspace.apply();
        assert_eq!(stored(&workspace), AUTHORIZATION);
        workspace.assert_no_changes();
    }
}
