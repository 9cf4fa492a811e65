//! The lists: pages, filters, and invalid queries.

use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::{Value, json};

use crate::organization::clock;
use crate::tests::{LIST, start};
use crate::{Emulator, EventKind};

const LOGS: &str = "/eu/v3/audit-logs";
const PORTALS: &str = "/eu/v3/portals";

impl Emulator {
    /// The list at a URL, and the texts of a field of its items.
    async fn list(&self, url: &str, field: &str) -> (Value, Vec<String>) {
        let document = self.get(url).await.is(200).json();
        let items = document["data"].as_array().unwrap();
        let texts = items.iter().map(|item| item[field].as_str().unwrap().to_owned());
        let texts = texts.collect();
        (document, texts)
    }

    /// The items of each page, from the first to the last. The way back must show the same pages.
    async fn pages(&self, list: &str, query: &str, field: &str) -> Vec<Vec<String>> {
        let (mut query, mut pages) = (query.to_owned(), Vec::new());
        for direction in ["next", "previous"] {
            let mut way = Vec::new();
            loop {
                let (document, items) = self.list(&format!("{list}?{query}"), field).await;
                way.push(items);
                let link = document["meta"].get("page").unwrap_or(&document["meta"])[direction].as_str();
                let Some((path, next)) = link.and_then(|link| link.split_once('?')) else {
                    break;
                };
                // As in Konnect: a path that cannot be requested.
                self.get(path).await.is(404);
                next.clone_into(&mut query);
            }
            if direction == "next" {
                pages = way;
            } else {
                way.reverse();
                assert_eq!(pages, way);
            }
        }
        pages
    }
}

#[tokio::test]
async fn destination_pages_link_forward_and_back() {
    let konnect = start().await;
    let empty = json!({"data": [], "meta": {"next": null, "previous": null, "size": 10}});
    konnect.shows(LIST, &empty).await;
    let mut ids = Vec::new();
    for name in ["d1", "d2", "d3", "d4", "d5"] {
        ids.push(konnect.create("global", name).await);
    }
    let pages = konnect.pages(LIST, "page%5Bsize%5D=2", "name").await;
    assert_eq!(pages, [vec!["d1", "d2"], vec!["d3", "d4"], vec!["d5"]]);
    // A cursor remains valid after its item is deleted, and brackets need no encoding.
    let (first, _) = konnect.list(&format!("{LIST}?page[size]=2"), "name").await;
    let next = first["meta"]["next"].as_str().unwrap();
    let (_, next) = next.split_once('?').unwrap();
    let next = next.replace("%5B", "[").replace("%5D", "]");
    konnect.delete(&format!("{LIST}/{}", ids[1])).await.is(204);
    let (second, names) = konnect.list(&format!("{LIST}?{next}"), "name").await;
    assert_eq!(
        (names, &second["meta"]["size"]),
        (vec!["d3".to_owned(), "d4".to_owned()], &json!(2))
    );
}

#[tokio::test]
async fn destination_page_size_defaults_to_10_and_is_capped_at_100() {
    let konnect = start().await;
    konnect.add_destinations("global", 101).unwrap();
    for (asked, size) in [
        ("", 10),
        ("?page[size]=", 10),
        ("?page[size]=100", 100),
        ("?page[size]=5000", 100),
    ] {
        let (document, names) = konnect.list(&format!("{LIST}{asked}"), "name").await;
        assert_eq!(
            (names.len(), &document["meta"]["size"]),
            (size, &json!(size)),
            "{asked}"
        );
        assert!(document["meta"]["next"].is_string());
    }
}

#[tokio::test]
async fn destination_name_filter_depends_on_version() {
    let konnect = start().await;
    for name in ["audit", "audit", "audit eu", "a&b=c"] {
        konnect.create("global", name).await;
    }
    for (versions, filter, expected) in [
        (
            &["v2", "v3"][..],
            "filter[name][eq]=audit",
            &["audit", "audit"][..],
        ),
        (&["v2", "v3"], "filter%5Bname%5D%5Beq%5D=a%26b%3Dc", &["a&b=c"]),
        (&["v2", "v3"], "filter[name][contains]=audit%20e", &["audit eu"]),
        (&["v2", "v3"], "filter[name][contains]=AUDIT", &[]),
        (&["v2"], "filter[name]=audit+eu", &["audit eu"]),
        (
            &["v3"],
            "filter[name]=audit+eu",
            &["audit", "audit", "audit eu", "a&b=c"],
        ),
    ] {
        for version in versions {
            let url = format!("/global/{version}/audit-log-destinations?{filter}");
            assert_eq!(konnect.list(&url, "name").await.1, expected, "{url}");
        }
    }
    // The links have no filter.
    let filter = "filter[name][contains]=audit&page[size]=2";
    let pages = konnect.pages(LIST, filter, "name").await;
    assert_eq!(pages, [vec!["audit", "audit"], vec!["audit eu", "a&b=c"]]);
}

