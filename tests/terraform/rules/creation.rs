//! A creation never changes a webhook that is switched on: it waits for another block to remove it, and then fails. With
//! `replace_existing`, it redirects the stream, and the plan names what it displaces.

use std::collections::BTreeMap;

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use super::{address, beside, delivers_to, endpoint, forms, is_on, to, warned, webhook, with_destinations};
use crate::import::import_block;
use crate::workspace::{Block, Diagnostic, Feature, Workspace, cli, says};
#[cfg(target_os = "linux")]
use crate::workspace::{only, until};

/// An endpoint whose path is the credential.
const SECRET_ENDPOINT: &str = "https://hec.example.com/services/p4th-is-s3cret";
const OCCUPIED: &str = "Region already delivers audit events";

fn delivers_to_endpoint(workspace: &Workspace, region: &str) {
    let edit = json!({ "endpoint": SECRET_ENDPOINT, "authorization": "Bearer x", "enabled": true });
    workspace.konnect.edit_webhook(region, edit).unwrap();
}

/// Asserts that a diagnostic names the region, its target and the ways out.
#[track_caller]
fn is_refusal(diagnostic: &Diagnostic, region: &str, target: &str) {
    let (id, argument) = (format!("id = \"{region}\""), format!("region = \"{region}\""));
    let ways_out = [
        "switched on",
        "remove this one",
        "moved",
        "import {",
        "replace_existing = true",
    ];
    says(
        diagnostic,
        OCCUPIED,
        &[&[target, &id, &argument][..], &ways_out].concat(),
    );
    assert_eq!(diagnostic.attribute(), Some("region"));
}

/// Plans and applies creations in several regions at once, which all must be refused.
#[track_caller]
fn all_are_refused(workspace: &Workspace, regions: &[(&str, &str)]) {
    let before: Vec<_> = regions
        .iter()
        .map(|(region, _)| webhook(workspace, region))
        .collect();
    workspace.konnect.clear_requests();
    let run = workspace.try_plan().ends_with(2);
    assert_eq!(run.warnings().len(), regions.len(), "{}", run.report());
    let errors = workspace.try_apply().errors();
    assert_eq!(errors.len(), regions.len());
    for (region, target) in regions {
        let of = |diagnostic: &&Diagnostic| diagnostic.address == address(region);
        let warning = run.warnings().into_iter().find(of).expect("a warning");
        assert!(warning.detail.starts_with("The apply will fail"), "{warning:?}");
        is_refusal(warning, region, target);
        is_refusal(errors.iter().find(of).expect("an error"), region, target);
    }
    // The refused blocks do not prevent a destroy.
    workspace.destroy();
    assert_eq!(workspace.konnect.take_writes(), []);
    let after: Vec<_> = regions
        .iter()
        .map(|(region, _)| webhook(workspace, region))
        .collect();
    assert_eq!(after, before);
    assert!(!workspace.printed().contains("p4th-is-s3cret"));
}

#[test]
fn creation_over_a_live_stream_warns_at_plan_and_fails_at_apply() {
    let (workspace, ours, theirs) = with_destinations();
    let with_endpoint = |region| Block::webhook_with_endpoint(region).with("region", region);
    let blocks = [
        to("eu", "eu", &ours),
        to("us", "us", &ours),
        with_endpoint("au"),
        with_endpoint("me").with("endpoint", SECRET_ENDPOINT),
    ];
    workspace.set_up(blocks.map(|block| block.to_string()).concat());
    delivers_to(&workspace, "eu", &theirs);
    delivers_to_endpoint(&workspace, "us");
    delivers_to(&workspace, "au", &theirs);
    delivers_to_endpoint(&workspace, "me");
    let host = "an endpoint on hec.example.com";
    all_are_refused(
        &workspace,
        &[("eu", &theirs), ("us", host), ("au", &theirs), ("me", host)],
    );
}

