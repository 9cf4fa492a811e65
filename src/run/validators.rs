//! Validators that several blocks share.

use std::net::Ipv4Addr;

use konnect::{AccessToken, Authorization, Region, ServerUrl, sentence};
use terraform_plugin::{Attr, Diagnostic, Diagnostics, Validator};
use url::{Host, Url};

/// The formats of log entries (API descriptions, `LogFormat`).
pub(crate) const LOG_FORMATS: &[&str] = &["cef", "json", "cps"];
/// The default format.
pub(crate) const DEFAULT_LOG_FORMAT: &str = "cef";

/// The name of a region. Each plan of an object of an unknown one warns ([`warn_of_unknown_region`]).
pub(crate) fn region() -> Validator {
    Validator::text(|text| {
        let error = Region::parse(text).err()?;
        Some(Diagnostic::error("Invalid region", sentence(&error)))
    })
}

/// The warning about a region that this version does not know, because Kong adds regions. It is for plans, since the
/// region can be that of the provider block, which no plan shows.
pub(crate) fn warn_of_unknown_region(region: &Attr<Region>, diagnostics: &mut Diagnostics) {
    let Some(region) = region.known().filter(|region| !region.is_known()) else {
        return;
    };
    let warning = Diagnostic::warning(
        "Unknown region",
        format!(
            "This version of the provider knows the regions {}, and not \"{region}\". Check the spelling, unless Kong \
             has added the region.",
            Region::KNOWN.join(", ")
        ),
    );
    diagnostics.push(warning.at("region"));
}

/// An HTTPS URL that Konnect can deliver to. Messages never quote it, because the path can be a credential.
pub(crate) fn endpoint() -> Validator {
    Validator::text(endpoint_problem)
}

/// The same for a URL that is a secret. A variable that is no longer set must not prevent a destroy.
pub(crate) fn secret_endpoint() -> Validator {
    Validator::text(|text| {
        if text.trim().is_empty() {
            return Some(blank("URL of the SIEM's collector"));
        }
        endpoint_problem(text)
    })
}

/// The warning about a blank value, which the apply refuses to send.
fn blank(expected: &str) -> Diagnostic {
    Diagnostic::warning(
        "Value is blank",
        format!("The apply fails if it sends this value. Set it to the {expected}."),
    )
}

fn endpoint_problem(text: &str) -> Option<Diagnostic> {
    let why = match Url::parse(text) {
        _ if text.trim().is_empty() => "it is blank",
        _ if text.chars().any(|c| c.is_whitespace() || c.is_control()) => "it contains white space",
        Err(_) => "it is not an absolute URL",
        Ok(url) if url.scheme() != "https" => "it does not begin with https://",
        Ok(url) if url.fragment().is_some() => "it has a fragment (#...), which is never sent",
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            return Some(Diagnostic::warning(
                "Endpoint contains user information",
                "Konnect returns the URL, with its user name and password, to everyone who can read the object. Use \
                     authorization_wo for a credential: Konnect sends it as the Authorization header.",
            ));
        }
        Ok(url) if url.host().is_some_and(|host| is_private(&host)) => {
            return Some(Diagnostic::warning(
                "Endpoint is not a public address",
                "The host of the endpoint is a private or loopback address, and Konnect delivers from the internet. \
                     Set a URL that Konnect can reach.",
            ));
        }
        Ok(_) => return None,
    };
    let detail = format!(
        "Konnect delivers to HTTPS URLs only: {why}. Set the URL of the SIEM's collector, for instance \
             https://siem.example.com/audit-logs."
    );
    Some(Diagnostic::error("Invalid endpoint", detail))
}

/// Whether a host is an address, or a name of one, that only its own machine or network reaches.
fn is_private(host: &Host<&str>) -> bool {
    let v4 = |ip: Ipv4Addr| ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified();
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => v4(*ip),
        Host::Ipv6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => v4(ip),
            None => {
                ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
        },
    }
}

/// The parts of an endpoint that can be secret: user information, path and query. Short parts and plain words are
/// excluded, because they occur in ordinary messages.
pub(crate) fn secret_parts(endpoint: &str) -> Vec<String> {
    const MIN_LENGTH: usize = 8;
    let Ok(url) = Url::parse(endpoint) else {
        return Vec::new();
    };
    let query = url.query().unwrap_or_default();
    let words = url
        .path()
        .split(['/', ';', '='])
        .chain(query.split(['&', ';', '=']));
    let is_word = |part: &&str| {
        part.chars()
            .all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '.'))
    };
    let mut parts: Vec<String> = words.filter(|part| !is_word(part)).map(str::to_owned).collect();
    parts.extend([
        url.path().to_owned(),
        query.to_owned(),
        format!("{}?{query}", url.path()),
    ]);
    parts.retain(|part| part.len() >= MIN_LENGTH);
    if !url.username().is_empty() && !is_word(&url.username()) {
        parts.push(url.username().to_owned());
    }
    parts.extend(url.password().map(str::to_owned));
    parts
}

/// The value of the `Authorization` header that Konnect sends. One that no endpoint accepts is a warning. A value without
/// a scheme is allowed: some endpoints expect a bare key. A variable that is no longer set must not prevent a destroy.
pub(crate) fn authorization() -> Validator {
    Validator::text(|text| {
        if text.trim().is_empty() {
            return Some(blank(
                "value of the Authorization header that the endpoint expects",
            ));
        }
        if let Err(error) = Authorization::parse(text) {
            return Some(Diagnostic::error("Invalid authorization", sentence(&error)));
        }
        let reason = questionable(text)?;
        Some(Diagnostic::warning(
            "Authorization is not accepted by an endpoint",
            format!("Konnect sends the value as it is in the header Authorization. {reason}"),
        ))
    })
}

