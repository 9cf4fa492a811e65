//! The rules of a stream, each in the situations in which an audit stream could be lost, redirected or left behind
//! without a word.
//!
//! [`creation`]: a creation never changes a webhook that is switched on. [`import`]: an import never redirects.
//! [`removal`]: a destroy removes what this resource applied or imported. [`planning`]: planning never fails.
//! [`redirected`]: no redirect is overwritten without a word. [`reads`]: what a read may conclude. [`destinations`]: the removal of a destination in use.

mod creation;
mod destinations;
mod import;
mod planning;
mod reads;
mod redirected;
mod removal;

use serde_json::{Value, json};

use crate::workspace::{Block, Run, Workspace};

/// The address of the webhook with this label.
fn address(label: &str) -> String {
    format!("konnect_audit_log_webhook.{label}")
}

/// A webhook of a region that delivers to an existing destination.
fn to(label: &str, region: &str, destination: &str) -> Block {
    Block::webhook(label)
        .with("region", region)
        .with("audit_log_destination_id", destination)
}

/// A webhook of `eu` with an endpoint on a host of its own.
fn endpoint(label: &str) -> Block {
    Block::webhook_with_endpoint(label).with("endpoint", format!("https://{label}.example.com/"))
}

/// A workspace with two destinations that no state contains.
fn with_destinations() -> (Workspace, String, String) {
    let workspace = Workspace::new();
    let mut ids = workspace.konnect.add_destinations("global", 2).unwrap();
    let second = ids.remove(1);
    (workspace, ids.remove(0), second)
}

/// Both forms of a webhook of `eu`, as `a`, each with a workspace and the name of its target in messages.
fn forms() -> [(Workspace, Block, String); 2] {
    let (workspace, destination, _) = with_destinations();
    [
        (workspace, to("a", "eu", &destination), destination),
        (Workspace::new(), endpoint("a"), "a.example.com".to_owned()),
    ]
}

/// A second state for the organization of the first.
fn beside(first: &Workspace, body: impl std::fmt::Display) -> Workspace {
    let mut second = Workspace::new();
    let url = format!("{}/{{region}}", first.konnect.url());
    second.set("KONNECT_SERVER_URL", url);
    second.set_up(body);
    second
}

/// Lets the webhook of a region deliver to a destination, as another user.
fn delivers_to(workspace: &Workspace, region: &str, destination: &str) {
    let edit = json!({ "audit_log_destination_id": destination, "enabled": true });
    workspace.konnect.edit_webhook(region, edit).unwrap();
}

/// The webhook of a region at Konnect.
fn webhook(workspace: &Workspace, region: &str) -> Value {
    workspace.konnect.region(region)["webhook"].take()
}

#[track_caller]
fn is_on(workspace: &Workspace, region: &str) {
    let webhook = webhook(workspace, region);
    assert_eq!(webhook["enabled"], true, "{region}: {webhook}");
}

#[track_caller]
fn is_off(workspace: &Workspace, region: &str) {
    let webhook = webhook(workspace, region);
    assert_ne!(webhook["enabled"], true, "{region}: {webhook}");
}

/// The summaries of the warnings.
fn warned(run: &Run) -> Vec<&str> {
    run.warnings().into_iter().map(|w| w.summary.as_str()).collect()
}
