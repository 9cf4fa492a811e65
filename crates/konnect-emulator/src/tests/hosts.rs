//! The organization, the signing keys, what else Kong's own clients call, and the hosts that they use.

use serde_json::{Value, json};

use crate::tests::{TOKEN, has, start};
use crate::{Certificate, Emulator, EmulatorOptions};

#[tokio::test]
async fn host_of_a_region_selects_it() {
    let konnect = start().await;
    konnect.add_portal("eu", "Developers").unwrap();
    let one = format!("/v2/audit-log-destinations/{}", konnect.create("eu", "a").await);
    for (host, path, status, portals) in [
        ("eu.api.konghq.com", "/v3/portals", 200, json!(1)),
        ("EU.api.konghq.com:8443", "/v3/portals", 200, json!(1)),
        ("us.api.konghq.com", "/v3/portals", 200, json!(0)),
        ("eu.api.konghq.com", &one, 200, Value::Null),
        ("global.api.konghq.com", "/v3/organizations/me", 200, Value::Null),
        // A host of Konnect has no region in its path.
        ("eu.api.konghq.com", "/eu/v3/portals", 404, Value::Null),
        ("us.api.konghq.com", &one, 200, Value::Null),
    ] {
        let headers = [("host", host), ("authorization", TOKEN)];
        let reply = konnect.get_with(path, &headers).await.is(status);
        assert_eq!(reply.json()["meta"]["page"]["total"], portals, "{host}{path}");
    }
    let last = konnect.requests().pop().unwrap();
    assert_eq!((last.region.as_str(), last.status), ("us", Some(200)));
}

#[tokio::test]
async fn valid_certificate_names_the_hosts_of_konnect() {
    let options = EmulatorOptions {
        certificate: Some(Certificate::Valid),
        ..EmulatorOptions::default()
    };
    let konnect = Emulator::start(options).await.unwrap();
    let authority = reqwest::Certificate::from_pem(konnect.authority().unwrap().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .resolve("eu.api.konghq.com", konnect.address())
        .build()
        .unwrap();
    let port = konnect.address().port();
    let url = format!("https://eu.api.konghq.com:{port}/v3/portals");
    let response = client.get(url).bearer_auth("kpat_x").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(konnect.requests()[0].region, "eu");
}

#[tokio::test]
async fn available_regions_need_no_token() {
    let konnect = start().await;
    let path = "/global/v3/available-regions";
    let regions = json!({"stable": ["us", "eu", "au", "me", "in"], "stable_opt_in": ["sg"], "beta": []});
    let reply = konnect.get_with(path, &[]).await.is(200);
    assert_eq!(reply.json(), json!({ "regions": regions }));
    let calls = json!([
        ["GET", "/eu/v3/available-regions", null, 404],
        ["POST", path, {}, 405]
    ]);
    konnect.run(calls).await;
}

#[tokio::test]
async fn control_planes_are_none_and_make_the_event_of_the_guide() {
    let konnect = start().await;
    let path = "/eu/v2/control-planes";
    let none = json!({"data": [], "meta": {"page": {"number": 1, "size": 10, "total": 0}}});
    konnect.shows(path, &none).await;
    let events = konnect.read("/eu/v3/audit-logs?filter[type]=authorization").await;
    let event = &events["data"][0];
    has(event, &json!({"action": "list", "granted": true}));
    let resource = event["resource"].as_str().unwrap();
    assert!(resource.starts_with("krn:konnect:reg/eu:org/") && resource.ends_with(":control-planes"));
    konnect.get_with(path, &[]).await.problem(401);
    konnect.post(path, Value::Null).await.is(405);
}

#[tokio::test]
async fn organization_and_user_are_on_global_only() {
    let konnect = start().await;
    let path = "/global/v3/organizations/me";
    let edit = json!({"name": "Example", "login_path": "example"});
    konnect
        .get_with(path, &[("authorization", "Bearer spat_x")])
        .await
        .is(200);
    konnect.get_with(path, &[]).await.problem(401);
    // A system account has no user.
    let user = "/global/v3/users/me";
    konnect
        .get_with(user, &[("authorization", "Bearer spat_x")])
        .await
        .problem(401);
    let calls = json!([
        ["GET", user, null, 200, {"email": "ada@example.com", "active": true}],
        ["GET", "/eu/v3/users/me", null, 404],
        ["GET", path, null, 200, {"state": "active"}],
        ["GET", "/eu/v3/organizations/me", null, 404],
        ["GET", "/v3/organizations/me", null, 404],
        ["POST", "/_emulator/commands", {"command": "edit_organization", "set": edit}, 200, edit],
        ["GET", path, null, 200, edit],
    ]);
    konnect.run(calls).await;
    assert!(konnect.edit_organization(json!({"colour": "red"})).is_err());
    assert!(konnect.edit_organization(json!({"name": 1})).is_err());
}

#[tokio::test]
async fn jwks_needs_no_token_and_makes_no_event() {
    let konnect = start().await;
    let reply = konnect.get_with("/eu/v2/audit-log-webhook/jwks.json", &[]).await;
    assert_eq!(reply.headers["content-type"], "application/json");
    let jwks = reply.is(200).json();
    assert_eq!(jwks, konnect.jwks());
    let key = &jwks["keys"][0];
    has(key, &json!({"kty": "OKP", "alg": "EdDSA", "crv": "Ed25519"}));
    let length = |field: &str| key[field].as_str().unwrap().len();
    assert_eq!((length("kid"), length("x")), (40, 43));
    let pulled = konnect.read("/eu/v3/audit-logs").await;
    assert!(pulled["data"].as_array().unwrap().is_empty());
}
