//! Lists and generated configuration at the protocol. `tests/terraform/query.rs` runs `terraform query`.

use terraform_plugin::Value;
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

#[tokio::test]
async fn list_limit_smaller_than_a_page_takes_one_request() {
    let konnect = Konnect::configured().await;
    konnect.emulator.add_destinations("global", 250).unwrap();
    let list = konnect.list_resource(DESTINATION);
    paths(&konnect);
    let (results, diagnostics) = list.list(&[], true, 10).await;
    assert_no_errors(&diagnostics);
    assert_eq!(results.len(), 10);
    let requests = paths(&konnect);
    assert_eq!(requests.len(), 1, "{requests:?}");
    konnect.end().await;
}

#[tokio::test]
async fn list_of_several_pages_is_sorted_and_needs_no_request_for_each_object() {
    let konnect = Konnect::configured().await;
    konnect.emulator.add_destinations("global", 250).unwrap();
    let list = konnect.list_resource(DESTINATION);
    paths(&konnect);
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
async fn list_zero_limit_finds_nothing() {
    let konnect = Konnect::configured().await;
    konnect.emulator.add_destinations("global", 1).unwrap();
    let (results, diagnostics) = konnect.list_resource(DESTINATION).list(&[], false, 0).await;
    assert_no_errors(&diagnostics);
    assert_eq!(results, []);
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