#[test]
fn switched_off_creation_over_a_live_stream_to_the_same_destination_is_refused() {
    let (workspace, destination, _) = with_destinations();
    workspace.set_up(to("eu", "eu", &destination).with("enabled", false));
    delivers_to(&workspace, "eu", &destination);
    all_are_refused(&workspace, &[("eu", &destination)]);
}

#[test]
fn second_state_with_the_same_region_and_destination_is_refused() {
    let (first, destination, _) = with_destinations();
    first.set_up(to("eu", "eu", &destination));
    first.apply();
    let second = beside(&first, to("eu", "eu", &destination));
    is_refusal(&second.apply_error(), "eu", &destination);
    second.destroy();
    is_on(&first, "eu");
    first.assert_no_changes();
}

#[test]
fn two_blocks_for_one_region_with_the_same_destination_never_switch_it_off() {
    let (workspace, destination, _) = with_destinations();
    let block = |label: &str| to(label, "eu", &destination);
    workspace.set_up(format!("{}{}", block("a"), block("b")));
    let run = workspace.try_plan().ends_with(2);
    assert_eq!(warned(&run), ["Two webhooks for one region"]);
    let error = workspace.apply_error();
    is_refusal(&error, "eu", &destination);
    // The repetition fails too.
    assert_eq!(workspace.apply_error().address, error.address);
    is_on(&workspace, "eu");
    // One of the two is removed, as the error says.
    workspace.configure(block(if error.address == address("a") { "b" } else { "a" }));
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    is_on(&workspace, "eu");
}

#[test]
fn two_forms_for_one_region_create_one() {
    let (workspace, destination, _) = with_destinations();
    let replaces = |block: Block| block.with("replace_existing", true);
    workspace.set_up(format!("{}{}", to("a", "eu", &destination), endpoint("b")));
    let run = workspace.try_plan().ends_with(2);
    assert_eq!(warned(&run), ["Two webhooks for one region"]);
    let error = workspace.apply_error();
    assert_eq!(error.summary, OCCUPIED);
    assert_eq!(workspace.state().addresses().len(), 1);
    // The other block redirects the stream on request, and only its removal removes it.
    let (kept, given) = if error.address == address("a") {
        (replaces(to("a", "eu", &destination)), endpoint("b"))
    } else {
        (replaces(endpoint("b")), to("a", "eu", &destination))
    };
    workspace.configure(format!("{kept}{given}"));
    workspace.apply_with(&[&format!("-target={}", error.address)]);
    workspace.configure(kept);
    let run = workspace.apply();
    assert_eq!(warned(&run), ["Webhook was left in place"]);
    is_on(&workspace, "eu");
    workspace.assert_no_changes();
}

#[test]
fn webhook_added_between_plan_and_apply_is_not_overwritten() {
    let (workspace, ours, theirs) = with_destinations();
    workspace.set_up(to("eu", "eu", &ours) + endpoint("us").with("region", "us"));
    workspace.plan();
    delivers_to(&workspace, "eu", &theirs);
    delivers_to_endpoint(&workspace, "us");
    let errors = workspace.try_apply_plan().errors();
    assert!(errors.iter().all(|error| error.summary == OCCUPIED), "{errors:?}");
    assert_eq!((errors.len(), workspace.konnect.take_writes()), (2, vec![]));
    assert_eq!(workspace.state().addresses(), [""; 0]);
}

#[test]
fn replace_existing_over_a_live_stream_warns_and_names_it() {
    for by_endpoint in [false, true] {
        let (workspace, ours, theirs) = with_destinations();
        let block = to("eu", "eu", &ours);
        workspace.set_up(block.clone().with("replace_existing", true));
        let displaced = if by_endpoint {
            delivers_to_endpoint(&workspace, "eu");
            "an endpoint on hec.example.com"
        } else {
            delivers_to(&workspace, "eu", &theirs);
            &theirs
        };
        let run = workspace.try_plan().ends_with(2);
        let warning = only(&run.diagnostics);
        says(
            warning,
            "A live stream is redirected",
            &[displaced, &ours, "region eu"],
        );
        assert_eq!(warning.attribute(), Some("replace_existing"));
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
        assert_eq!(webhook(&workspace, "eu")["audit_log_destination_id"], ours);
        // After the creation, a change of the argument sends no request.
        workspace.configure(block);
        assert_eq!(workspace.apply_and_assert_no_changes(), []);
    }
}

