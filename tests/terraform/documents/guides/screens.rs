//! The messages that pages show, as the CLI prints them.

use serde_json::json;

use crate::workspace::{AUTHORIZATION, Block, Feature, Workspace, cli};

use super::{Reader, assert_shown};

const OTHER: &str = "https://siem.example.com/other";

/// A workspace whose region eu delivers to an endpoint of another user.
fn occupied() -> Workspace {
    let workspace = Workspace::new();
    redirect(&workspace, OTHER);
    workspace
}

fn redirect(workspace: &Workspace, endpoint: &str) {
    workspace.konnect.patch(
        "/eu/v2/audit-log-webhook",
        &json!({ "endpoint": endpoint, "authorization": "Bearer b", "enabled": true }),
    );
}

fn printed(workspace: &Workspace, arguments: &[&str]) -> String {
    let run = workspace.run(arguments);
    format!("{}{}", run.stdout, run.stderr)
}

fn with_destination() -> Block {
    Block::destination("siem") + Block::webhook_to("eu", "siem")
}

#[test]
fn webhook_page_shows_its_messages() {
    let workspace = occupied();
    workspace.set_up(with_destination());
    let refused = printed(&workspace, &["apply", "-no-color", "-auto-approve"]);
    let reader = Reader::of("docs/resources/audit_log_webhook.md", workspace);
    reader.shows(&refused, "already delivers");

    let workspace = Workspace::new();
    workspace.set_up(with_destination());
    workspace.apply();
    redirect(&workspace, "https://b.example.com/other");
    let left = printed(
        &workspace,
        &["destroy", "-no-color", "-auto-approve", "-refresh=false"],
    );
    reader.shows(&left, "left in place");
}

#[test]
fn import_guide_shows_refused_redirect() {
    let workspace = occupied();
    let import = Block::new("import")
        .expression("to", "konnect_audit_log_webhook.eu")
        .with("id", "eu");
    workspace.set_up(format!("{}{import}", with_destination()));
    let refused = printed(&workspace, &["apply", "-no-color", "-auto-approve"]);
    let reader = Reader::of("docs/guides/import.md", workspace);
    reader.shows(&refused, "Imported stream is not redirected");
}

#[test]
fn drift_guide_shows_changed_credential() {
    let workspace = Workspace::new();
    let block = Block::destination("siem")
        .without("authorization")
        .with("authorization_wo", AUTHORIZATION);
    workspace.set_up(block);
    workspace.apply();
    let id = workspace.konnect.destinations()[0]["id"].take();
    workspace.konnect.patch(
        &format!(
            "/global/v3/audit-log-destinations/{}",
            id.as_str().expect("an id")
        ),
        &json!({ "authorization": "Bearer another" }),
    );
    let plan = printed(&workspace, &["plan", "-no-color"]);
    let reader = Reader::of("docs/guides/drift-detection.md", workspace);
    reader.shows(&plan, "Changed by another process or user");
}

#[test]
fn failures_guide_shows_explanation() {
    let workspace = Workspace::new();
    workspace.set_up(
        Block::destination("siem")
            + Block::webhook_to("eu", "siem")
            + "data \"konnect_audit_log_webhook_status\" \"eu\" {\n  region     = \"eu\"\n  depends_on = \
         [konnect_audit_log_webhook.eu]\n}\n\noutput \"why\" {\n  value = \
         data.konnect_audit_log_webhook_status.eu.explanation\n}\n",
    );
    workspace.apply();
    let at = Some("2026-01-02T03:04:05.678Z");
    let recorded = workspace.konnect.record_delivery("eu", 401, "Unauthorized", at);
    recorded.expect("a webhook that is switched on");
    workspace.apply();
    let why = workspace
        .state()
        .output("why")
        .as_str()
        .expect("a text")
        .to_owned();
    let reader = Reader::of("docs/guides/reading-failures.md", workspace);
    assert_shown(&why, &reader.block("text", "Deliveries from region eu fail"));
}

#[test]
fn rotation_guide_shows_what_a_reviewer_sees() {
    let workspace = Workspace::new();
    let block = |value: &str| {
        Block::destination("siem")
            .without("authorization")
            .with("name", "SIEM")
            .with("authorization_wo", format!("Bearer {value}-0123456789"))
    };
    // Konnect has no time of a change before the first one.
    workspace.set_up(block("zero"));
    workspace.apply();
    workspace.configure(block("first"));
    workspace.apply();
    workspace.configure(block("second"));
    let plan = printed(&workspace, &["plan", "-no-color"]);
    let reader = Reader::of("docs/guides/rotation.md", workspace);
    reader.shows(&plan, "will be updated in-place");

    reader
        .workspace
        .configure(block("second").with("authorization_wo_version", 1));
    reader.workspace.apply();
    reader
        .workspace
        .configure(block("third").with("authorization_wo_version", 2));
    reader.shows(&printed(&reader.workspace, &["plan", "-no-color"]), "1 -> 2");
}

#[test]
fn secrets_guide_shows_move_to_write_only() {
    let workspace = Workspace::new();
    let stored = Block::destination("siem").with("name", "SIEM");
    workspace.set_up(stored.clone().with("authorization", "Bearer first"));
    workspace.apply();
    workspace.configure(stored.clone().with("authorization", AUTHORIZATION));
    workspace.apply();
    let block = stored
        .without("authorization")
        .with("authorization_wo", AUTHORIZATION);
    workspace.configure(block);
    let plan = printed(&workspace, &["plan", "-no-color"]);
    let reader = Reader::of("docs/guides/secrets.md", workspace);
    reader.shows(&plan, "(sensitive value) -> null");
}

/// Terraform has this from 1.16, but not if the block is removed.
#[test]
fn reliability_guide_keeps_the_stream() {
    keeps_the_stream(|_| {});
    if cli().registry.contains("opentofu") {
        keeps_the_stream(|workspace| workspace.configure(""));
    }
}

/// Destroys the stream of the guide after a change of the configuration, and asserts that Konnect still has it.
fn keeps_the_stream(change: fn(&Workspace)) {
    let reader = Reader::of("docs/guides/reliability.md", Workspace::new());
    let webhook = reader.block("text", "destroy = false");
    if !cli().supports(Feature::KeepsAtDestroy) {
        return;
    }
    let workspace = &reader.workspace;
    let destination = Block::destination("siem").to_string();
    let (arguments, _) = destination.rsplit_once('}').expect("a block");
    let destination = format!("{arguments}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n");
    workspace.set_up(format!("{destination}{webhook}"));
    workspace.apply();
    change(workspace);
    let kept = printed(workspace, &["destroy", "-no-color", "-auto-approve"]);
    let words = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    let left = if cli().registry.contains("opentofu") {
        "Destroy was successful but left behind forgotten instances"
    } else {
        "Some objects will no longer be managed by Terraform"
    };
    assert!(words.contains(left), "{kept}");
    assert_eq!(workspace.konnect.region("eu")["webhook"]["enabled"], true);
    assert_eq!(workspace.state().addresses(), [""; 0]);
}
