//! Existing objects, listed by `terraform query` and imported with the configuration that it generates.
//!
//! If the CLI does not support `terraform query`, the tests make the same calls at the protocol.

use std::collections::BTreeMap;
use std::fs;

use konnect_emulator::{Fault, FaultRule};
use serde_json::{Value as Json, json};
use terraform_plugin::Value;
use terraform_plugin::testing::value::{Shape, assert_no_errors};
use terraform_plugin::testing::{Launch, Plugin};

use crate::workspace::{Feature, TOKEN, Workspace, cli, project};

const DESTINATION: &str = "konnect_audit_log_destination";
const WEBHOOK: &str = "konnect_audit_log_webhook";

/// Creates the existing objects, with credentials that no response contains: three destinations, a webhook with one of
/// them, a webhook with an endpoint and other settings, and one with a disabled endpoint.
fn console(workspace: &Workspace) {
    let konnect = &workspace.konnect;
    let destination = |name: &str, more: Json| {
        let mut body = json!({
            "name": name, "endpoint": "https://siem.example.com/audit", "authorization": "Bearer of-the-console",
            "log_format": "cef",
        });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let made = konnect.posted_by_another_user("/global/v3/audit-log-destinations", &body);
        made["id"].as_str().unwrap().to_owned()
    };
    let used = destination("beta", json!({}));
    destination(
        "alpha",
        json!({ "log_format": "json", "skip_ssl_verification": true }),
    );
    destination("beta", json!({ "log_format": "cps" }));
    let by_destination = json!({ "audit_log_destination_id": used, "enabled": true });
    konnect.patched_by_another_user("/eu/v3/audit-log-webhook", &by_destination);
    let endpoint = |region: &str, more: Json| {
        let mut body =
            json!({ "endpoint": "https://siem.example.com/own", "authorization": "Bearer of-the-console" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        konnect.patched_by_another_user(&format!("/{region}/v2/audit-log-webhook"), &body);
    };
    endpoint(
        "us",
        json!({ "enabled": true, "log_format": "json", "skip_ssl_verification": true }),
    );
    endpoint("au", json!({ "enabled": false }));
}

/// A list block with arguments of its `config` block.
fn block(type_name: &str, limit: usize, arguments: &Json) -> String {
    let arguments = arguments.as_object().unwrap().iter();
    let arguments: Vec<_> = arguments
        .map(|(name, value)| format!("    {name} = {value}\n"))
        .collect();
    let arguments = arguments.concat();
    format!(
        "list \"{type_name}\" \"all\" {{\n  provider = konnect\n  limit = {limit}\n  config {{\n{arguments}  }}\n}}\n"
    )
}

/// The results of a list, and the summaries of its diagnostics.
#[derive(Debug, PartialEq)]
struct Found {
    display_names: Vec<String>,
    identities: Vec<BTreeMap<String, String>>,
    diagnostics: Vec<String>,
    failed: bool,
}

/// Lists objects with the CLI, or at the protocol if the CLI does not support it.
fn list(workspace: &Workspace, type_name: &str, limit: usize, arguments: &Json) -> Found {
    if cli().supports_or_reports(Feature::Query) {
        list_by_cli(workspace, type_name, limit, arguments)
    } else {
        at_protocol(workspace, async |plugin| {
            list_at_protocol(plugin, type_name, limit, arguments).await
        })
    }
}

fn list_by_cli(workspace: &Workspace, type_name: &str, limit: usize, arguments: &Json) -> Found {
    workspace.write("find.tfquery.hcl", &block(type_name, limit, arguments));
    let run = workspace.run(&["query", "-json"]);
    let results = run.found();
    Found {
        display_names: results.iter().map(|result| result.display_name.clone()).collect(),
        identities: results
            .iter()
            .map(|result| {
                let parts = result.identity.as_object().unwrap().iter();
                parts
                    .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                    .collect()
            })
            .collect(),
        // The CLI adds a warning if there are no results.
        diagnostics: run.diagnostics.iter().map(|d| d.summary.clone()).collect(),
        failed: run.code != Some(0),
    }
}

async fn list_at_protocol(plugin: &Plugin, type_name: &str, limit: usize, arguments: &Json) -> Found {
    let arguments: Vec<_> = arguments
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value_of(value)))
        .collect();
    let list = plugin.list_resource(type_name);
    assert_no_errors(&list.validate(&arguments).await);
    let (results, diagnostics) = list.list(&arguments, false, limit).await;
    let failed = diagnostics.iter().any(|d| d.severity == 1);
    Found {
        display_names: results.iter().map(|result| result.display_name.clone()).collect(),
        identities: results.iter().map(|result| texts(&result.identity)).collect(),
        diagnostics: diagnostics.into_iter().map(|d| d.summary).collect(),
        failed,
    }
}

