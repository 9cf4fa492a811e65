//! Use from child modules.

use std::collections::BTreeMap;

use serde_json::json;

use crate::workspace::{Block, Workspace};

/// A module that configures one region, and returns the destination's ID.
fn child(workspace: &Workspace) {
    let versions = Workspace::required_providers();
    let destination = Block::destination("siem").expression("name", "\"audit-${var.region}\"");
    let webhook = Block::webhook_to("here", "siem").expression("region", "var.region");
    let rest = r#"
variable "region" {
  type = string
}

output "destination" {
  value = konnect_audit_log_destination.siem.id
}
"#;
    workspace.write(
        "child/main.tf",
        &format!("{versions}{destination}{webhook}{rest}"),
    );
}

fn call(region: &str) -> Block {
    Block::new("module \"audit\"")
        .with("source", "./child")
        .expression("region", region)
}

#[test]
fn child_module_with_count_moves_without_changes() {
    let workspace = Workspace::new();
    child(&workspace);
    workspace.set_up(call("\"eu\""));
    workspace.apply();
    let moved = "moved {\n  from = module.audit\n  to   = module.audit[0]\n}\n";
    let counted = call("[\"eu\", \"us\"][count.index]").with("count", 1);
    workspace.set_up(format!("{counted}{moved}"));
    assert_eq!(
        workspace.plan().actions(),
        BTreeMap::new(),
        "moving changes nothing"
    );
    workspace.configure(format!("{}{moved}", counted.with("count", 2)));
    let writes = workspace.apply_and_assert_no_changes();
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert_eq!(
        workspace
            .state()
            .get("module.audit[1].konnect_audit_log_webhook.here")["region"],
        "us"
    );
}

#[test]
fn child_module_with_provider_alias_uses_its_settings() {
    let workspace = Workspace::new();
    let versions = Workspace::required_providers();
    let webhook = Block::webhook_with_endpoint("here").without("region");
    workspace.write("child/main.tf", &format!("{versions}{webhook}"));
    let other = Block::new("provider \"konnect\"")
        .with("alias", "eu")
        .with("region", "eu")
        .with("personal_access_token", "kpat_of-the-alias");
    let call = Block::new("module \"audit\"")
        .with("source", "./child")
        .expression("providers", "{ konnect = konnect.eu }");
    workspace.configure_provider("region = \"us\"", format!("{other}{call}"));
    workspace.init();
    workspace.apply();
    let requests = workspace.konnect.take_requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.region, "eu");
        assert!(
            request.has_authorization("Bearer kpat_of-the-alias"),
            "{request:?}"
        );
    }
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], json!(true));
}
