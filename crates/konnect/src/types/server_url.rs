//! Where the API is: the base URL, with or without a place for the region.

use std::fmt;

use url::{Host, Url};

use crate::types::region::{InvalidRegion, Region};

const PLACEHOLDER: &str = "{region}";
const KONG_HOSTS: &str = ".api.konghq.com";

/// The base URL of the API, checked when it is read.
///
/// `{region}` may stand once in the host or the path, and is replaced for each call. A URL without it
/// serves one region: for a host of Kong's (`eu.api.konghq.com`) the one it names, for any other host
/// whichever one the caller means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUrl {
    text: String,
    fixed_region: Option<Region>,
    plain_http: bool,
    loopback: bool,
}

/// Why a text can't be the base URL. No message repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServerUrl {
    /// Nothing was given.
    #[error("the server URL must not be empty: leave it out to use https://{{region}}.api.konghq.com")]
    Empty,
    /// White space, a control character or a backslash, which URL parsers each read in their own way.
    #[error("the server URL must not contain {0:?}: remove it")]
    Character(char),
    /// Not an absolute `https://` or `http://` URL.
    #[error("the server URL must be an absolute URL: begin it with `https://`")]
    Scheme,
    /// Plain HTTP to another machine.
    #[error(
        "the server URL must begin with `https://`, since the access token is sent to it: plain http is for \
         a loopback host alone (localhost, 127.0.0.1, [::1])"
    )]
    PlainHttp,
    /// A user name or password in front of the host.
    #[error("the server URL must not contain a user name or password: the access token is given by itself")]
    UserInfo,
    /// A `?`.
    #[error("the server URL must not contain a query: remove `?` and what follows")]
    Query,
    /// A `#`.
    #[error("the server URL must not contain a fragment: remove `#` and what follows")]
    Fragment,
    /// Braces around something else, encoded braces, or a brace alone.
    #[error("the one placeholder of a server URL is `{{region}}`, in lower case and without spaces")]
    Placeholder,
    /// `{region}` twice or more.
    #[error("`{{region}}` may stand in the server URL once")]
    PlaceholderTwice,
    /// `{region}` in the port.
    #[error("`{{region}}` may stand in the host or the path of the server URL, not in its port")]
    PlaceholderInPort,
    /// `/v2` or `/v3` after a host of Kong's.
    #[error("leave `/v2` or `/v3` out of the server URL: each call adds the version it needs")]
    Version,
    /// A host such as `EU_1.api.konghq.com`.
    #[error("the host of the server URL does not begin with a region: {0}")]
    Region(InvalidRegion),
    /// Anything else that is not a URL.
    #[error("the server URL can't be understood ({0}): it looks like https://eu.api.konghq.com")]
    Malformed(String),
}

/// Why a base URL has no address for a region.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionMismatch {
    /// The URL names another region.
    #[error(
        "the server URL is the one of region `{fixed}`, and region `{wanted}` was asked for: write \
         `{{region}}` in its place (https://{{region}}.api.konghq.com) to reach every region"
    )]
    OtherRegion {
        /// The region in the URL's host.
        fixed: Region,
        /// The region the call was for.
        wanted: Region,
    },
    /// The region does not give a host name at the place where `{region}` stands.
    #[error(
        "the server URL does not become a valid address for region `{wanted}`: check where `{{region}}` stands"
    )]
    NoAddress {
        /// The region the call was for.
        wanted: Region,
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
    /// Takes a base URL as the user wrote it. Slashes at its end don't matter.
    ///
    /// # Errors
    /// When it is not HTTPS (or plain HTTP to a loopback host), or holds what a base URL must not.
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
        // A URL parser would skip to the next segment, and take that for the host.
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

    /// The address of a region, without a slash at the end of its path (but for the bare `/`).
    ///
    /// # Errors
    /// When the URL is another region's, or gives no valid address for this one.
    pub fn base(&self, region: &Region) -> Result<Url, RegionMismatch> {
        if let Some(fixed) = self.fixed_region.as_ref().filter(|fixed| *fixed != region) {
            return Err(RegionMismatch::OtherRegion {
                fixed: fixed.clone(),
                wanted: region.clone(),
            });
        }
        let no_address = || RegionMismatch::NoAddress {
            wanted: region.clone(),
        };
        let url = parse_for(&self.text, region).map_err(|_| no_address())?;
        // A region of digits could turn a name into an IPv4 address: only names stay names.
        let was_address = parse_for(&self.text, &stand_in()).is_ok_and(|url| is_address(&url));
        if is_address(&url) && !was_address {
            return Err(no_address());
        }
        Ok(url)
    }

    /// The region that the host names, where the URL is one of Kong's without `{region}`.
    #[must_use]
    pub fn fixed_region(&self) -> Option<Region> {
        self.fixed_region.clone()
    }

    /// Whether the URL has a place for the region, and so reaches every region.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.text.contains(PLACEHOLDER)
    }

    /// Whether requests go out unencrypted, which is so for a loopback host alone.
    pub(crate) fn is_plain_http(&self) -> bool {
        self.plain_http
    }

    /// Whether the host is this machine by its literal name.
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
    // The full-width braces become plain ones when a host is normalised.
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

/// Any region's name, for what can be told without knowing the region.
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
