//! Faults and rules. `tests/faults` of the provider combines each fault with each request.

use serde_json::json;

use crate::tests::{new_destination, start};
use crate::{Emulator, Fault, FaultRule, Headers};

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
    let webhook = "/eu/v2/audit-log-webhook";
    konnect.inject(teapot().method("patch")).unwrap();
    konnect
        .inject(
            teapot()
                .path_end("/audit-log-webhook")
                .region("eu")
                .skip(1)
                .times(2),
        )
        .unwrap();
    konnect.inject(teapot().path("[size]=3").always()).unwrap();
    let mut statuses = Vec::new();
    for path in [
        webhook,
        "/eu/v2/audit-log-webhook/status",
        "/us/v2/audit-log-webhook",
        webhook,
        "/eu/v2/audit-log-webhook?x=1",
        webhook,
        "/eu/v2/audit-log-destinations?page[size]=3",
        "/eu/v2/audit-log-destinations?page[size]=3",
    ] {
        statuses.push(konnect.get(path).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 418, 418, 200, 418, 418]);
    let left = konnect.faults();
    assert_eq!(
        left,
        [teapot().method("patch"), teapot().path("[size]=3").always()]
    );
    konnect.clear_faults();
    konnect.patch(webhook, json!({"enabled": false})).await.is(200);
}

#[tokio::test]
async fn rule_not_sendable_is_refused() {
    let konnect = start().await;
    let body = |status, name: &str, value: &str| Fault::Body {
        handle: false,
        status,
        headers: Headers::from([(name.to_owned(), value.to_owned())]),
        body: String::new(),
    };
    for fault in [
        Fault::status(100),
        Fault::status(999),
        body(200, "a b", ""),
        body(200, "a", "\n"),
        body(0, "a", ""),
    ] {
        konnect.inject(FaultRule::new(fault)).unwrap_err();
    }
    assert!(konnect.faults().is_empty());
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
