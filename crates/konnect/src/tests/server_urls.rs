//! Accepted base URLs and their addresses.

use crate::{InvalidServerUrl, Region, RegionMismatch, ServerUrl};

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn refusal(text: &str) -> InvalidServerUrl {
    ServerUrl::parse(text).unwrap_err()
}

#[test]
fn default_reaches_every_region() {
    let url = ServerUrl::default();
    assert_eq!(
        url.base(&region("eu")).unwrap().as_str(),
        "https://eu.api.konghq.com/"
    );
    assert!(url.is_template());
    assert_eq!(url, ServerUrl::parse("https://{region}.api.konghq.com/").unwrap());
}

#[test]
fn parse_region_in_path_is_replaced() {
    let url = ServerUrl::parse("http://127.0.0.1:8080/konnect/{region}//").unwrap();
    assert_eq!(
        url.base(&region("eu")).unwrap().as_str(),
        "http://127.0.0.1:8080/konnect/eu"
    );
    assert!(url.is_template() && url.is_plain_http());
    assert_eq!(url.fixed_region(), None);
}

#[test]
fn parse_kong_host_fixes_the_region() {
    let url = ServerUrl::parse("https://EU.api.konghq.com").unwrap();
    assert_eq!(url.fixed_region(), Some(region("eu")));
    assert!(url.base(&region("eu")).is_ok());
    let mismatch = url.base(&region("us")).unwrap_err().to_string();
    assert!(
        mismatch.contains("{region}") && mismatch.contains("`us`"),
        "{mismatch}"
    );
}

#[test]
fn parse_other_host_serves_any_region() {
    let url = ServerUrl::parse("https://konnect.example.com/proxy").unwrap();
    assert_eq!(url.fixed_region(), None);
    assert!(!url.is_template());
    assert_eq!(url.base(&region("us")).unwrap(), url.base(&region("eu")).unwrap());
}

#[test]
fn parse_plain_http_is_accepted_for_loopback_only() {
    for text in [
        "http://localhost:1",
        "http://127.0.0.1",
        "http://127.8.9.1:80/x",
        "http://[::1]:8080",
        "HTTP://LOCALHOST",
    ] {
        assert!(ServerUrl::parse(text).unwrap().is_loopback(), "{text}");
    }
    for text in [
        "http://eu.api.konghq.com",
        "http://localhost.example.com",
        "http://{region}.localhost",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://128.0.0.1",
        "http://[::ffff:127.0.0.1]",
    ] {
        assert_eq!(refusal(text), InvalidServerUrl::PlainHttp, "{text}");
    }
    assert!(matches!(refusal("http://{region}"), InvalidServerUrl::PlainHttp));
}

#[test]
fn parse_invalid_url_has_its_own_reason() {
    for (text, reason) in [
        ("", InvalidServerUrl::Empty),
        (" https://eu.api.konghq.com", InvalidServerUrl::Character(' ')),
        ("https:\\\\eu.api.konghq.com", InvalidServerUrl::Character('\\')),
        ("eu.api.konghq.com", InvalidServerUrl::Scheme),
        ("ftp://eu.api.konghq.com", InvalidServerUrl::Scheme),
        (
            "https://user:hunter2@eu.api.konghq.com",
            InvalidServerUrl::UserInfo,
        ),
        ("https://@eu.api.konghq.com", InvalidServerUrl::UserInfo),
        ("https://eu.api.konghq.com?x=1", InvalidServerUrl::Query),
        ("https://eu.api.konghq.com/#x", InvalidServerUrl::Fragment),
        ("https://eu.api.konghq.com/v3", InvalidServerUrl::Version),
        ("https://{region}.api.konghq.com/v2/", InvalidServerUrl::Version),
        (
            "https://{region}.x.com/{region}",
            InvalidServerUrl::PlaceholderTwice,
        ),
        ("https://x.com:{region}/", InvalidServerUrl::PlaceholderInPort),
    ] {
        assert_eq!(refusal(text), reason, "{text}");
    }
    for text in [
        "https://",
        "https:///x",
        "https://x.com:99999",
        "https://a..b",
        "https://a*b.com",
        "https://[::1",
    ] {
        assert!(matches!(refusal(text), InvalidServerUrl::Malformed(_)), "{text}");
    }
    assert!(matches!(
        refusal("https://a.b.api.konghq.com"),
        InvalidServerUrl::Region(_)
    ));
}

#[test]
fn parse_placeholder_variants_are_rejected() {
    for text in [
        "https://{Region}.api.konghq.com",
        "https://{}.api.konghq.com",
        "https://{{region}}.api.konghq.com",
        "https://%7Bregion%7D.api.konghq.com",
        "https://x.com/%7bregion%7d",
        "https://{geo}.api.konghq.com",
        "https://x.com/{",
        "https://\u{ff5b}region\u{ff5d}.api.konghq.com",
    ] {
        assert_eq!(refusal(text), InvalidServerUrl::Placeholder, "{text}");
    }
    assert_eq!(
        refusal("https://{ region }.api.konghq.com"),
        InvalidServerUrl::Character(' ')
    );
}

#[test]
fn base_region_of_digits_is_not_an_address() {
    let url = ServerUrl::parse("https://{region}").unwrap();
    let requested = region("2130706433");
    assert_eq!(
        url.base(&requested),
        Err(RegionMismatch::NoAddress {
            requested: requested.clone()
        })
    );
}

#[test]
fn parse_error_does_not_repeat_a_password() {
    let refusal = refusal("https://user:hunter2@eu.api.konghq.com");
    assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
}
