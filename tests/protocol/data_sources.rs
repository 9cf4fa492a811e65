//! The requests of data sources, at the protocol. `tests/terraform/lookups.rs` reads them through the CLI.

use konnect_emulator::EventKind;
use terraform_plugin::Value;
use terraform_plugin::testing::value::assert_no_errors;

use crate::konnect::Konnect;

#[tokio::test]
async fn read_events_requests_pages_only_as_the_limit_needs() {
    let konnect = Konnect::configured().await;
    konnect.emulator.trigger("eu", EventKind::Access, 1_000).unwrap();
    konnect.emulator.trigger("eu", EventKind::Access, 1_000).unwrap();
    let lookup = konnect.data_source("konnect_audit_log_events");
    for (limit, requests) in [(1, 1), (1_000, 1), (1_500, 2)] {
        konnect.emulator.clear_requests();
        let arguments = [("region", "eu".into()), ("limit", Value::from(limit))];
        assert_no_errors(&lookup.validate(&arguments).await);
        let found = lookup.read(&arguments).await.unwrap();
        assert_eq!(found.get("event_count"), &Value::from(limit));
        assert_eq!(konnect.requests(), requests, "for {limit} events");
    }
    konnect.end().await;
}
