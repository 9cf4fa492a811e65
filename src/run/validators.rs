//! Validators that several blocks share.

use konnect::{AccessToken, Authorization, Region, ServerUrl, sentence};
use terraform_plugin::{Diagnostic, Validator};
use url::Url;

/// The formats of log entries (API descriptions, `LogFormat`).
pub(crate) const LOG_FORMATS: &[&str] = &["cef", "json", "cps"];
/// The default format.
pub(crate) const DEFAULT_LOG_FORMAT: &str = "cef";

/// The name of a region. An unknown one is a warning, because Kong adds regions.
pub(crate) fn region() -> Validator {
    Validator::text(|text| match Region::parse(text) {
        Err(error) => Some(Diagnostic::error("Invalid region", sentence(&error))),
        Ok(region) if !region.is_known() => Some(Diagnostic::warning(
            "Unknown region",
            format!(
                "This version of the provider knows the regions {}, and not \"{region}\". Check the spelling, unless \
                 Kong has added the region.",
                Region::KNOWN.join(", ")
            ),
        )),
        Ok(_) => None,
    })
}

/// An HTTPS URL that Konnect can deliver to. Messages never quote it, because the path can be a credential.
pub(crate) fn endpoint() -> Validator {
    Validator::text(|text| {
        let why = match Url::parse(text) {
            _ if text.trim().is_empty() => "it is blank",
            _ if text.chars().any(|c| c.is_whitespace() || c.is_control()) => "it contains white space",
            Err(_) => "it is not an absolute URL",
            Ok(url) if url.scheme() != "https" => "it does not begin with https://",
            Ok(url) if url.fragment().is_some() => "it has a fragment (#...), which is never sent",
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                return Some(Diagnostic::warning(
                    "Endpoint contains user information",
                    "The endpoint is stored in the state in clear text, with the user name and password in it. Use \
                     authorization_wo for a credential: Konnect sends it as the Authorization header.",
                ));
            }
            Ok(_) => return None,
        };
        let detail = format!(
            "Konnect delivers to HTTPS URLs only: {why}. Set the URL of the SIEM's collector, for instance \
             https://siem.example.com/audit-logs."
        );
        Some(Diagnostic::error("Invalid endpoint", detail))
    })
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

/// The value of the `Authorization` header that Konnect sends.
pub(crate) fn authorization() -> Validator {
    Validator::text(|text| {
        let error = Authorization::parse(text).err()?;
        Some(Diagnostic::error("Invalid authorization", sentence(&error)))
    })
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

/// The region of an object that a data source reads. An invalid one is a warning, because it usually comes from another
/// resource, and mocked resources have random texts.
pub(crate) fn region_of_another_object() -> Validator {
    Validator::text(|text| {
        let error = Region::parse(text).err()?;
        Some(Diagnostic::warning("Not a region", sentence(&error)))
    })
}

/// Warns if certificates are not verified.
pub(crate) fn skips_verification() -> Validator {
    Validator::new(|value| {
        (*value == true.into()).then(|| {
            Diagnostic::warning(
                "Deliveries can be intercepted",
                "With skip_ssl_verification, Konnect accepts any certificate of the endpoint, so an attacker on the \
                 network can read the audit log and the authorization. Use it only for self-signed certificates outside \
                 production.",
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use terraform_plugin::{Attribute, Schema, Severity, Value, validate};

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
    fn endpoint_must_be_https_and_is_never_quoted() {
        assert_eq!(verdict(endpoint(), "https://siem.example.com/x?y=1"), None);
        for bad in [
            "",
            " ",
            "http://s3cret.example",
            "s3cret.example/x",
            "https://",
            "https://s3cret/ ",
            "https://s3cret/#x",
        ] {
            let (severity, detail) = verdict(endpoint(), bad).unwrap();
            assert_eq!(severity, Severity::Error, "{bad:?}");
            assert!(!detail.contains("s3cret"), "{detail}");
        }
    }

    #[test]
    fn endpoint_with_user_information_warns_and_is_never_quoted() {
        let (severity, detail) = verdict(endpoint(), "https://user:s3cret@siem.example.com/").unwrap();
        assert_eq!(severity, Severity::Warning);
        assert!(!detail.contains("s3cret"), "{detail}");
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
    fn region_unknown_is_a_warning() {
        assert_eq!(verdict(region(), "eu"), None);
        assert_eq!(verdict(region(), "jp").unwrap().0, Severity::Warning);
        assert_eq!(verdict(region(), "eu.evil.example").unwrap().0, Severity::Error);
        assert!(verdict(region(), "EU").unwrap().1.contains("`eu`"));
    }

    #[test]
    fn invalid_secret_is_never_quoted() {
        for bad in ["", "  ", "s3cret\nX-Evil: 1"] {
            for rule in [authorization(), access_token()] {
                let (severity, detail) = verdict(rule, bad).unwrap();
                assert_eq!(severity, Severity::Error);
                assert!(!detail.contains("s3cret"), "{detail}");
            }
        }
        assert_eq!(verdict(authorization(), "Splunk abc"), None);
    }

    #[test]
    fn skip_ssl_verification_true_warns() {
        assert_eq!(verdict(skips_verification(), false), None);
        let (severity, detail) = verdict(skips_verification(), true).unwrap();
        assert_eq!(severity, Severity::Warning);
        assert!(detail.contains("production"));
    }
}
