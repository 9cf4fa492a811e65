//! The list of destinations: pages, filters, and invalid queries.

use serde_json::{Value, json};

use crate::tests::{Reply, has, start};

const LIST: &str = "/global/v3/audit-log-destinations";

fn names(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let document = reply.json();
    document["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The query of a link, whose path cannot be requested.
fn query(link: &Value) -> String {
    let (path, query) = link.as_str().unwrap().split_once('?').unwrap();
    assert_eq!(path, "/api/v3/audit-log-destinations");
    query.to_owned()
}

#[tokio::test]
async fn list_pages_link_forward_and_back() {
    let konnect = start().await;
    konnect
        .shows(
            LIST,
            &json!({"data": [], "meta": {"next": null, "previous": null, "size": 10}}),
        )
        .await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(konnect.create("global", &format!("d{number}")).await);
    }
    let first = konnect.get(&format!("{LIST}?page%5Bsize%5D=2")).await;
    assert_eq!(names(&first), ["d1", "d2"]);
    let meta = first.json()["meta"].clone();
    has(&meta, &json!({"previous": null, "size": 2}));
    let next = query(&meta["next"]);
    assert!(
        next.starts_with("page%5Bafter%5D=") && next.ends_with("&page%5Bsize%5D=2"),
        "{next}"
    );
    konnect.get(meta["next"].as_str().unwrap()).await.problem(404);

    let second = konnect.get(&format!("{LIST}?{next}")).await;
    assert_eq!(names(&second), ["d3", "d4"]);
    let third = konnect
        .get(&format!("{LIST}?{}", query(&second.json()["meta"]["next"])))
        .await;
    assert_eq!(names(&third), ["d5"]);
    assert_eq!(third.json()["meta"]["next"], Value::Null);
    let back = konnect
        .get(&format!("{LIST}?{}", query(&third.json()["meta"]["previous"])))
        .await;
    assert_eq!(names(&back), ["d3", "d4"]);
    let front = konnect
        .get(&format!("{LIST}?{}", query(&back.json()["meta"]["previous"])))
        .await;
    assert_eq!(names(&front), ["d1", "d2"]);

    // A cursor remains valid after its item is deleted, and brackets need no encoding.
    konnect.delete(&format!("{LIST}/{}", ids[1])).await.is(204);
    let plain = next.replace("%5B", "[").replace("%5D", "]");
    assert_eq!(
        names(&konnect.get(&format!("{LIST}?{plain}")).await),
        ["d3", "d4"]
    );
}

#[tokio::test]
async fn list_page_size_defaults_to_10_and_is_capped_at_100() {
    let konnect = start().await;
    for number in 0..101 {
        konnect.create("global", &number.to_string()).await;
    }
    for (asked, size) in [
        ("", 10),
        ("?page[size]=", 10),
        ("?page[size]=100", 100),
        ("?page[size]=5000", 100),
    ] {
        let reply = konnect.get(&format!("{LIST}{asked}")).await;
        assert_eq!(
            (names(&reply).len(), reply.json()["meta"]["size"].clone()),
            (size, json!(size)),
            "{asked}"
        );
        assert!(reply.json()["meta"]["next"].is_string());
    }
}

#[tokio::test]
async fn list_name_filter_depends_on_version() {
    let konnect = start().await;
    for name in ["audit", "audit", "audit eu", "a&b=c"] {
        konnect.create("global", name).await;
    }
    for version in ["v2", "v3"] {
        let list = format!("/global/{version}/audit-log-destinations");
        for (filter, expected) in [
            ("filter[name][eq]=audit", &["audit", "audit"][..]),
            ("filter%5Bname%5D%5Beq%5D=a%26b%3Dc", &["a&b=c"]),
            ("filter[name][contains]=audit%20e", &["audit eu"]),
            ("filter[name][contains]=AUDIT", &[]),
        ] {
            assert_eq!(
                names(&konnect.get(&format!("{list}?{filter}")).await),
                expected,
                "{version} {filter}"
            );
        }
    }
    assert_eq!(
        names(
            &konnect
                .get("/global/v2/audit-log-destinations?filter[name]=audit+eu")
                .await
        ),
        ["audit eu"]
    );
    let both = konnect
        .get(&format!("{LIST}?filter[name][contains]=audit&page[size]=2"))
        .await;
    assert_eq!(names(&both), ["audit", "audit"]);
    let next = query(&both.json()["meta"]["next"]);
    let rest = konnect
        .get(&format!("{LIST}?filter[name][contains]=audit&{next}"))
        .await;
    assert_eq!(
        (names(&rest), &rest.json()["meta"]["next"]),
        (vec!["audit eu".to_owned()], &Value::Null)
    );
}
