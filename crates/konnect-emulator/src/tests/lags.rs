//! Changes that take effect with a delay.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Behavior;
use crate::tests::{create, expect, start};

#[tokio::test]
async fn delete_destination_released_conflicts_during_lag() {
    let emulator = start().await;
    emulator.set_behavior(Behavior {
        in_use_lag_ms: 3_600_000,
        ..Behavior::default()
    });
    let id = create(&emulator, "global", "a").await;
    let unused = create(&emulator, "global", "b").await;
    let (webhook, path) = (
        "/eu/v3/audit-log-webhook",
        format!("/global/v3/audit-log-destinations/{id}"),
    );
    let body = json!({"audit_log_destination_id": id, "enabled": true});
    expect(&emulator, "PATCH", webhook, body, 200).await;
    expect(&emulator, "DELETE", webhook, Value::Null, 204).await;
    expect(&emulator, "DELETE", &path, Value::Null, 409).await;
    let other = format!("/global/v3/audit-log-destinations/{unused}");
    expect(&emulator, "DELETE", &other, Value::Null, 204).await;
    emulator.advance_clock(Duration::from_mins(61));
    expect(&emulator, "DELETE", &path, Value::Null, 204).await;
}

#[tokio::test]
async fn patch_webhook_new_global_destination_is_not_found_during_lag() {
    let emulator = start().await;
    emulator.set_behavior(Behavior {
        new_destination_lag_ms: 3_600_000,
        separate_destinations: true,
        ..Behavior::default()
    });
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    let paths = [
        "/eu/v3/audit-log-webhook".to_owned(),
        format!("/eu/v3/portals/{portal}/audit-log-webhook"),
    ];
    let global = json!({"audit_log_destination_id": create(&emulator, "global", "a").await});
    let own = json!({"audit_log_destination_id": create(&emulator, "eu", "b").await});
    for path in &paths {
        expect(&emulator, "PATCH", path, global.clone(), 404).await;
        expect(&emulator, "PATCH", path, own.clone(), 200).await;
    }
    emulator.advance_clock(Duration::from_mins(61));
    for path in &paths {
        expect(&emulator, "PATCH", path, global.clone(), 200).await;
    }
}
