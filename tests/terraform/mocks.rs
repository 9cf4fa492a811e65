//! `terraform test` with `mock_provider`: mocked IDs are random text.

use crate::workspace::{Block, Workspace};

const MOCKED: &str = r#"
mock_provider "konnect" {}

run "mocked" {
  assert {
    condition     = konnect_audit_log_webhook.eu.audit_log_destination_id == konnect_audit_log_destination.siem.id
    error_message = "The webhook delivers to the destination."
  }
}
"#;

#[test]
fn mock_provider_passes_random_ids_between_resources() {
    let status = Block::new("data \"konnect_audit_log_webhook_status\" \"eu\"")
        .expression("region", "konnect_audit_log_webhook.global.region");
    // Its region is not configured, and therefore mocked.
    let inherited = Block::webhook_to("global", "siem").without("region");
    let workspace = Workspace::of(format!(
        "{}{}{inherited}{status}",
        Block::destination("siem"),
        Block::webhook_to("eu", "siem")
    ));
    workspace.write("tests/mock.tftest.hcl", MOCKED);
    workspace.init();
    workspace.run(&["test", "-no-color"]).succeeds();
    assert_eq!(workspace.konnect.take_requests(), []);
}
