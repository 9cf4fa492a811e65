//! Refuses requests of web pages: without it, any page that a developer visits could read credentials from the control
//! API and change the state.

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

use crate::api::route::is_region;

/// The domain of Konnect's hosts, each of which is a region.
const DOMAIN: &str = ".api.konghq.com";

/// Checks whether a request can only come from a program of this machine, or of a client that was sent here by a hosts
/// file. The error is the reason for a 403.
pub(crate) fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), &'static str> {
    let host = host(uri, headers).ok_or("the request has no host")?;
    let name = without_port(host);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&name) && region_of_name(name).is_none() {
        return Err("the host is not a name of the emulator");
    }
    let own_origin = |origin: &str| {
        origin
            .split_once("://")
            .is_some_and(|(_, of)| of.eq_ignore_ascii_case(host))
    };
    for origin in headers.get_all(ORIGIN) {
        if !origin.to_str().is_ok_and(own_origin) {
            return Err("the request comes from a page of another origin");
        }
    }
    for site in headers.get_all("sec-fetch-site") {
        if site != "same-origin" && site != "none" {
            return Err("the request comes from a page of another site");
        }
    }
    Ok(())
}

/// The region of a host such as `eu.api.konghq.com`.
pub(crate) fn region(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    host(uri, headers).and_then(|host| region_of_name(without_port(host)))
}

fn region_of_name(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let region = name.strip_suffix(DOMAIN)?;
    is_region(region).then(|| region.to_owned())
}

fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(HOST).iter();
    let header = hosts.next().and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(http::uri::Authority::as_str);
    // Two hosts of which one is trusted are not trusted.
    match (hosts.next(), authority, header) {
        (None, Some(authority), Some(header)) if authority == header => Some(header),
        (None, Some(host), None) | (None, None, Some(host)) => Some(host),
        _ => None,
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
