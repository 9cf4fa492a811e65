//! Values and responses in other forms than usual.

use serde_json::json;

use crate::tests::{call, get, has, start, start_with};
use crate::{Behavior, EndpointForm};

const LIST: &str = "/global/v3/audit-log-destinations";
const V2: &str = "/eu/v2/audit-log-webhook";

#[tokio::test]
async fn endpoint_form_applies_to_destinations_and_webhooks() {
    let konnect = start().await;
    let endpoint = "https://siem.example.com:443/in?a=b";
    let body = json!({"name": "a", "endpoint": endpoint, "authorization": "x", "log_format": "cef"});
    let id = call(&konnect, "POST", LIST, body).await.json()["id"].clone();
    let webhook = json!({"endpoint": endpoint, "authorization": "x"});
    call(&konnect, "PATCH", V2, webhook).await;
    for (endpoint_form, expected) in [
        (EndpointForm::AsSent, endpoint),
        (
            EndpointForm::TrailingSlash,
            "https://siem.example.com:443/in?a=b/",
        ),
        (EndpointForm::UpperCaseHost, "HTTPS://SIEM.EXAMPLE.COM:443/in?a=b"),
        (
            EndpointForm::WithoutDefaultPort,
            "https://siem.example.com/in?a=b",
        ),
    ] {
        konnect.set_behavior(Behavior {
            endpoint_form,
            ..Behavior::default()
        });
        let one = format!("{LIST}/{}", id.as_str().unwrap());
        for path in [one.as_str(), V2] {
            assert_eq!(get(&konnect, path).await.json()["endpoint"], expected);
        }
    }
    assert_eq!(
        get(&konnect, "/us/v2/audit-log-webhook").await.json()["endpoint"],
        "unconfigured"
    );
}

#[tokio::test]
async fn ids_and_names_in_another_form_are_still_known() {
    let konnect = start_with(Behavior {
        upper_case_ids: true,
        decomposed_names: true,
        ..Behavior::default()
    })
    .await;
    let body =
        json!({"name": "\u{e4}", "endpoint": "https://a.example", "authorization": "x", "log_format": "cef"});
    let made = call(&konnect, "POST", LIST, body).await.json();
    assert_eq!(made["name"], "a\u{308}");
    let id = made["id"].as_str().unwrap();
    assert_eq!(id, id.to_ascii_uppercase());
    assert_eq!(get(&konnect, &format!("{LIST}/{id}")).await.json(), made);
    let webhook = json!({"audit_log_destination_id": id, "enabled": true});
    let v3 = "/eu/v3/audit-log-webhook";
    assert_eq!(call(&konnect, "PATCH", v3, webhook.clone()).await.json(), webhook);
    let portal = konnect.add_portal("eu", "\u{e4}").unwrap().to_ascii_uppercase();
    let shown = get(&konnect, &format!("/eu/v3/portals/{portal}")).await.json();
    has(&shown, &json!({"id": portal, "name": "a\u{308}"}));
}

#[tokio::test]
async fn ignore_null_treats_a_field_as_absent() {
    let konnect = start().await;
    let body = json!({"endpoint": "https://a.example", "authorization": "x", "log_format": null});
    let refused = call(&konnect, "PATCH", V2, body.clone()).await;
    assert_eq!(refused.faulty_fields(), ["log_format"]);
    konnect.set_behavior(Behavior {
        ignore_null: true,
        ..Behavior::default()
    });
    let accepted = call(&konnect, "PATCH", V2, body).await;
    assert_eq!(accepted.json()["log_format"], "cef");
}