#[tokio::test]
async fn portal_pages_are_numbered() {
    let konnect = start().await;
    for number in 1..=25 {
        konnect.add_portal("eu", &format!("portal {number}")).unwrap();
    }
    konnect.add_portal("us", "elsewhere").unwrap();
    for (query, count, last, meta) in [
        ("", 10, "portal 10", [1, 10, 25]),
        ("page[size]=10&page[number]=3", 5, "portal 25", [3, 10, 25]),
        ("page%5Bnumber%5D=4", 0, "", [4, 10, 25]),
        ("filter[name][contains]=portal%202", 7, "portal 25", [1, 10, 7]),
        ("filter[name][eq]=portal+2", 1, "portal 2", [1, 10, 1]),
    ] {
        let (document, names) = konnect.list(&format!("{PORTALS}?{query}"), "name").await;
        let seen = (names.len(), names.last().map_or("", String::as_str));
        assert_eq!(seen, (count, last), "{query}");
        let [number, size, total] = meta;
        let meta = json!({"page": {"number": number, "size": size, "total": total}});
        assert_eq!(document["meta"], meta, "{query}");
    }
}

#[tokio::test]
async fn portal_is_read_as_it_is_listed() {
    let konnect = start().await;
    let portal = konnect.add_portal("eu", "Developers").unwrap();
    let listed = konnect.read(PORTALS).await["data"][0].clone();
    let path = |region: &str| format!("/{region}/v3/portals/{}", portal.to_ascii_uppercase());
    konnect.shows(&path("eu"), &listed).await;
    konnect.get(&path("us")).await.problem(404);
}

#[tokio::test]
async fn log_pages_link_back_and_forth_newest_first() {
    let konnect = start().await;
    konnect.trigger("eu", EventKind::Access, 45).unwrap();
    let query = "filter[type]=gateway_access";
    let pages = konnect.pages(LOGS, query, "trace_id").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
    let (_, all) = konnect
        .list(&format!("{LOGS}?{query}&page[size]=1000"), "trace_id")
        .await;
    assert_eq!(all, pages.concat());
    konnect.advance_clock(Duration::from_mins(1));
    konnect.trigger("eu", EventKind::AccessFailed, 1).unwrap();
    let newest = konnect.read(&format!("{LOGS}?{query}&page[size]=1")).await;
    assert_eq!(newest["data"][0]["status_code"], 500);
}

#[tokio::test]
async fn log_filters_select_type_and_time() {
    let konnect = start().await;
    for kind in EventKind::value_variants() {
        konnect.trigger("eu", *kind, 1).unwrap();
    }
    konnect.trigger("us", EventKind::Access, 1).unwrap();
    let portal = konnect.add_portal("eu", "Developers").unwrap();
    konnect
        .trigger(("eu", &portal), EventKind::Authentication, 1)
        .unwrap();
    let now = clock::Clock::default().now_ms();
    konnect.advance_clock(Duration::from_hours(2));
    let at = |seconds: i64| clock::rfc3339(now + seconds * 1000);
    // The events of this test's requests are two hours later.
    for (from, to, kind, count) in [
        (-1, 3600, "&filter[type]=gateway_access", 2),
        (-3600, 0, "", 7),
        (-7200, -3600, "", 0),
        (-1, 3600, "&filter[type]=authorization", 2),
        (1, 3600, "", 0),
    ] {
        let url = format!(
            "{LOGS}?filter[ts][gte]={}&filter[ts][lte]={}{kind}",
            at(from),
            at(to)
        );
        assert_eq!(konnect.list(&url, "trace_id").await.1.len(), count, "{url}");
    }
    let url = format!("{LOGS}?filter[type]=gateway_access&filter[ts][gte]=2026-01-01T00:00:00Z");
    assert_eq!(konnect.list(&url, "trace_id").await.1.len(), 2);
    konnect.advance_clock(Duration::from_hours(7 * 24));
    let kept = konnect.list(&url, "trace_id").await.1;
    assert!(kept.is_empty(), "events are kept for seven days");
}

#[tokio::test]
async fn invalid_query_is_refused() {
    let konnect = start().await;
    for (list, query, field) in [
        (LOGS, "page[size]=1001", "page[size]"),
        (LOGS, "page[size]=0", "page[size]"),
        (LOGS, "page[after]=x", "page[after]"),
        (LOGS, "filter[ts][gte]=yesterday", "filter[ts][gte]"),
        (LOGS, "filter[type]=other", "filter[type]"),
        (LOGS, "filter[name]=x", "filter[name]"),
        (LOGS, "page[size]=0&page[size]=x", "page[size]"),
        (
            LOGS,
            "filter[ts][gte]=2026-01-02T00:00:00Z&filter[ts][lte]=2026-01-01T00:00:00Z",
            "filter[ts][lte]",
        ),
        (PORTALS, "page[size]=0&page[size]=x", "page[size]"),
        (PORTALS, "page[number]=x", "page[number]"),
        (PORTALS, "filter[colour]=red", "filter[colour]"),
    ] {
        let reply = konnect.get(&format!("{list}?{query}")).await;
        assert_eq!(reply.faulty_fields(), [field]);
    }
    for path in [
        "/global/v3/audit-logs",
        "/eu/v2/audit-logs",
        "/global/v3/portals",
        "/eu/v2/portals",
    ] {
        konnect.get(path).await.problem(404);
    }
    konnect.post(LOGS, json!({})).await.is(405);
}
