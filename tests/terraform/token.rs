//! What a plan reports about the access token: a rejected one, and the organization of an allowed one.

use konnect_emulator::{Fault, FaultRule, Headers};
use serde_json::json;

use crate::workspace::{Block, Workspace};

const ORGANIZATION: &str = "2f4d1c3e-7a54-4b7f-9a55-0c1f0e6a1b2c";

#[test]
fn plan_that_only_creates_warns_of_a_rejected_token() {
    for (status, reason) in [
        (401, "rejects the access token"),
        (403, "does not allow the owner"),
    ] {
        for block in [Block::destination("siem"), Block::webhook_with_endpoint("eu")] {
            let workspace = Workspace::of(block);
            let rejected = FaultRule::new(Fault::status(status)).method("GET");
            workspace.konnect.inject(rejected.always()).unwrap();
            let run = workspace.try_plan().ends_with(2);
            let [warning] = run.warnings()[..] else {
                panic!("one warning: {}", run.report());
            };
            assert_eq!(warning.summary, "Access token is not accepted");
            assert!(warning.detail.contains(reason), "{warning:?}");
            assert!(warning.detail.contains("KONNECT_TOKEN"), "{warning:?}");
        }
    }
}

fn organization(workspace: &Workspace) {
    let body = Fault::Body {
        handle: false,
        status: 200,
        headers: Headers::new(),
        body: json!({ "id": ORGANIZATION, "name": "Acme" }).to_string(),
    };
    let rule = FaultRule::new(body)
        .method("GET")
        .path("/global/v3/organizations/me");
    workspace.konnect.inject(rule.always()).unwrap();
}

#[test]
fn organization_that_is_not_allowed_fails_before_any_other_request() {
    let other = "11111111-2222-4333-8444-555555555555";
    for (allowed, passes) in [(ORGANIZATION, true), (other, false)] {
        let workspace = Workspace::new();
        let provider = format!("allowed_organization_ids = [{}]", json!(allowed));
        workspace.configure_provider(&provider, Block::destination("siem"));
        workspace.init();
        organization(&workspace);
        if passes {
            workspace.apply();
            workspace.is_settled();
            continue;
        }
        for run in [workspace.try_plan(), workspace.try_apply()] {
            let error = run.error();
            assert_eq!(error.summary, "Organization is not allowed");
            assert_eq!(error.attribute(), Some("allowed_organization_ids"));
            for id in [ORGANIZATION, other] {
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
