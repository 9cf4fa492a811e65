//! The base URL of the API, with or without a placeholder for the region.

use std::fmt;

use url::{Host, Url};

use crate::types::region::{InvalidRegion, Region};

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

/// The reason why a text is not a valid base URL. The message never contains the text, which may include a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServerUrl {
    /// The text is empty.
    #[error("the server URL must not be empty: omit it to use https://{{region}}.api.konghq.com")]
    Empty,
    /// It contains white space, a control character or a backslash, which URL parsers treat in different ways.
    #[error("the server URL must not contain {0:?}: remove it")]
    Character(char),
    /// It is not an absolute `https://` or `http://` URL.
    #[error("the server URL must be an absolute URL that begins with `https://`")]
    Scheme,
    /// It is plain HTTP to another machine.
    #[error(
        "the server URL must begin with `https://`, since it receives the access token: plain HTTP is for \
         loopback hosts only (localhost, 127.0.0.1, [::1])"
    )]
    PlainHttp,
    /// It contains a user name or password.
    #[error("the server URL must not contain a user name or password: the access token has its own setting")]
    UserInfo,
    /// It contains a query.
    #[error("the server URL must not contain a query: remove `?` and what follows")]
    Query,
    /// It contains a fragment.
    #[error("the server URL must not contain a fragment: remove `#` and what follows")]
    Fragment,
    /// It contains another placeholder, encoded braces, or a single brace.
    #[error("the only placeholder of a server URL is `{{region}}`, in lower case and without spaces")]
    Placeholder,
    /// It contains `{region}` more than once.
    #[error("`{{region}}` may appear in the server URL only once")]
    PlaceholderTwice,
    /// It contains `{region}` in the port.
    #[error("`{{region}}` may appear in the host or the path of the server URL, not in its port")]
    PlaceholderInPort,
    /// It ends with `/v2` or `/v3` after a host of Kong's.
    #[error("remove `/v2` or `/v3` from the server URL: each call adds its version")]
    Version,
    /// Its host does not begin with a region, such as `EU_1.api.konghq.com`.
    #[error("the host of the server URL does not begin with a region: {0}")]
    Region(InvalidRegion),
    /// It is not a URL for another reason.
    #[error("the server URL is not valid ({0}): use the form https://eu.api.konghq.com")]
    Malformed(String),
}

/// The reason why a base URL has no address for a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionMismatch {
    /// The URL names another region.
    #[error(
        "the server URL serves region `{fixed}`, not region `{requested}`: use \
         `{{region}}` in its place (https://{{region}}.api.konghq.com) to reach every region"
    )]
    OtherRegion {
        /// The region in the host of the URL.
        fixed: Region,
        /// The region of the call.
        requested: Region,
    },
    /// The region does not make a valid host name in place of `{region}`.
    #[error(
        "the server URL does not make a valid address for region `{requested}`: check the position of `{{region}}`"
    )]
    NoAddress {
        /// The region of the call.
        requested: Region,
    },
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
    pub fn parse(text: &str) -> Result<Self, InvalidServerUrl> {
        let unwanted = |c: &char| c.is_whitespace() || c.is_control() || *c == '\\';
        if text.is_empty() {
            return Err(InvalidServerUrl::Empty);
        }
        if let Some(character) = text.chars().find(unwanted) {
            return Err(InvalidServerUrl::Character(character));
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidServerUrl::Scheme)?;
        let plain_http = scheme.eq_ignore_ascii_case("http");
        if !plain_http && !scheme.eq_ignore_ascii_case("https") {
            return Err(InvalidServerUrl::Scheme);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A URL parser uses the next segment as the host.
        if authority.is_empty() {
            return Err(InvalidServerUrl::Malformed("it has no host".to_owned()));
        }
        if authority.contains('@') {
            return Err(InvalidServerUrl::UserInfo);
        }
        if rest.contains('#') {
            return Err(InvalidServerUrl::Fragment);
        }
        if rest.contains('?') {
            return Err(InvalidServerUrl::Query);
        }
        check_placeholders(text, authority)?;

        let url = parse_for(text, &stand_in())?;
        let template = text.contains(PLACEHOLDER);
        let loopback = !authority.contains(PLACEHOLDER) && is_loopback(&url);
        if plain_http && !loopback {
            return Err(InvalidServerUrl::PlainHttp);
        }
        let kong_label = url
            .host_str()
            .and_then(|host| host.trim_end_matches('.').strip_suffix(KONG_HOSTS));
        if kong_label.is_some() && matches!(url.path().trim_end_matches('/'), "/v2" | "/v3") {
            return Err(InvalidServerUrl::Version);
        }
        let fixed_region = match kong_label {
            Some(label) if !template => Some(Region::parse(label).map_err(InvalidServerUrl::Region)?),
            _ => None,
        };
        Ok(Self {
            text: text.trim_end_matches('/').to_owned(),
            fixed_region,
            plain_http,
            loopback,
        })
    }

    /// Returns the address of a region, without a slash at the end of its path (except the path `/`).
    ///
    /// # Errors
    /// When the URL serves another region, or has no valid address for this one.
    pub fn base(&self, region: &Region) -> Result<Url, RegionMismatch> {
        if let Some(fixed) = self.fixed_region.as_ref().filter(|fixed| *fixed != region) {
            return Err(RegionMismatch::OtherRegion {
                fixed: fixed.clone(),
                requested: region.clone(),
            });
        }
        let no_address = || RegionMismatch::NoAddress {
            requested: region.clone(),
        };
        let url = parse_for(&self.text, region).map_err(|_| no_address())?;
        // A region of digits could turn a host name into an IPv4 address.
        let was_address = parse_for(&self.text, &stand_in()).is_ok_and(|url| is_address(&url));
        if is_address(&url) && !was_address {
            return Err(no_address());
        }
        Ok(url)
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

fn check_placeholders(text: &str, authority: &str) -> Result<(), InvalidServerUrl> {
    let remainder = text.replace(PLACEHOLDER, "").to_ascii_lowercase();
    // Full-width braces become plain ones when a host is normalized.
    let braces = ["{", "}", "%7b", "%7d", "\u{ff5b}", "\u{ff5d}"];
    if braces.iter().any(|brace| remainder.contains(brace)) {
        return Err(InvalidServerUrl::Placeholder);
    }
    if text.matches(PLACEHOLDER).count() > 1 {
        return Err(InvalidServerUrl::PlaceholderTwice);
    }
    if authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.contains(PLACEHOLDER))
    {
        return Err(InvalidServerUrl::PlaceholderInPort);
    }
    Ok(())
}

/// A placeholder for checks that do not depend on the region.
fn stand_in() -> Region {
    Region::global()
}

fn parse_for(text: &str, region: &Region) -> Result<Url, InvalidServerUrl> {
    let malformed = |reason: &str| InvalidServerUrl::Malformed(reason.to_owned());
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
