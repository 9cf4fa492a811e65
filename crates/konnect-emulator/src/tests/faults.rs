//! Faults and rules. `tests/faults` of the provider combines each fault with each request.

use serde_json::json;

use crate::tests::{new_destination, start};
use crate::{Emulator, Fault, FaultRule};

const LIST: &str = "/global/v3/audit-log-destinations";

fn stored(konnect: &Emulator) -> usize {
    konnect.snapshot()["regions"]["global"]["destinations"]
        .as_object()
        .map_or(0, serde_json::Map::len)
}

#[tokio::test]
async fn rule_matches_as_often_as_specified() {
    let konnect = start().await;
    let teapot = || FaultRule::new(Fault::status(418));
    let patch = teapot().method("patch");
    let twice = teapot()
        .path_end("/audit-log-webhook")
        .region("eu")
        .skip(1)
        .times(2);
    let always = teapot().path("[size]=3").always();
    for rule in [&patch, &twice, &always] {
        konnect.inject(rule.clone()).unwrap();
    }
    let calls = json!([
        ["GET", "/eu/v2/audit-log-webhook", null, 200],
        ["GET", "/eu/v2/audit-log-webhook/status", null, 200],
        ["GET", "/us/v2/audit-log-webhook", null, 200],
        ["GET", "/eu/v2/audit-log-webhook", null, 418],
        ["GET", "/eu/v2/audit-log-webhook?x=1", null, 418],
        ["GET", "/eu/v2/audit-log-webhook", null, 200],
        ["GET", "/eu/v2/audit-log-destinations?page[size]=3", null, 418],
        ["GET", "/eu/v2/audit-log-destinations?page[size]=3", null, 418],
    ]);
    konnect.run(calls).await;
    assert_eq!(konnect.faults(), [patch, always]);
    konnect.clear_faults();
    konnect
        .patch("/eu/v2/audit-log-webhook", json!({"enabled": false}))
        .await
        .is(200);
}

#[tokio::test]
async fn fault_hold_waits_until_cleared() {
    for handle in [false, true] {
        let konnect = start().await;
        konnect.inject(FaultRule::new(Fault::Hold { handle })).unwrap();
        let mut held = std::pin::pin!(konnect.post(LIST, new_destination("a")));
        while konnect.requests().is_empty() || stored(&konnect) != usize::from(handle) {
            assert!(futures_util::poll!(held.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        // Other requests are not delayed, and do not release the held one.
        assert_eq!(konnect.get("/global/v3/audit-log-webhook").await.status, 404);
        assert!(futures_util::poll!(held.as_mut()).is_pending());
        assert_eq!(konnect.requests()[0].status, None);
        konnect.clear_faults();
        held.await.is(201);
        assert_eq!((stored(&konnect), konnect.requests()[0].status), (1, Some(201)));
    }
}
