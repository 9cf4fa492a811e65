//! Planning never fails because of a state, a time, a missing credential or Konnect: `terraform destroy` plans first.

use serde_json::json;

use super::{is_off, warned};
use crate::workspace::{AUTHORIZATION, Block, Diagnostic, Workspace, only, says};

#[test]
fn destroy_without_the_credential_and_with_an_object_deleted_outside_succeeds() {
    let destination = Block::destination("siem").expression("authorization", "var.credential");
    let webhook = Block::webhook_with_endpoint("eu").expression("authorization", "var.credential");
    let variable = "variable \"credential\" {\n  type    = string\n  default = null\n}\n";
    for gone in ["destination", "webhook"] {
        let mut workspace = Workspace::of(format!("{variable}{destination}{webhook}"));
        workspace.set("TF_VAR_credential", AUTHORIZATION);
        workspace.apply();
        let id = workspace.state().text("konnect_audit_log_destination.siem", "id");
        if gone == "webhook" {
            workspace.konnect.remove_webhook("eu").unwrap();
        } else {
            workspace.konnect.remove_destination("global", &id).unwrap();
        }
        workspace.unset("TF_VAR_credential");
        let run = workspace.try_plan().ends_with(2);
        assert!(
            run.warnings()
                .iter()
                .any(|w| w.detail.starts_with("The apply will fail.")),
            "{}",
            run.report()
        );
        workspace.apply_error();
        workspace.destroy();
        is_off(&workspace, "eu");
        assert_eq!(workspace.konnect.destinations().len(), 0);
    }
}

/// A pipeline that passes empty variables.
#[test]
fn destroy_with_blank_secrets_succeeds_and_an_apply_fails_on_them() {
    let secret = |block: Block| {
        block
            .without("authorization")
            .without("endpoint")
            .expression("authorization_wo", "var.credential")
            .expression("endpoint_wo", "var.url")
    };
    let variables = ["credential", "url"].map(|name| format!("variable \"{name}\" {{ type = string }}\n"));
    let (siem, eu) = (Block::destination("siem"), Block::webhook_with_endpoint("eu"));
    let mut workspace = Workspace::of(format!("{}{}{}", variables.concat(), secret(siem), secret(eu)));
    let url = "https://siem.example.com/s3cret";
    workspace.set("TF_VAR_credential", AUTHORIZATION);
    workspace.set("TF_VAR_url", url);
    workspace.apply_and_assert_no_changes();
    workspace.konnect.take_writes();
    for (credential, attribute) in [("", "authorization_wo"), (AUTHORIZATION, "endpoint_wo")] {
        workspace.set("TF_VAR_credential", credential);
        workspace.set("TF_VAR_url", if credential.is_empty() { url } else { " " });
        let run = workspace.try_plan().ends_with(2);
        let blank = |w: &&&Diagnostic| w.summary == "Value is blank" && w.attribute() == Some(attribute);
        assert_eq!(run.warnings().iter().filter(blank).count(), 2, "{}", run.report());
        let errors = workspace.try_apply().errors();
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert!(
            errors.iter().all(|error| error.attribute() == Some(attribute)),
            "{errors:?}"
        );
        assert!(
            errors.iter().all(|error| error.detail.contains("blank")),
            "{errors:?}"
        );
    }
    assert_eq!(workspace.konnect.take_writes(), []);
    workspace.set("TF_VAR_credential", "");
    workspace.destroy();
    is_off(&workspace, "eu");
}

#[test]
fn destroy_with_a_replay_job_whose_range_is_too_old_succeeds() {
    let webhook = Block::webhook_with_endpoint("eu");
    let job = Block::new("resource \"konnect_audit_log_replay_job\" \"outage\"")
        .with("region", "eu")
        .with("start_at", "2020-01-01T00:00:00Z")
        .with("end_at", "2020-01-01T01:00:00Z");
    let workspace = Workspace::of(&webhook);
    workspace.apply();
    workspace.configure(format!("{webhook}{job}"));
    let run = workspace.try_plan().ends_with(2);
    let warning = only(&run.diagnostics);
    assert!(warning.detail.starts_with("The apply will fail."), "{warning:?}");
    workspace.apply_error();
    workspace.destroy();
    is_off(&workspace, "eu");
}

#[test]
fn destroy_without_a_region_and_with_a_wrong_one_succeeds() {
    let applied = Block::webhook_with_endpoint("eu");
    for (added, summary, says_so) in [
        (applied.clone().without("region"), "No region", "KONNECT_REGION"),
        (
            Block::webhook("us")
                .with("region", "us")
                .with("portal_id", "developers")
                .with("audit_log_destination_id", "6945c4c4-3e06-4c5c-87e0-726d0cda4e05"),
            "Invalid portal_id",
            "UUID",
        ),
    ] {
        let workspace = Workspace::of(&applied);
        workspace.apply();
        let added = added.to_string().replace("\"eu\" {", "\"us\" {");
        workspace.configure(format!("{applied}{added}"));
        let run = workspace.try_plan().ends_with(2);
        let warning = only(&run.diagnostics);
        says(warning, summary, &["The apply will fail.", says_so]);
        assert_eq!(workspace.apply_error().summary, summary);
        workspace.destroy();
        is_off(&workspace, "eu");
    }
}

/// What a plan showed is what is applied.
#[test]
fn region_of_the_provider_known_only_after_apply_is_the_region_of_the_state() {
    let configuration = |region: &str, enabled: bool| {
        let from = Block::new("resource \"terraform_data\" \"region\"").with("input", region);
        let webhook = Block::webhook_with_endpoint("eu")
            .without("region")
            .with("enabled", enabled);
        format!("{from}{webhook}")
    };
    let provider = "max_retries = 0\n  region = terraform_data.region.output";
    let workspace = Workspace::new();
    workspace.configure_provider(provider, configuration("eu", true));
    workspace.init();
    workspace.apply();
    workspace.configure_provider(provider, configuration("us", false));
    let run = workspace.try_apply();
    assert!(!run.stdout.contains("bug in the provider"), "{}", run.report());
    if run.code != Some(0) {
        let errors = run.errors();
        assert!(
            errors.iter().all(|error| error.detail.contains("again")),
            "{errors:?}"
        );
        workspace.apply();
    }
    workspace.assert_no_changes();
    let webhook = workspace.konnect.region("eu")["webhook"].take();
    assert_eq!(webhook["enabled"], json!(false));
    assert_eq!(
        workspace.state().text("konnect_audit_log_webhook.eu", "region"),
        "eu"
    );
    assert_eq!(warned(&workspace.destroy()), [""; 0]);
}
