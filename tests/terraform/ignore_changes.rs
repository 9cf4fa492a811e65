//! `ignore_changes`: the ignored arguments are not sent, planned or warned about.

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Block, Kind, Workspace};

const ROTATED: &str = "Bearer rotated-in-the-console";

fn ignoring(block: Block, what: &str) -> Block {
    block.expression("lifecycle", format!("{{\n    ignore_changes = {what}\n  }}"))
}

#[test]
fn ignored_credential_that_was_rotated_is_not_overwritten() {
    for kind in Kind::BOTH {
        for (argument, what) in [
            ("authorization_wo", "[authorization_wo]"),
            ("authorization", "[authorization]"),
            ("authorization_wo", "all"),
            ("authorization", "all"),
        ] {
            let block = ignoring(kind.bare().with(argument, AUTHORIZATION), what);
            let workspace = Workspace::of(&block);
            workspace.apply();
            kind.patch(&workspace, &json!({ "authorization": ROTATED }));
            let run = workspace.try_plan().succeeds();
            assert!(run.warnings().is_empty(), "{}", run.report());
            // Changes another argument, and the ignored value in the configuration.
            for value in [AUTHORIZATION, "Bearer new in the configuration"] {
                let format = if value == AUTHORIZATION { "json" } else { "cps" };
                workspace.configure(block.clone().with(argument, value).with("log_format", format));
                let run = workspace.apply();
                assert!(run.warnings().is_empty(), "{}", run.report());
                assert_eq!(kind.credential(&workspace), ROTATED, "{argument} {what}");
                workspace.assert_no_changes();
            }
        }
    }
}

/// The credential goes only to the configured endpoint, so it is not sent. One apply settles that.
#[test]
fn ignored_endpoint_that_was_changed_is_accepted_by_one_apply() {
    for kind in Kind::BOTH {
        let block = kind.bare().with("authorization_wo", AUTHORIZATION);
        let workspace = Workspace::of(ignoring(block, "[endpoint]"));
        workspace.apply();
        kind.patch(&workspace, &json!({ "endpoint": "https://theirs.example.com/" }));
        workspace.apply();
        workspace.assert_no_changes();
        assert_eq!(
            kind.stored(&workspace.konnect)["endpoint"],
            "https://theirs.example.com/"
        );
    }
}

#[test]
fn ignored_version_is_not_sent() {
    for kind in Kind::BOTH {
        let block = kind.bare().with("authorization_wo", AUTHORIZATION);
        let block = ignoring(block, "[authorization_wo_version]");
        let workspace = Workspace::of(block.clone().with("authorization_wo_version", 1));
        workspace.apply();
        let changed = block
            .with("authorization_wo", "Bearer another")
            .with("authorization_wo_version", 2);
        workspace.configure(&changed);
        workspace.assert_no_changes();
        workspace.configure(changed.with("log_format", "json"));
        workspace.apply();
        assert_eq!(kind.credential(&workspace), AUTHORIZATION);
        workspace.assert_no_changes();
    }
}
