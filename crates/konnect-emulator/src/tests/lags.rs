//! Changes that take effect with a delay.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Behavior;
use crate::tests::{call, create, start};

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
    assert_eq!(call(&emulator, "PATCH", webhook, body).await.status, 200);
    assert_eq!(call(&emulator, "DELETE", webhook, Value::Null).await.status, 204);
    call(&emulator, "DELETE", &path, Value::Null).await.problem(409);
    let other = format!("/global/v3/audit-log-destinations/{unused}");
    assert_eq!(call(&emulator, "DELETE", &other, Value::Null).await.status, 204);
    emulator.advance_clock(Duration::from_mins(61));
    assert_eq!(call(&emulator, "DELETE", &path, Value::Null).await.status, 204);
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
        call(&emulator, "PATCH", path, global.clone()).await.problem(404);
        assert_eq!(call(&emulator, "PATCH", path, own.clone()).await.status, 200);
    }
    emulator.advance_clock(Duration::from_mins(61));
    for path in &paths {
        assert_eq!(call(&emulator, "PATCH", path, global.clone()).await.status, 200);
    }
}