fn texts(identity: &Value) -> BTreeMap<String, String> {
    let parts = identity.as_object().unwrap().iter();
    parts
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::String(text) => text.as_str().into(),
        Json::Bool(value) => Value::Bool(*value),
        Json::Array(elements) => Value::List(elements.iter().map(value_of).collect()),
        other => panic!("{other} is not in any test"),
    }
}

/// Starts the plugin without a CLI, with a provider block for the Konnect of the workspace.
pub fn at_protocol<T>(workspace: &Workspace, test: impl AsyncFnOnce(&Plugin) -> T) -> T {
    let url = format!("{}/{{region}}", workspace.konnect.url());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let launch = Launch::without_tls(env!("CARGO_BIN_EXE_terraform-provider-konnect"));
        let plugin = Box::pin(Plugin::launch(launch)).await;
        let shape = Shape::of(plugin.schema.provider.as_ref().unwrap());
        let config = shape.object(&[
            ("personal_access_token", TOKEN.into()),
            ("server_url", url.as_str().into()),
            ("max_retries", Value::from(0_i64)),
        ]);
        assert_no_errors(&plugin.configure(shape.encode(&config)).await);
        let result = test(&plugin).await;
        plugin.host.end().await;
        result
    })
}

/// Imports the listed objects with generated configuration, and asserts that no changes remain. Returns the number of
/// objects.
async fn round_trip_at_protocol(plugin: &Plugin) -> usize {
    let mut imported = 0;
    for type_name in [DESTINATION, WEBHOOK] {
        let list = plugin.list_resource(type_name);
        let (results, diagnostics) = list.list(&[], true, 100).await;
        assert_eq!(diagnostics, []);
        let resource = &list.resource;
        for result in results {
            let identity: Vec<_> = result.identity.as_object().unwrap().iter().collect();
            let identity: Vec<_> = identity
                .iter()
                .map(|(name, value)| (name.as_str(), (*value).clone()))
                .collect();
            let state = resource.import_identity(&identity).await;
            assert_no_errors(&state.diagnostics);
            let state = resource.read(&state).await;
            assert_eq!(
                Some(&state.value),
                result.object.as_ref(),
                "the list and the read differ"
            );
            // Terraform generates from the result of a query, and from the read of an import.
            let config = resource.generate_config(&state.value).await;
            assert_no_errors(&resource.validate(&config).await);
            let plan = resource.plan(&state, &config).await;
            assert_no_errors(&plan.diagnostics);
            assert_eq!(
                plan.planned, state.value,
                "the plan changes {}",
                result.display_name
            );
            assert!(plan.requires_replace.is_empty());
            imported += 1;
        }
    }
    imported
}

fn writes(workspace: &Workspace) -> Vec<String> {
    workspace
        .konnect
        .take_writes()
        .into_iter()
        .map(|write| write.call)
        .collect()
}

#[test]
fn existing_objects_import_at_the_protocol_without_a_change() {
    let workspace = Workspace::new();
    console(&workspace);
    writes(&workspace);
    assert_eq!(at_protocol(&workspace, round_trip_at_protocol), 6);
    assert_eq!(writes(&workspace), [""; 0]);
}

#[test]
fn existing_objects_import_with_generated_configuration_unchanged() {
    let workspace = Workspace::new();
    console(&workspace);
    writes(&workspace);
    if !cli().supports_or_reports(Feature::Query) {
        assert_eq!(at_protocol(&workspace, round_trip_at_protocol), 6);
        return;
    }
    workspace.configure("");
    workspace.init();
    let blocks = [DESTINATION, WEBHOOK].map(|type_name| block(type_name, 100, &json!({})));
    workspace.write("find.tfquery.hcl", &blocks.concat());
    workspace.run(&["validate", "-query", "-json"]).succeeds();
    workspace
        .run(&["query", "-no-color", "-generate-config-out=generated.tf"])
        .succeeds();
    let generated = fs::read_to_string(workspace.path("generated.tf")).unwrap();
    for superfluous in ["\"cef\"", "created_at", "updated_at"] {
        assert!(!generated.contains(superfluous), "{superfluous} in {generated}");
    }
    let planned = workspace.run(&["plan", "-no-color"]).succeeds();
    assert!(
        planned
            .stdout
            .contains("Plan: 6 to import, 0 to add, 0 to change, 0 to destroy."),
        "{}\n{generated}",
        planned.report()
    );
    let run = workspace.apply();
    // For two existing objects.
    let expected = "Deliveries can be intercepted";
    assert!(
        run.warnings().iter().all(|warning| warning.summary == expected),
        "{}",
        run.report()
    );
    workspace.assert_no_changes();
    assert_eq!(writes(&workspace), [""; 0], "the credentials are not managed");
    assert_eq!(workspace.state().addresses().len(), 6);
}

