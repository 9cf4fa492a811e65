//! The base URL of the API, with or without a placeholder for the region.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::types::invalid::InvalidValue;
use crate::types::region::Region;

const PLACEHOLDER: &str = "{region}";
const KONG_HOSTS: &str = ".api.konghq.com";

/// The base URL of the API.
///
/// `{region}` may appear once in the host or the path, and is replaced for each call. A URL without it serves one
/// region: a host of Kong (`eu.api.konghq.com`) serves the region in its name, any other host the region of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    text: String,
    fixed_region: Option<Region>,
    plain_http: bool,
    loopback: bool,
}

impl Default for ServerUrl {
    fn default() -> Self {
        Self {
            text: format!("https://{PLACEHOLDER}{KONG_HOSTS}"),
            fixed_region: None,
            plain_http: false,
            loopback: false,
        }
    }
}

impl ServerUrl {
    /// Parses a base URL, as a user wrote it. Slashes at its end are ignored.
    ///
    /// # Errors
    /// When it is not HTTPS (or plain HTTP to a loopback host), or contains a part that a base URL must not have.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text.parse()
    }

    /// Returns the address of a region, without a slash at the end of its path (except the path `/`).
    ///
    /// # Errors
    /// When the URL serves another region, or has no valid address for this one.
    pub fn base(&self, region: &Region) -> Result<Url, InvalidValue> {
        if let Some(fixed) = self.fixed_region.as_ref().filter(|fixed| *fixed != region) {
            return Err(InvalidValue::new(format!(
                "the server URL serves region `{fixed}`, not region `{region}`: use `{{region}}` in its place \
                 (https://{{region}}.api.konghq.com) to reach every region"
            )));
        }
        let url = parse_for(&self.text, region).ok();
        // A region of digits could turn a host name into an IPv4 address.
        let was_address = parse_for(&self.text, &stand_in()).is_ok_and(|url| is_address(&url));
        url.filter(|url| was_address || !is_address(url)).ok_or_else(|| {
            InvalidValue::new(format!(
                "the server URL does not make a valid address for region `{region}`: check the position of `{{region}}`"
            ))
        })
    }

    /// Returns the region in the host name, if the URL is one of Kong's without `{region}`.
    #[must_use]
    pub fn fixed_region(&self) -> Option<Region> {
        self.fixed_region.clone()
    }

    /// Whether the URL contains `{region}`, and therefore serves every region.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.text.contains(PLACEHOLDER)
    }

    /// Whether requests are not encrypted, which is only possible for a loopback host.
    pub(crate) fn is_plain_http(&self) -> bool {
        self.plain_http
    }

    /// Whether the host is a literal name or address of this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for ServerUrl {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let refuse = |reason: &'static str| Err(InvalidValue::new(reason));
        if text.is_empty() {
            return refuse(
                "the server URL must not be empty: omit it to use https://{region}.api.konghq.com",
            );
        }
        // URL parsers treat these in different ways.
        let unwanted = |c: &char| c.is_whitespace() || c.is_control() || *c == '\\';
        if let Some(character) = text.chars().find(unwanted) {
            return Err(InvalidValue::new(format!(
                "the server URL must not contain {character:?}: remove it"
            )));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let plain_http = scheme.eq_ignore_ascii_case("http");
        if !plain_http && !scheme.eq_ignore_ascii_case("https") {
            return refuse("the server URL must be an absolute URL that begins with `https://`");
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A URL parser uses the next segment as the host.
        if authority.is_empty() {
            return Err(malformed("it has no host"));
        }
        if authority.contains('@') {
            return refuse(
                "the server URL must not contain a user name or password: the access token has its own setting",
            );
        }
        if rest.contains('#') {
            return refuse("the server URL must not contain a fragment: remove `#` and what follows");
        }
        if rest.contains('?') {
            return refuse("the server URL must not contain a query: remove `?` and what follows");
        }
        check_placeholders(text, authority)?;

        let url = parse_for(text, &stand_in())?;
        let template = text.contains(PLACEHOLDER);
        let loopback = !authority.contains(PLACEHOLDER) && is_loopback(&url);
        if plain_http && !loopback {
            return refuse(
                "the server URL must begin with `https://`, since it receives the access token: plain HTTP is for \
                 loopback hosts only (localhost, 127.0.0.1, [::1])",
            );
        }
        // With such a URL, every path is wrong, and each 404 would look like a deleted object.
        let path = url.path().trim_end_matches('/');
        if path.ends_with("/v2") || path.ends_with("/v3") {
            return refuse(
                "remove `/v2` or `/v3` from the end of the server URL: each call adds its version",
            );
        }
        let kong_label = url
            .host_str()
            .and_then(|host| host.trim_end_matches('.').strip_suffix(KONG_HOSTS));
        let fixed_region = match kong_label {
            Some(label) if !template => Some(Region::parse(label).map_err(|error| {
                InvalidValue::new(format!(
                    "the host of the server URL does not begin with a region: {error}"
                ))
            })?),
            _ => None,
        };
        Ok(Self {
            text: text.trim_end_matches('/').to_owned(),
            fixed_region,
            plain_http,
            loopback,
        })
    }
}

fn malformed(reason: &str) -> InvalidValue {
    InvalidValue::new(format!(
        "the server URL is not valid ({reason}): use the form https://eu.api.konghq.com"
    ))
}

fn check_placeholders(text: &str, authority: &str) -> Result<(), InvalidValue> {
    let remainder = text.replace(PLACEHOLDER, "").to_ascii_lowercase();
    // Full-width braces become plain ones when a host is normalized.
    let braces = ["{", "}", "%7b", "%7d", "\u{ff5b}", "\u{ff5d}"];
    let reason = if braces.iter().any(|brace| remainder.contains(brace)) {
        "the only placeholder of a server URL is `{region}`, in lower case and without spaces"
    } else if text.matches(PLACEHOLDER).count() > 1 {
        "`{region}` may appear in the server URL only once"
    } else if authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.contains(PLACEHOLDER))
    {
        "`{region}` may appear in the host or the path of the server URL, not in its port"
    } else {
        return Ok(());
    };
    Err(InvalidValue::new(reason))
}

/// A placeholder for checks that do not depend on the region.
fn stand_in() -> Region {
    Region::global()
}

fn parse_for(text: &str, region: &Region) -> Result<Url, InvalidValue> {
    let url = Url::parse(&text.replace(PLACEHOLDER, region.as_str()))
        .map_err(|error| malformed(&error.to_string()))?;
    match url.host() {
        Some(Host::Domain(name)) => {
            let label = |label: &str| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            let name = name.strip_suffix('.').unwrap_or(name);
            if !name.split('.').all(label) {
                return Err(malformed("its host is not a DNS name"));
            }
        }
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {}
        None => return Err(malformed("it has no host")),
    }
    Ok(url)
}

fn is_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
