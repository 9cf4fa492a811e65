//! Lists and generated configuration at the protocol. `tests/terraform/query.rs` runs `terraform query`.

use konnect_emulator::{Fault, FaultRule};
use serde_json::json;
use terraform_plugin::Value;
use terraform_plugin::testing::Listed;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{DESTINATION, Konnect, WEBHOOK};

/// The paths of the requests since the last call.
fn paths(konnect: &Konnect) -> Vec<String> {
    let paths = konnect
        .emulator
        .requests()
        .into_iter()
        .map(|request| request.path)
        .collect();
    konnect.emulator.clear_requests();
    paths
}

/// Three destinations, a webhook with one of them, one with an endpoint and other settings, and one that is switched off.
fn existing(konnect: &Konnect) {
    let ids = konnect.emulator.add_destinations("global", 3).unwrap();
    for (id, set) in ids.iter().zip([
        json!({ "name": "beta" }),
        json!({ "name": "alpha", "log_format": "json", "skip_ssl_verification": true }),
        json!({ "name": "beta", "log_format": "cps" }),
    ]) {
        konnect.emulator.edit_destination("global", id, set).unwrap();
    }
    let own = "https://siem.example.com/own";
    for (region, set) in [
        (
            "eu",
            json!({ "audit_log_destination_id": ids[0], "enabled": true }),
        ),
        (
            "us",
            json!({ "endpoint": own, "enabled": true, "log_format": "json", "skip_ssl_verification": true }),
        ),
        ("au", json!({ "endpoint": own, "enabled": false })),
    ] {
        konnect.emulator.edit_webhook(region, set).unwrap();
    }
}

fn names(results: &[Listed]) -> Vec<&str> {
    results
        .iter()
        .map(|result| result.display_name.as_str())
        .collect()
}