#[test]
fn destinations_are_listed_by_name_and_filtered() {
    let workspace = Workspace::of("");
    console(&workspace);
    let found = list(&workspace, DESTINATION, 100, &json!({}));
    assert_eq!(found.display_names, ["alpha", "beta", "beta"]);
    assert!(!found.failed && found.diagnostics.is_empty(), "{found:?}");
    let ids: Vec<_> = found
        .identities
        .iter()
        .map(|identity| identity["id"].clone())
        .collect();
    assert!(ids[1] < ids[2], "destinations of one name by id");
    let filtered = list(&workspace, DESTINATION, 100, &json!({ "name_contains": "lph" }));
    assert_eq!(filtered.display_names, ["alpha"]);
    let limited = list(&workspace, DESTINATION, 2, &json!({ "name": "beta" }));
    assert_eq!(limited.display_names, ["beta", "beta"]);
}

#[test]
fn webhooks_are_listed_by_region_and_one_that_fails_is_a_warning() {
    let workspace = Workspace::of("");
    console(&workspace);
    let regions = |found: &Found| -> Vec<String> {
        let identities = found.identities.iter();
        identities.map(|identity| identity["region"].clone()).collect()
    };
    let found = list(&workspace, WEBHOOK, 100, &json!({}));
    assert_eq!(
        regions(&found),
        ["us", "eu", "au"],
        "in the order of the known regions"
    );
    assert_eq!(found.display_names[0], "us: an endpoint on siem.example.com (on)");
    assert!(found.diagnostics.is_empty());
    let ordered = json!({ "regions": ["au", "me", "eu"] });
    assert_eq!(regions(&list(&workspace, WEBHOOK, 100, &ordered)), ["au", "eu"]);

    let portal = workspace.konnect.add_portal("au", "developers").unwrap();
    let id = workspace.konnect.destinations("global")[0]["id"].clone();
    let edit = json!({ "audit_log_destination_id": id, "enabled": true });
    workspace
        .konnect
        .edit_portal_webhook("au", &portal, edit)
        .unwrap();
    workspace.konnect.add_portal("au", "without a webhook").unwrap();
    let with_portals = json!({ "regions": ["au"], "include_portals": true });
    let found = list(&workspace, WEBHOOK, 100, &with_portals);
    assert_eq!(found.identities.len(), 2);
    assert_eq!(found.identities[1]["portal_id"], portal);

    // Only v2 shows the webhook of `us`, and the token may not read it.
    for (code, region) in [(503, "eu"), (403, "us")] {
        let unreadable = FaultRule::new(Fault::status(code)).region(region).always();
        let unreadable = if code == 403 {
            unreadable.path("/v2/")
        } else {
            unreadable
        };
        workspace.konnect.inject(unreadable).unwrap();
    }
    let found = list(
        &workspace,
        WEBHOOK,
        100,
        &json!({ "regions": ["au", "eu", "us"] }),
    );
    assert_eq!(regions(&found), ["au"]);
    let unreadable = ["eu", "us"].map(|region| format!("Webhook of region {region} can't be read"));
    assert_eq!(found.diagnostics, unreadable);
    assert!(!found.failed);
}

#[test]
fn examples_of_list_resources_are_valid() {
    for type_name in [DESTINATION, WEBHOOK] {
        let file = format!("examples/list-resources/{type_name}/list-resource.tfquery.hcl");
        let workspace = Workspace::new();
        console(&workspace);
        workspace.copy("examples/provider", ".");
        workspace.copy(&file, "list-resource.tfquery.hcl");
        workspace.init();
        let text = fs::read_to_string(project(&file)).unwrap();
        assert_eq!(text.matches("\nlist ").count(), 2, "{file}");
        if cli().supports_or_reports(Feature::Query) {
            workspace.run(&["validate", "-query", "-json"]).succeeds();
            assert_ne!(workspace.query(), []);
        } else {
            let arguments = match type_name {
                DESTINATION => json!({ "name_contains": "SIEM" }),
                _ => json!({ "regions": ["eu", "us"] }),
            };
            for name in arguments.as_object().unwrap().keys() {
                assert!(text.contains(&format!("    {name} ")), "{file}");
            }
            let found = list(&workspace, type_name, 10, &arguments);
            assert!(!found.failed, "{found:?}");
        }
    }
}
