//! What a plan reports about the access token: a rejected one, and the organization of an allowed one.

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;

use crate::workspace::{Block, Workspace, is_at, only, says};

#[test]
fn plan_with_creations_only_warns_of_rejected_token() {
    for (status, reason) in [
        (401, "rejects the access token"),
        (403, "does not allow the owner"),
    ] {
        for block in [Block::destination("siem"), Block::webhook_with_endpoint("eu")] {
            let workspace = Workspace::of(block);
            let rejected = FaultRule::new(Fault::status(status)).method("GET");
            workspace.konnect.inject(rejected.always()).unwrap();
            let run = workspace.try_plan().ends_with(2);
            let warning = only(&run.diagnostics);
            says(
                warning,
                "Access token is not accepted",
                &[reason, "KONNECT_TOKEN"],
            );
        }
    }
}

/// The ID of the token's organization.
fn organization(workspace: &Workspace) -> String {
    let organization = workspace.konnect.edit_organization(json!({})).unwrap();
    organization["id"].as_str().unwrap().to_owned()
}

#[test]
fn organization_not_allowed_fails_before_any_other_request() {
    let other = "11111111-2222-4333-8444-555555555555";
    for passes in [true, false] {
        let workspace = Workspace::new();
        let own = organization(&workspace);
        let allowed = if passes { &own } else { other };
        let provider = format!("allowed_organization_ids = [{}]", json!(allowed));
        workspace.configure_provider(&provider, Block::destination("siem"));
        workspace.init();
        if passes {
            workspace.apply();
            workspace.assert_no_changes();
            continue;
        }
        for run in [workspace.try_plan(), workspace.try_apply()] {
            let error = run.error();
            is_at(&error, "allowed_organization_ids", "Organization is not allowed");
            for id in [own.as_str(), other] {
                assert!(error.detail.contains(id), "{error:?}");
            }
        }
        let requests = workspace.konnect.take_requests();
        assert!(
            requests.iter().all(|r| r.path.ends_with("/organizations/me")),
            "{requests:?}"
        );
    }
}