fn regions(results: &[Listed]) -> Vec<&str> {
    let regions = results.iter().map(|result| result.identity.get("region"));
    regions.filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn existing_objects_import_with_generated_configuration_unchanged() {
    let konnect = Konnect::configured().await;
    existing(&konnect);
    paths(&konnect);
    for type_name in [DESTINATION, WEBHOOK] {
        let list = konnect.list_resource(type_name);
        let (results, diagnostics) = list.list(&[], true, 100).await;
        assert_eq!((results.len(), diagnostics), (3, vec![]));
        let resource = &list.resource;
        for result in results {
            let identity = result.identity.as_object().unwrap().iter();
            let identity: Vec<_> = identity
                .map(|(name, value)| (name.as_str(), value.clone()))
                .collect();
            let state = resource.import_identity(&identity).await;
            assert_no_errors(&state.diagnostics);
            let state = resource.read(&state).await;
            assert_eq!(Some(&state.value), result.object.as_ref(), "list and read differ");
            // Terraform generates from the result of a query, and from the read of an import.
            let config = resource.generate_config(&state.value).await;
            assert_no_errors(&resource.validate(&config).await);
            let plan = resource.plan(&state, &config).await;
            assert_no_errors(&plan.diagnostics);
            assert_eq!(plan.planned, state.value, "{}", result.display_name);
            assert!(plan.requires_replace.is_empty());
        }
    }
    let writes = konnect.emulator.requests().into_iter();
    assert_eq!(writes.filter(|request| request.method != "GET").count(), 0);
    konnect.end().await;
}

#[tokio::test]
async fn destinations_are_listed_by_name_and_filtered() {
    let konnect = Konnect::configured().await;
    existing(&konnect);
    let list = konnect.list_resource(DESTINATION);
    for (arguments, limit, expected) in [
        (vec![], 100, &["alpha", "beta", "beta"][..]),
        (vec![("name_contains", "lph".into())], 100, &["alpha"]),
        (vec![("name", "beta".into())], 1, &["beta"]),
    ] {
        let (results, diagnostics) = list.list(&arguments, false, limit).await;
        assert_eq!((names(&results), diagnostics), (expected.to_vec(), vec![]));
    }
    konnect.end().await;
}

#[tokio::test]
async fn webhooks_are_listed_by_region_and_one_that_fails_is_a_warning() {
    let konnect = Konnect::configured().await;
    existing(&konnect);
    let list = konnect.list_resource(WEBHOOK);
    let of = |regions: &[&str]| {
        let regions = regions.iter().map(|region| Value::from(*region));
        ("regions", Value::List(regions.collect()))
    };
    let (results, diagnostics) = list.list(&[], false, 100).await;
    let expected = ["us", "eu", "au"];
    assert_eq!(regions(&results), expected, "in the order of the known regions");
    assert_eq!(names(&results)[0], "us: an endpoint on siem.example.com (on)");
    assert_eq!(diagnostics, []);
    let (results, _) = list.list(&[of(&["au", "me", "eu"])], false, 100).await;
    assert_eq!(regions(&results), ["au", "eu"]);

    let emulator = &konnect.emulator;
    let portal = emulator.add_portal("au", "developers").unwrap();
    let id = emulator.region("eu")["webhook"]["audit_log_destination_id"].take();
    let edit = json!({ "audit_log_destination_id": id, "enabled": true });
    emulator.edit_webhook(("au", &portal), edit).unwrap();
    emulator.add_portal("au", "without a webhook").unwrap();
    let with_portals = [of(&["au"]), ("include_portals", true.into())];
    let (results, _) = list.list(&with_portals, false, 100).await;
    assert_eq!(results.len(), 2);
    assert_eq!(results[1].identity.get("portal_id"), &portal.as_str().into());

    // Only v2 shows the webhook of `us`, and the token may not read it.
    let fails = |code, region| FaultRule::new(Fault::status(code)).region(region).always();
    emulator.inject(fails(503, "eu")).unwrap();
    emulator.inject(fails(403, "us").path("/v2/")).unwrap();
    let (results, diagnostics) = list.list(&[of(&["au", "eu", "us"])], false, 100).await;
    assert_eq!(regions(&results), ["au"]);
    assert_no_errors(&diagnostics);
    let unreadable = ["eu", "us"].map(|region| format!("Webhook of region {region} can't be read"));
    let warned: Vec<_> = diagnostics.into_iter().map(|warning| warning.summary).collect();
    assert_eq!(warned, unreadable);
    konnect.end().await;
}

#[tokio::test]
async fn list_of_several_pages_is_sorted_and_needs_no_request_for_each_object() {
    let konnect = Konnect::configured().await;
    konnect.emulator.add_destinations("global", 250).unwrap();
    let list = konnect.list_resource(DESTINATION);
    paths(&konnect);
    let (results, diagnostics) = list.list(&[], true, 10).await;
    assert_no_errors(&diagnostics);
    let requests = paths(&konnect);
    assert_eq!((results.len(), requests.len()), (10, 1), "{requests:?}");
    let (results, diagnostics) = list.list(&[], true, 1_000).await;
    assert_no_errors(&diagnostics);
    let requests = paths(&konnect);
    assert!(requests.len() <= 4, "{requests:?}");
    let keys: Vec<_> = results
        .iter()
        .map(|result| {
            let id = result.identity.get("id").as_str().unwrap().to_owned();
            let object = result.object.as_ref().unwrap();
            assert_eq!(object.get("name").as_str(), Some(result.display_name.as_str()));
            (result.display_name.clone(), id)
        })
        .collect();
    assert_eq!(keys.len(), 250);
    assert!(keys.is_sorted(), "by name, then by id");
    konnect.end().await;
}

#[tokio::test]
async fn list_invalid_config_is_an_error_on_its_argument() {
    let konnect = Konnect::configured().await;
    let destinations = konnect.list_resource(DESTINATION);
    let both = destinations
        .validate(&[("name", "a".into()), ("name_contains", "b".into())])
        .await;
    assert!(error(&both).contains("together"));
    let webhooks = konnect.list_resource(WEBHOOK);
    let regions = |regions: &[&str]| Value::List(regions.iter().map(|region| Value::from(*region)).collect());
    let invalid = webhooks.validate(&[("regions", regions(&["eu", "EU"]))]).await;
    assert!(error(&invalid).contains("`eu`"), "{invalid:?}");
    assert_no_errors(&webhooks.validate(&[("regions", Value::Unknown)]).await);
    assert_no_errors(&webhooks.validate(&[]).await);
    konnect.end().await;
}

#[tokio::test]
async fn generated_webhook_omits_the_defaults_of_its_form() {
    let konnect = Konnect::configured().await;
    let resource = konnect.webhook();
    let own = |format: &str, skip: bool| {
        resource.shape.object(&[
            ("id", "eu".into()),
            ("region", "eu".into()),
            ("enabled", true.into()),
            ("endpoint", "https://siem.example.com/".into()),
            ("log_format", format.into()),
            ("skip_ssl_verification", skip.into()),
            ("updated_at", "2026-01-02T03:04:05Z".into()),
            ("replace_existing", false.into()),
        ])
    };
    let config = resource.generate_config(&own("cef", false)).await;
    let least = [
        ("region", "eu".into()),
        ("endpoint", "https://siem.example.com/".into()),
    ];
    assert_eq!(config, resource.shape.object(&least));
    let config = resource.generate_config(&own("json", true)).await;
    assert_eq!(config.get("log_format"), &"json".into());
    assert_eq!(config.get("skip_ssl_verification"), &true.into());
    konnect.end().await;
}
