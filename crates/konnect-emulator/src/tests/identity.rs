//! The organization, and the keys that sign events.

use serde_json::json;

use crate::tests::{has, start};

#[tokio::test]
async fn organization_any_token_on_global_only() {
    let emulator = start().await;
    let path = "/global/v3/organizations/me";
    for token in ["Bearer kpat_x", "Bearer spat_x"] {
        let reply = emulator.get_with(path, &[("authorization", token)]).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["state"], "active");
    }
    emulator.get_with(path, &[]).await.problem(401);
    emulator.get("/eu/v3/organizations/me").await.problem(404);
    emulator.get("/v3/organizations/me").await.problem(404);
    let edited = emulator
        .edit_organization(json!({"name": "Example", "login_path": "example"}))
        .unwrap();
    assert_eq!(edited["name"], "Example");
    emulator
        .has(path, &json!({"name": "Example", "login_path": "example"}))
        .await;
    assert!(emulator.edit_organization(json!({"colour": "red"})).is_err());
    assert!(emulator.edit_organization(json!({"name": 1})).is_err());
}

#[tokio::test]
async fn jwks_needs_no_token_and_makes_no_event() {
    let emulator = start().await;
    let reply = emulator.get_with("/eu/v2/audit-log-webhook/jwks.json", &[]).await;
    assert_eq!(reply.headers["content-type"], "application/json");
    let jwks = reply.is(200).json();
    assert_eq!(jwks, emulator.jwks());
    let key = &jwks["keys"][0];
    has(key, &json!({"kty": "OKP", "alg": "EdDSA", "crv": "Ed25519"}));
    let length = |field: &str| key[field].as_str().unwrap().len();
    assert_eq!((length("kid"), length("x")), (40, 43));
    let pulled = emulator.read("/eu/v3/audit-logs").await;
    assert!(pulled["data"].as_array().unwrap().is_empty());
}
