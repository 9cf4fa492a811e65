//! Accepted base URLs and their addresses.

use crate::{Region, ServerUrl};

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn refusal(text: &str) -> String {
    ServerUrl::parse(text).unwrap_err().to_string()
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
        assert!(refusal(text).contains("plain HTTP is for loopback"), "{text}");
    }
    assert!(refusal("http://{region}").contains("plain HTTP is for loopback"));
}

#[test]
fn parse_invalid_url_has_its_own_reason() {
    for (text, reason) in [
        ("", "must not be empty"),
        (" https://eu.api.konghq.com", "must not contain ' '"),
        ("https:\\\\eu.api.konghq.com", "must not contain '\\\\'"),
        ("eu.api.konghq.com", "absolute URL"),
        ("ftp://eu.api.konghq.com", "absolute URL"),
        ("https://user:hunter2@eu.api.konghq.com", "user name or password"),
        ("https://@eu.api.konghq.com", "user name or password"),
        ("https://eu.api.konghq.com?x=1", "a query"),
        ("https://eu.api.konghq.com/#x", "a fragment"),
        ("https://eu.api.konghq.com/v3", "remove `/v2` or `/v3`"),
        ("https://{region}.api.konghq.com/v2/", "remove `/v2` or `/v3`"),
        ("https://konnect.example.com/proxy/v3//", "remove `/v2` or `/v3`"),
        ("http://127.0.0.1:8080/{region}/v2", "remove `/v2` or `/v3`"),
        ("https://{region}.x.com/{region}", "only once"),
        ("https://x.com:{region}/", "not in its port"),
        ("https://", "not valid"),
        ("https:///x", "not valid"),
        ("https://x.com:99999", "not valid"),
        ("https://a..b", "not valid"),
        ("https://a*b.com", "not valid"),
        ("https://[::1", "not valid"),
        ("https://a.b.api.konghq.com", "does not begin with a region"),
    ] {
        assert!(refusal(text).contains(reason), "{text}: {}", refusal(text));
    }
    assert!(ServerUrl::parse("https://konnect.example.com/v3x").is_ok());
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
        assert!(refusal(text).contains("only placeholder"), "{text}");
    }
    assert!(refusal("https://{ region }.api.konghq.com").contains("must not contain ' '"));
}

#[test]
fn base_region_of_digits_is_not_an_address() {
    let url = ServerUrl::parse("https://{region}").unwrap();
    let error = url.base(&region("2130706433")).unwrap_err().to_string();
    assert!(error.contains("not make a valid address"), "{error}");
}

#[test]
fn parse_error_does_not_repeat_a_password() {
    let refusal = refusal("https://user:hunter2@eu.api.konghq.com");
    assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
}