/// Before Terraform 1.16, nothing tells the plan of an apply what the saved plan of a creation names: a warning names the
/// stream.
#[test]
fn saved_plan_with_replace_existing_displaces_what_it_names() {
    for imported in [false, true] {
        let (workspace, ours, theirs) = with_destinations();
        delivers_to(&workspace, "eu", &theirs);
        let block = to("eu", "eu", &ours).with("replace_existing", true);
        let import = Some(import_block(&address("eu"), "eu").to_string()).filter(|_| imported);
        workspace.set_up(format!("{block}{}", import.unwrap_or_default()));
        workspace.plan();
        delivers_to_endpoint(&workspace, "eu");
        let run = workspace.try_apply_plan();
        let host = ["hec.example.com"];
        if imported || cli().supports(Feature::PlannedPrivate) {
            says(&run.error(), "Webhook was changed after the plan", &host);
            assert_eq!(workspace.konnect.take_writes(), []);
        } else {
            says(run.succeeds().warnings()[0], "A live stream is redirected", &host);
        }
        is_on(&workspace, "eu");
    }
}

/// `replace_existing` means to redirect. The owner of a stream that already delivers to the target would remove it.
#[test]
fn replace_existing_does_not_take_over_a_stream_to_the_same_target() {
    for (workspace, block, target) in forms() {
        let block = block.with("replace_existing", true);
        workspace.set_up(block.clone().create_before_destroy());
        workspace.apply();
        workspace.plan_with(&[&format!("-replace={}", address("a"))]);
        is_refusal(&workspace.try_apply_plan().error(), "eu", &target);
        is_on(&workspace, "eu");
        // After a rename, the creation waits for the removal.
        let renamed = block.to_string().replace("\"a\" {", "\"b\" {");
        workspace.configure(renamed);
        workspace.apply();
        workspace.assert_no_changes();
        is_on(&workspace, "eu");
    }
}

#[test]
fn creation_over_a_switched_off_webhook_warns_only_of_a_lost_credential() {
    for by_endpoint in [false, true] {
        let (workspace, _, theirs) = with_destinations();
        workspace.set_up(Block::webhook_with_endpoint("eu"));
        if by_endpoint {
            delivers_to_endpoint(&workspace, "eu");
        } else {
            delivers_to(&workspace, "eu", &theirs);
        }
        workspace
            .konnect
            .edit_webhook("eu", json!({ "enabled": false }))
            .unwrap();
        let run = workspace.try_plan().ends_with(2);
        let warnings = run.warnings();
        assert_eq!(warnings.len(), usize::from(by_endpoint), "{}", run.report());
        for warning in warnings {
            let parts = ["hec.example.com", "cannot restore"];
            says(warning, "A webhook that is switched off is overwritten", &parts);
        }
        assert!(!workspace.printed().contains("p4th-is-s3cret"));
        assert_eq!(workspace.apply_and_assert_no_changes().len(), 1);
        is_on(&workspace, "eu");
    }
}

#[test]
fn replacement_deletes_then_creates() {
    for (workspace, block, _) in forms() {
        workspace.set_up(block);
        workspace.apply();
        for tainted in [false, true] {
            let replace = format!("-replace={}", address("a"));
            let plan = if tainted {
                workspace.run(&["taint", &address("a")]).succeeds();
                workspace.plan()
            } else {
                workspace.plan_with(&[&replace])
            };
            assert_eq!(plan.actions()[address("a").as_str()], "delete, create");
            workspace.apply_plan();
            workspace.assert_no_changes();
            is_on(&workspace, "eu");
        }
    }
}

