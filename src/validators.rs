//! Rules for values that several blocks have, checked before any request.

use konnect::{AccessToken, Authorization, DestinationId, Region, ServerUrl};
use terraform_plugin::{Diagnostic, Validator};
use url::Url;

/// The formats that Konnect writes log entries in (API descriptions, `LogFormat`).
pub(crate) const LOG_FORMATS: &[&str] = &["cef", "json", "cps"];
/// The format where none is given.
pub(crate) const DEFAULT_LOG_FORMAT: &str = "cef";

/// A region's name. One that is not known yet only gets a warning, since Kong adds regions.
pub(crate) fn region() -> Validator {
    Validator::text(|text| match Region::parse(text) {
        Err(error) => Some(Diagnostic::error("Invalid region", sentence(&error))),
        Ok(region) if !region.is_known() => Some(Diagnostic::warning(
            "Unknown region",
            format!(
                "This version of the provider does not know the region \"{region}\", only {}. It is used as \
                 given: check the spelling, unless Kong has added it since.",
                Region::KNOWN.join(", ")
            ),
        )),
        Ok(_) => None,
    })
}

/// An HTTPS URL that Konnect can deliver to. The messages never quote it: with some SIEMs the
/// path is a credential.
pub(crate) fn endpoint() -> Validator {
    Validator::text(|text| {
        let why = match Url::parse(text) {
            _ if text.trim().is_empty() => "it is blank",
            _ if text.chars().any(|c| c.is_whitespace() || c.is_control()) => "it contains white space",
            Err(_) => "it is no absolute URL",
            Ok(url) if url.scheme() != "https" => "it does not begin with https://",
            Ok(url) if url.fragment().is_some() => "it has a fragment (#...), which is never sent",
            Ok(_) => return None,
        };
        let detail = format!(
            "Konnect delivers to HTTPS URLs only, and this is none: {why}. Set it to the URL of the SIEM's \
             collector, for instance https://siem.example.com/audit-logs."
        );
        Some(Diagnostic::error("Invalid endpoint", detail))
    })
}

/// What Konnect is to send in the `Authorization` header.
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

/// The id of a destination.
pub(crate) fn destination_id() -> Validator {
    Validator::text(|text| {
        let error = DestinationId::parse(text).err()?;
        Some(Diagnostic::error("Invalid destination id", sentence(&error)))
    })
}

/// Warns of switched-off certificate checks.
pub(crate) fn skips_verification() -> Validator {
    Validator::new(|value| {
        (*value == true.into()).then(|| {
            Diagnostic::warning(
                "Deliveries can be intercepted",
                "With skip_ssl_verification Konnect delivers to whoever answers for the endpoint, with any \
                 certificate: the audit log and the authorization can be read on the way. Use it only for \
                 self-signed certificates outside production.",
            )
        })
    })
}

/// An error's text as a sentence of a diagnostic.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut characters = text.chars();
    let first: String = characters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", characters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use terraform_plugin::{Attribute, Schema, Severity, Value, validate};

    /// The severity and detail that a rule has for a text, if any.
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
    fn an_endpoint_is_https_and_is_never_quoted() {
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
    fn a_region_that_kong_may_have_added_is_a_warning() {
        assert_eq!(verdict(region(), "eu"), None);
        assert_eq!(verdict(region(), "jp").unwrap().0, Severity::Warning);
        assert_eq!(verdict(region(), "eu.evil.example").unwrap().0, Severity::Error);
        assert!(verdict(region(), "EU").unwrap().1.contains("`eu`"));
    }

    #[test]
    fn secrets_are_checked_and_never_quoted() {
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
    fn skipping_verification_is_a_warning_that_says_why() {
        assert_eq!(verdict(skips_verification(), false), None);
        let (severity, detail) = verdict(skips_verification(), true).unwrap();
        assert_eq!(severity, Severity::Warning);
        assert!(detail.contains("production"));
    }
}
