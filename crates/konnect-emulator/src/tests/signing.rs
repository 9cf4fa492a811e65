//! The keys that sign events.

use std::time::Duration;

use serde_json::Value;

use crate::tests::receiver::{Receiver, signed, verifies};
use crate::tests::{Reply, get, raw, start};
use crate::{Certificate, Emulator, EmulatorOptions, EventKind};

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

#[tokio::test]
async fn rotate_key_set_lists_both_for_seven_days() {
    let receiver = Receiver::start(Certificate::Valid).await;
    let emulator = receiver.emulator().await;
    let old = emulator.jwks();
    let new = emulator.rotate_key().unwrap();
    assert_eq!((ids(&new).len(), ids(&new)[1]), (2, ids(&old)[0]));

    let edit = serde_json::json!({"endpoint": receiver.url, "authorization": "x", "enabled": true});
    emulator.edit_webhook("eu", edit).unwrap();
    emulator.trigger("eu", None, EventKind::Access, 1).unwrap();
    emulator.deliveries_drained().await;
    let (bytes, signature) = signed(&receiver.lines()[0]);
    assert!(verifies(&new, &bytes, &signature) && !verifies(&old, &bytes, &signature));

    emulator.advance_clock(Duration::from_hours(7 * 24 + 1));
    assert_eq!(ids(&emulator.jwks()), ids(&new)[..1]);
}

#[tokio::test]
async fn state_file_restart_keeps_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let options = EmulatorOptions {
        state_file: Some(folder.path().join("state.json")),
        ..EmulatorOptions::default()
    };
    let emulator = Emulator::start(options.clone()).await.unwrap();
    let jwks = emulator.rotate_key().unwrap();
    emulator.reset().unwrap();
    assert_eq!(
        emulator.jwks(),
        jwks,
        "a reset keeps the keys, which receivers may know"
    );
    emulator.stop().await;
    let emulator = Emulator::start(options).await.unwrap();
    assert_eq!(emulator.jwks(), jwks);
}