/// Why no endpoint accepts a value of the `Authorization` header.
fn questionable(text: &str) -> Option<&'static str> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if first.ends_with(':') || text.to_ascii_lowercase().starts_with("authorization:") {
        return Some("The value begins with the name of a header: remove the name and the colon.");
    }
    if ['"', '\'']
        .iter()
        .any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
    {
        return Some("The value has quotes around it: remove them.");
    }
    (first.eq_ignore_ascii_case("basic") && rest.contains(':')).then_some(
        "After Basic, the user name and the password must be encoded: \
         \"Basic ${base64encode(\"USER:PASSWORD\")}\".",
    )
}

/// An access token of Konnect.
pub(crate) fn access_token() -> Validator {
    Validator::text(|text| {
        let error = AccessToken::parse(text).err()?;
        Some(Diagnostic::error("Invalid access token", sentence(&error)))
    })
}

/// A URL of the API, with or without `{region}`.
pub(crate) fn server_url() -> Validator {
    Validator::text(|text| {
        let error = ServerUrl::parse(text).err()?;
        Some(Diagnostic::error("Invalid server URL", sentence(&error)))
    })
}

/// Warns if certificates are not verified.
pub(crate) fn skips_verification() -> Validator {
    Validator::new(|value| {
        (*value == true.into()).then(|| {
            Diagnostic::warning(
                "Deliveries can be intercepted",
                "Konnect accepts any certificate of the endpoint, so an attacker on the network can read the audit log and \
                 the authorization. Use this only for self-signed certificates outside production.",
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terraform_plugin::protocol::validate;
    use terraform_plugin::{Attribute, Schema, Severity, Value};

    /// The severity and detail of the diagnostic of a validator, if any.
    fn verdict(rule: Validator, value: impl Into<Value>) -> Option<(Severity, String)> {
        let value = value.into();
        let attribute = if value.as_str().is_some() {
            Attribute::string("a")
        } else {
            Attribute::bool("a")
        };
        let schema = Schema::new("", [attribute.optional().validator(rule)]);
        let config = Value::object([("a", value)]);
        validate(&schema, &config, <_>::default())
            .into_iter()
            .next()
            .map(|d| (d.severity, d.detail))
    }

    #[test]
    fn blank_secret_warns_and_credential_without_a_scheme_is_allowed() {
        for rule in [authorization(), secret_endpoint()] {
            assert_eq!(verdict(rule, " ").unwrap().0, Severity::Warning);
        }
        assert_eq!(verdict(authorization(), "ZaVnC4dhaV1Ab1De2Gh3"), None);
        assert_eq!(
            verdict(secret_endpoint(), "http://s3cret").unwrap().0,
            Severity::Error
        );
    }

    #[test]
    fn secret_parts_are_user_information_path_and_query() {
        let parts = secret_parts(
            "https://us3r:pw@siem.example.com/receiver;k3y=Ab1De2Gh3/v1/http/ZaVnC4dhaV?t0k=q1w2e3r4t5",
        );
        for expected in [
            "Ab1De2Gh3",
            "us3r",
            "pw",
            "ZaVnC4dhaV",
            "q1w2e3r4t5",
            "/receiver;k3y=Ab1De2Gh3/v1/http/ZaVnC4dhaV",
        ] {
            assert!(parts.iter().any(|part| part == expected), "{expected}: {parts:?}");
        }
        assert!(
            !parts
                .iter()
                .any(|part| part == "receiver" || part.contains("example")),
            "{parts:?}"
        );
        assert!(secret_parts("https://siem.example.com/audit").is_empty());
        assert!(secret_parts("not a URL").is_empty());
    }

    #[test]
    fn endpoint_that_konnect_cannot_reach_warns() {
        for host in [
            "localhost",
            "siem.localhost",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "[::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
        ] {
            let found = verdict(endpoint(), format!("https://{host}:8443/in"));
            assert_eq!(
                found.map(|(severity, _)| severity),
                Some(Severity::Warning),
                "{host}"
            );
        }
        for host in ["siem.example.com", "172.32.0.1", "203.0.113.1", "[2001:db8::1]"] {
            assert_eq!(verdict(endpoint(), format!("https://{host}/")), None, "{host}");
        }
    }

    #[test]
    fn authorization_that_no_endpoint_accepts_warns_and_is_never_quoted() {
        for (bad, reason) in [
            ("Authorization: Bearer s3cret", "header"),
            ("authorization:s3cret", "header"),
            ("X-Api-Key: s3cret", "header"),
            ("\"Bearer s3cret\"", "quotes"),
            ("'s3cret'", "quotes"),
            ("Basic user:s3cret", "base64encode"),
            ("basic user:s3cret", "base64encode"),
        ] {
            let (severity, detail) = verdict(authorization(), bad).unwrap();
            assert_eq!(severity, Severity::Warning, "{bad}");
            assert!(detail.contains(reason) && !detail.contains("s3cret"), "{detail}");
        }
        for good in [
            "Bearer a:b",
            "Basic dXNlcjpwYXNz",
            "s3cret",
            "ApiKey a\"b",
            "Splunk 1-2",
        ] {
            assert_eq!(verdict(authorization(), good), None, "{good}");
        }
    }
}