#[test]
fn create_before_destroy_with_replace_is_refused_in_both_forms() {
    for (workspace, block, target) in forms() {
        workspace.set_up(block.create_before_destroy());
        workspace.apply();
        workspace.plan_with(&[&format!("-replace={}", address("a"))]);
        let error = workspace.try_apply_plan().error();
        is_refusal(&error, "eu", &target);
        says(
            &error,
            OCCUPIED,
            &["create_before_destroy, remove that setting", "terraform state rm"],
        );
        is_on(&workspace, "eu");
        workspace.assert_no_changes();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn create_before_destroy_interrupted_with_ctrl_c_keeps_the_stream() {
    for (workspace, block, target) in forms() {
        workspace.set_up(block.clone().create_before_destroy());
        workspace.apply();
        workspace.plan_with(&[&format!("-replace={}", address("a"))]);
        workspace.konnect.clear_requests();
        let mut running = workspace.start(&["apply", "-json", "saved.plan"]);
        until("the creation reads the webhook", || {
            !workspace.konnect.requests().is_empty()
        });
        running.interrupt();
        running.is_stopping();
        running.ended().ends_with(1);
        // The CLI may leave the webhook as a deposed object, whose replacement is created first again.
        let run = workspace.try_apply();
        if run.code != Some(0) {
            is_refusal(&run.error(), "eu", &target);
        }
        assert_eq!(workspace.konnect.take_writes(), []);
        is_on(&workspace, "eu");
        // The way out that the error names.
        workspace.run(&["state", "rm", &address("a")]).succeeds();
        workspace.configure(format!("{block}{}", import_block(&address("a"), "eu")));
        workspace.apply();
        workspace.assert_no_changes();
        is_on(&workspace, "eu");
    }
}

/// A rollback removes only what its creation turned on from off.
#[cfg(target_os = "linux")]
#[test]
fn killed_cli_during_a_take_over_leaves_the_stream_on() {
    let (workspace, ours, theirs) = with_destinations();
    workspace.set_up(to("eu", "eu", &ours).with("replace_existing", true));
    delivers_to(&workspace, "eu", &theirs);
    let held = FaultRule::new(Fault::Hold { handle: true }).method("PATCH");
    workspace.konnect.inject(held).unwrap();
    let mut running = workspace.start(&["apply", "-json", "-auto-approve"]);
    until("the write is held", || {
        workspace.konnect.requests().iter().any(|request| request.held)
    });
    running.signal_cli(nix::sys::signal::Signal::SIGKILL);
    running.ended();
    until("the end of the socket", || workspace.temporary_files().is_empty());
    workspace.konnect.clear_faults();
    running.is_gone();
    is_on(&workspace, "eu");
    assert_eq!(webhook(&workspace, "eu")["audit_log_destination_id"], ours);
    let made = workspace.konnect.take_requests();
    assert!(made.iter().all(|request| request.method != "DELETE"), "{made:?}");
    // The next plan names the import.
    let run = workspace.try_plan().ends_with(2);
    is_refusal(run.warnings()[0], "eu", &ours);
}

const REGIONS: [&str; 2] = ["eu", "us"];

/// A provider block for each region, and one for all.
fn aliases() -> String {
    REGIONS
        .map(|region| {
            Block::new("provider \"konnect\"")
                .with("alias", region)
                .with("region", region)
                .with("max_retries", 0)
                .to_string()
        })
        .concat()
}

#[test]
fn one_alias_for_each_region_becomes_one_block_without_moved() {
    let (workspace, destination, _) = with_destinations();
    let before = REGIONS.map(|region| {
        let block = to(region, region, &destination).expression("provider", format!("konnect.{region}"));
        block.to_string()
    });
    workspace.set_up(format!("{}{}", aliases(), before.concat()));
    workspace.apply();
    let after = Block::webhook("all")
        .expression("for_each", format!("toset({REGIONS:?})"))
        .expression("region", "each.key")
        .with("audit_log_destination_id", destination);
    workspace.configure(format!("{}{after}", aliases()));
    let refused = FaultRule::new(Fault::status(503)).method("DELETE");
    workspace.konnect.inject(refused).unwrap();
    // The removal of one region fails, so its creation does too.
    assert_eq!(workspace.try_apply().errors().len(), 2);
    for region in REGIONS {
        is_on(&workspace, region);
    }
    workspace.apply();
    workspace.assert_no_changes();
    for region in REGIONS {
        is_on(&workspace, region);
    }
}

/// The regions of nine streams: each creation that waits fills one of the ten slots of the CLI.
const NINE: [&str; 9] = ["us", "eu", "au", "me", "in", "sg", "xa", "xb", "xc"];

#[test]
fn rename_of_nine_streams_without_moved_succeeds_in_one_run() {
    let (workspace, destination, _) = with_destinations();
    let all = |label: &str| {
        Block::webhook(label)
            .expression("for_each", format!("toset({NINE:?})"))
            .expression("region", "each.key")
            .with("audit_log_destination_id", destination.as_str())
    };
    workspace.set_up(all("a"));
    workspace.apply();
    workspace.configure(all("b"));
    workspace.apply();
    workspace.assert_no_changes();
    for region in NINE {
        is_on(&workspace, region);
    }
}

fn swapped(regions: [&str; 2], destination: &str) -> Block {
    let [a, b] = regions;
    to("a", a, destination) + endpoint("b").with("region", b)
}

/// Asserts that both streams of [`swapped`] deliver.
fn deliver(workspace: &Workspace, regions: [&str; 2], destination: &str) {
    let [a, b] = regions.map(|region| webhook(workspace, region));
    assert_eq!(
        (&a["enabled"], &a["audit_log_destination_id"]),
        (&json!(true), &json!(destination))
    );
    assert_eq!(
        (&b["enabled"], &b["endpoint"]),
        (&json!(true), &json!("https://b.example.com/"))
    );
}

#[test]
fn swap_of_two_regions_succeeds_in_one_run_and_warns_what_goes_first() {
    let (workspace, destination, _) = with_destinations();
    workspace.set_up(swapped(["eu", "us"], &destination));
    workspace.apply();
    workspace.configure(swapped(["us", "eu"], &destination));
    let plan = workspace.plan();
    for label in ["a", "b"] {
        assert_eq!(plan.actions()[address(label).as_str()], "delete, create");
    }
    for warning in &plan.diagnostics {
        says(
            warning,
            "The old stream is removed first",
            &["create_before_destroy = true"],
        );
    }
    assert_eq!(plan.diagnostics.len(), 2);
    workspace.apply_plan();
    workspace.assert_no_changes();
    deliver(&workspace, ["us", "eu"], &destination);
}

/// Terraform may order a creation before the removal that it waits for. Then the next apply succeeds.
#[test]
fn rename_and_swap_without_parallelism_settle_in_two_runs() {
    let (workspace, destination, _) = with_destinations();
    let before = swapped(["eu", "us"], &destination) + to("old", "au", &destination);
    let after = swapped(["us", "eu"], &destination) + to("new", "au", &destination);
    workspace.set_up(before);
    workspace.apply();
    workspace.configure(after);
    let first = workspace.run(&["apply", "-json", "-auto-approve", "-parallelism=1"]);
    if first.code != Some(0) {
        for error in first.errors() {
            says(&error, OCCUPIED, &["write a moved block", "apply again"]);
        }
        workspace.apply_with(&["-parallelism=1"]);
    }
    workspace.assert_no_changes();
    deliver(&workspace, ["us", "eu"], &destination);
    is_on(&workspace, "au");
}

#[test]
fn rename_with_moved_plans_nothing() {
    let (workspace, destination, _) = with_destinations();
    workspace.set_up(to("a", "eu", &destination));
    workspace.apply();
    let moved = Block::new("moved")
        .expression("from", address("a"))
        .expression("to", address("b"));
    workspace.configure(format!("{}{moved}", to("b", "eu", &destination)));
    assert_eq!(workspace.plan().actions(), BTreeMap::new());
    assert_eq!(workspace.apply_and_assert_no_changes(), []);
    assert_eq!(workspace.state().addresses(), [address("b")]);
}
