//! The keys that sign events.

use serde_json::Value;

use crate::tests::{Reply, get, raw, start};

const JWKS: &str = "/eu/v2/audit-log-webhook/jwks.json";

fn ids(jwks: &Value) -> Vec<&str> {
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn jwks_needs_no_token_and_makes_no_event() {
    let emulator = start().await;
    let reply = Reply::parse(&raw(&emulator, "GET", JWKS, &[], b"").await);
    assert_eq!(
        (reply.status, reply.headers["content-type"].as_str()),
        (200, "application/json")
    );
    let jwks = reply.json();
    assert_eq!(jwks, emulator.jwks());
    let key = &jwks["keys"][0];
    for (field, value) in [("kty", "OKP"), ("alg", "EdDSA"), ("crv", "Ed25519")] {
        assert_eq!(key[field], value);
    }
    assert_eq!((ids(&jwks)[0].len(), key["x"].as_str().unwrap().len()), (40, 43));
    let pulled = get(&emulator, "/eu/v3/audit-logs").await.json();
    assert!(pulled["data"].as_array().unwrap().is_empty());
    get(&emulator, "/eu/v3/audit-log-webhook/jwks.json")
        .await
        .problem(404);
}
