//! Past events (`GET /v3/audit-logs`).

use std::time::Duration;

use serde_json::{Value, json};

use crate::EventKind;
use crate::organization::clock;
use crate::tests::start;

const LOGS: &str = "/eu/v3/audit-logs";

fn cursor(link: &Value) -> String {
    let link = link.as_str().unwrap();
    assert!(link.starts_with("/audit-logs?"), "{link}");
    link.split_once('?').unwrap().1.to_owned()
}

fn traces(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|entry| entry["trace_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn list_pages_link_back_and_forth_newest_first() {
    let emulator = start().await;
    emulator.trigger("eu", EventKind::Access, 45).unwrap();
    let query = format!("{LOGS}?filter[type]=gateway_access");
    let first = emulator.read(&query).await;
    let meta = &first["meta"]["page"];
    assert_eq!(
        (traces(&first).len(), &meta["size"], &meta["previous"]),
        (20, &json!(20), &Value::Null)
    );
    let second = emulator.read(&format!("{LOGS}?{}", cursor(&meta["next"]))).await;
    let third = emulator
        .read(&format!("{LOGS}?{}", cursor(&second["meta"]["page"]["next"])))
        .await;
    assert_eq!(
        (traces(&third).len(), &third["meta"]["page"]["next"]),
        (5, &Value::Null)
    );
    let back = emulator
        .read(&format!("{LOGS}?{}", cursor(&second["meta"]["page"]["previous"])))
        .await;
    assert_eq!(traces(&back), traces(&first));
    let all = emulator.read(&format!("{query}&page[size]=1000")).await;
    assert_eq!(
        traces(&all),
        [traces(&first), traces(&second), traces(&third)].concat()
    );

    emulator.advance_clock(Duration::from_mins(1));
    emulator.trigger("eu", EventKind::AccessFailed, 1).unwrap();
    let newest = emulator.read(&format!("{query}&page[size]=1")).await;
    assert_eq!(newest["data"][0]["status_code"], 500);
}

#[tokio::test]
async fn list_filters_select_type_and_time() {
    let emulator = start().await;
    for kind in EventKind::ALL {
        emulator.trigger("eu", kind, 1).unwrap();
    }
    emulator.trigger("us", EventKind::Access, 1).unwrap();
    let portal = emulator.add_portal("eu", "Developers").unwrap();
    emulator
        .trigger(("eu", &portal), EventKind::Authentication, 1)
        .unwrap();
    let now = clock::Clock::default().now_ms();
    emulator.advance_clock(Duration::from_hours(2));
    for (query, count) in [
        ("filter[type]=gateway_access".to_owned(), 2),
        (format!("filter[ts][lte]={}", clock::rfc3339(now)), 7),
        (format!("filter[ts][lte]={}", clock::rfc3339(now - 3_600_000)), 0),
        (
            format!(
                "filter[ts][gte]={}&filter[type]=authorization",
                clock::rfc3339(now - 1000)
            ),
            2,
        ),
        (format!("filter[ts][gte]={}", clock::rfc3339(now + 1000)), 0),
    ] {
        // The events of this test's requests are two hours later.
        let late = clock::rfc3339(now + 3_600_000);
        let upper = if query.contains("[lte]") {
            String::new()
        } else {
            format!("&filter[ts][lte]={late}")
        };
        let page = emulator.read(&format!("{LOGS}?{query}{upper}")).await;
        assert_eq!(traces(&page).len(), count, "{query}: {page}");
    }
    let all = format!("{LOGS}?filter[type]=gateway_access&filter[ts][gte]=2026-01-01T00:00:00Z");
    assert!(!traces(&emulator.read(&all).await).is_empty());
    emulator.advance_clock(Duration::from_hours(7 * 24));
    assert!(traces(&emulator.read(&all).await).is_empty());
    let page = emulator
        .read(&format!("{LOGS}?filter[type]=gateway_access"))
        .await;
    assert!(traces(&page).is_empty(), "events are kept for seven days");
}

#[tokio::test]
async fn list_invalid_query_is_refused() {
    let emulator = start().await;
    for (query, field) in [
        ("page[size]=1001", "page[size]"),
        ("page[size]=0", "page[size]"),
        ("page[after]=x", "page[after]"),
        ("filter[ts][gte]=yesterday", "filter[ts][gte]"),
        ("filter[type]=other", "filter[type]"),
        ("filter[name]=x", "filter[name]"),
        ("page[size]=0&page[size]=x", "page[size]"),
        (
            "filter[ts][gte]=2026-01-02T00:00:00Z&filter[ts][lte]=2026-01-01T00:00:00Z",
            "filter[ts][lte]",
        ),
    ] {
        let reply = emulator.get(&format!("{LOGS}?{query}")).await;
        assert_eq!(reply.faulty_fields(), [field]);
    }
    emulator.get("/global/v3/audit-logs").await.problem(404);
    emulator.get("/eu/v2/audit-logs").await.problem(404);
    emulator.post(LOGS, json!({})).await.is(405);
}
