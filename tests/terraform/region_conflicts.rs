//! Two blocks for one region, at the same time or in sequence.

use std::collections::BTreeMap;

use crate::workspace::{Block, Workspace};

const A: &str = "konnect_audit_log_webhook.a";
const B: &str = "konnect_audit_log_webhook.b";

fn endpoint(label: &str) -> Block {
    Block::webhook_with_endpoint(label).with("endpoint", format!("https://{label}.example.com/"))
}

#[test]
fn two_webhook_blocks_for_one_region_create_one() {
    for replace in [false, true] {
        let block = |label| endpoint(label).with("replace_existing", replace);
        let workspace = Workspace::of(format!("{}{}", block("a"), block("b")));
        let run = workspace.try_plan().ends_with(2);
        let [warning] = run.warnings()[..] else {
            panic!("one warning: {}", run.report());
        };
        assert_eq!(warning.summary, "Two webhooks for one region");
        let error = workspace.apply_error();
        assert_eq!(error.summary, "Two webhooks for one region");
        assert_eq!(error.attribute(), Some("region"));
        assert!(error.detail.contains("already configured"), "{error:?}");
        assert!(error.detail.contains("region eu"), "{error:?}");
        let state = workspace.state();
        let [winner] = state.addresses()[..] else {
            panic!("one of them: {:?}", state.addresses());
        };
        assert_ne!(winner, error.address);
        let webhook = workspace.konnect.region("eu")["webhook"].take();
        assert_eq!(webhook["endpoint"], state.text(winner, "endpoint"));
        assert_eq!(workspace.konnect.take_writes().len(), 1);
    }
}

#[test]
fn two_webhook_forms_for_one_region_create_one() {
    let body = format!(
        "{}{}{}",
        Block::destination("siem"),
        Block::webhook_to("a", "siem"),
        endpoint("b")
    );
    let workspace = Workspace::of(body);
    let error = workspace.apply_error();
    assert_eq!(error.summary, "Two webhooks for one region");
    assert_eq!(workspace.state().addresses().len(), 2, "one, and the destination");
}

#[test]
fn second_webhook_block_for_used_region_is_refused() {
    let workspace = Workspace::of(endpoint("a"));
    workspace.apply();
    workspace.configure(format!("{}{}", endpoint("a"), endpoint("b")));
    let run = workspace.try_plan().ends_with(2);
    assert!(
        run.warnings()
            .iter()
            .any(|w| w.summary == "Two webhooks for one region"),
        "{}",
        run.report()
    );
    let error = workspace.apply_error();
    assert_eq!(error.address, B);
    assert_eq!(error.summary, "Region already delivers audit events");
    assert!(error.detail.contains("a.example.com"), "{error:?}");
    assert_eq!(workspace.state().addresses(), [A]);
    let webhook = workspace.konnect.region("eu")["webhook"].take();
    assert_eq!(webhook["endpoint"], "https://a.example.com/");
}

/// In any order of the calls: a creation waits for the removal of the webhook that it would overwrite.
fn applies_in_one_run(workspace: &Workspace) {
    workspace.apply();
    workspace.assert_no_changes();
}

fn deliver(workspace: &Workspace, expected: &[(&str, &str)]) {
    for (region, label) in expected {
        let webhook = workspace.konnect.region(region)["webhook"].take();
        assert_eq!(webhook["enabled"], true, "{region}");
        assert_eq!(webhook["endpoint"], format!("https://{label}.example.com/"));
    }
}

#[test]
fn webhooks_swap_regions_and_settle() {
    let both = |a: &str, b: &str, replace: bool| {
        [("a", a), ("b", b)]
            .map(|(label, region)| {
                endpoint(label)
                    .with("region", region)
                    .with("replace_existing", replace)
                    .to_string()
            })
            .concat()
    };
    let workspace = Workspace::of(both("eu", "us", false));
    workspace.apply();
    workspace.configure(both("us", "eu", false));
    let plan = workspace.plan();
    assert_eq!(plan.actions()[A], "delete, create");
    assert_eq!(plan.actions()[B], "delete, create");
    applies_in_one_run(&workspace);
    deliver(&workspace, &[("us", "a"), ("eu", "b")]);

    // With `replace_existing`, any order works: the later removal does not affect the new webhook.
    workspace.configure(both("us", "eu", true));
    workspace.apply();
    workspace.configure(both("eu", "us", true));
    workspace.apply();
    workspace.assert_no_changes();
    deliver(&workspace, &[("eu", "a"), ("us", "b")]);
}

#[test]
fn webhook_renamed_with_moved_block_plans_nothing() {
    let workspace = Workspace::of(endpoint("a"));
    workspace.apply();
    let moved = Block::new("moved").expression("from", A).expression("to", B);
    workspace.configure(format!(
        "{}{moved}",
        endpoint("b").with("endpoint", "https://a.example.com/")
    ));
    let plan = workspace.plan();
    assert_eq!(plan.actions(), BTreeMap::new());
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    assert_eq!(workspace.state().addresses(), [B]);
}

#[test]
fn webhook_renamed_without_moved_block_replaces() {
    let workspace = Workspace::of(endpoint("a"));
    workspace.apply();
    workspace.configure(endpoint("b"));
    let plan = workspace.plan();
    assert_eq!(
        plan.actions(),
        BTreeMap::from([(A, "delete".to_owned()), (B, "create".to_owned())])
    );
    applies_in_one_run(&workspace);
    deliver(&workspace, &[("eu", "b")]);

    // With `replace_existing`, one run suffices in any order.
    workspace.configure(endpoint("a").with("replace_existing", true));
    workspace.apply();
    workspace.assert_no_changes();
    deliver(&workspace, &[("eu", "a")]);
}
