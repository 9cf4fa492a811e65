//! The clock from the view of a client.

use std::time::{Duration, SystemTime};

use crate::tests::{call, new_destination};
use crate::{Emulator, EmulatorOptions};

#[tokio::test]
async fn clock_offset_applies_to_all_times() {
    let options = EmulatorOptions {
        clock_offset_seconds: -86_400,
        ..EmulatorOptions::default()
    };
    let konnect = Emulator::start(options).await.unwrap();
    for _ in 0..2 {
        let made = call(
            &konnect,
            "POST",
            "/eu/v3/audit-log-destinations",
            new_destination("a"),
        )
        .await;
        let created = made.json()["created_at"].as_str().unwrap().to_owned();
        let yesterday = SystemTime::now() - Duration::from_hours(24);
        for date in [
            humantime::parse_rfc3339(&created).unwrap(),
            httpdate::parse_http_date(&made.headers["date"]).unwrap(),
        ] {
            let off = yesterday.duration_since(date).unwrap_or_else(|e| e.duration());
            assert!(off < Duration::from_hours(1), "{date:?}");
        }
        konnect.reset();
    }
}
