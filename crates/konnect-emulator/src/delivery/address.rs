//! The allowed targets of deliveries: this machine, and hosts that are allowed by name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

/// The allowed hosts of deliveries.
///
/// Without an entry, a host is permitted if it is a loopback address, `localhost` or a name under `.localhost`. These
/// names resolve to loopback addresses without a lookup, so a name server or hosts file cannot redirect a delivery. A
/// host with an entry is resolved as usual.
#[derive(Debug)]
pub(crate) struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    pub(crate) fn new(hosts: &[String]) -> Self {
        Self(hosts.iter().map(|host| plain(host)).collect())
    }

    pub(crate) fn is_loopback_only(&self) -> bool {
        self.0.is_empty()
    }

    /// The error is the reason why a URL is rejected.
    pub(crate) fn check(&self, url: &Url) -> Result<(), String> {
        let Some(host) = url.host() else {
            return Err("the endpoint has no host".to_owned());
        };
        let is_loopback = match &host {
            Host::Domain(name) => is_localhost(name),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.to_canonical().is_loopback(),
        };
        let name = plain(&host.to_string());
        if is_loopback || self.0.contains(&name) {
            return Ok(());
        }
        Err(format!(
            "{name} is not a loopback address, and deliveries go to other hosts only if \
             --allow-delivery-to names them"
        ))
    }
}

/// The addresses of a host that is `localhost` or a name under it. Others are resolved as usual.
pub(crate) fn loopback_of(url: &Url) -> Option<(&str, [SocketAddr; 2])> {
    let name = url.domain().filter(|name| is_localhost(name))?;
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    Some((name, loopback.map(|address| SocketAddr::new(address, 0))))
}

fn is_localhost(name: &str) -> bool {
    let name = plain(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// A host in lower case, without brackets and without a final dot.
fn plain(host: &str) -> String {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &str, url: &str) -> Result<(), String> {
        AllowedHosts::new(&[allowed.to_owned()]).check(&Url::parse(url).unwrap())
    }

    #[test]
    fn check_loopback_is_permitted() {
        for url in [
            "https://127.0.0.1/",
            "https://127.9.9.9:1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://LOCALHOST:8443/x",
            "https://localhost./",
            "https://siem.localhost/",
            // Other forms of 127.0.0.1.
            "https://2130706433/",
            "https://0x7f.1/",
        ] {
            assert_eq!(check("other.example.com", url), Ok(()), "{url}");
        }
    }

    #[test]
    fn check_other_host_is_refused_unless_allowed() {
        for host in [
            "siem.example.com",
            "10.0.0.1",
            "0.0.0.0",
            "localhost.example.com",
            "notlocalhost",
            "[2001:db8::1]",
        ] {
            let url = format!("https://{host}/in");
            let refusal = check("other.example.com", &url).unwrap_err();
            assert!(refusal.contains("loopback"), "{refusal}");
            assert_eq!(check(&host.to_ascii_uppercase(), &url), Ok(()), "{url}");
        }
    }
}
