//! An interruption: calls start no new requests. `tests/terraform/interrupts/` interrupts the calls of a CLI.

use terraform_plugin::Value;
use terraform_plugin::testing::terraform::State;
use terraform_plugin::testing::value::{assert_no_errors, error};

use crate::konnect::{Konnect, siem};

#[tokio::test]
async fn apply_after_stop_errors_without_request() {
    let konnect = Konnect::configured().await;
    let destination = konnect.destination();
    let config = siem(&destination, "siem");
    let plan = destination.plan(&State::none(), &config).await;
    assert_no_errors(&plan.diagnostics);
    konnect.emulator.clear_requests();
    konnect.stop().await;
    for _ in 0..2 {
        let state = destination.apply(&plan).await;
        let said = error(&state.diagnostics);
        assert!(said.contains("interrupted"), "{said}");
        assert_eq!(state.value, Value::Null);
        // A new configuration does not end the interruption.
        assert_no_errors(&konnect.configure(konnect.config()).await);
    }
    assert_eq!(konnect.requests(), 0);
    konnect.end().await;
}
