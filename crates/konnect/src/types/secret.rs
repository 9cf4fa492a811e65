//! The secrets of this API: the access token, and the `authorization` of a destination.

use std::fmt;
use std::str::FromStr;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

use crate::types::invalid::InvalidValue;

/// A personal access token (`kpat_...`) or system account token (`spat_...`) of Konnect.
///
/// `Debug` redacts it, and its memory is wiped on drop.
#[derive(Clone)]
pub struct AccessToken(SecretString);

/// The value of the `Authorization` header that Konnect sends with its deliveries to a destination.
///
/// The API never returns it. `Debug` redacts it, and its memory is wiped on drop.
#[derive(Clone)]
pub struct Authorization(SecretString);

impl AccessToken {
    /// Parses a token, as a user wrote it.
    ///
    /// # Errors
    /// When it is blank, or is not valid in an `Authorization: Bearer` header.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text.parse()
    }

    /// Returns the token in plain text, for the header of a request only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Authorization {
    /// Parses a header value, as a user wrote it, such as `Bearer ...` or `Splunk ...`.
    ///
    /// # Errors
    /// When it is blank, or is not a valid value of an HTTP header.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text.parse()
    }

    /// Returns the value in plain text, for the body of a request only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for AccessToken {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        check(text)?;
        let scheme = text.get(..7);
        if scheme.is_some_and(|start| start.eq_ignore_ascii_case("bearer ")) {
            return Err(InvalidValue::new(
                "the value begins with `Bearer `: use the token only",
            ));
        }
        // A bearer token consists of visible ASCII characters (RFC 6750, section 2.1).
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidValue::new(NOT_A_HEADER_VALUE));
        }
        Ok(Self(SecretString::from(text)))
    }
}

impl FromStr for Authorization {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        check(text)?;
        Ok(Self(SecretString::from(text)))
    }
}

const NOT_A_HEADER_VALUE: &str = "the value contains a character that an HTTP header cannot contain";

fn check(text: &str) -> Result<(), InvalidValue> {
    let reason = if text.trim().is_empty() {
        "the value is blank"
    } else if text.contains(['\r', '\n']) {
        "the value contains a line break: remove it (a file often ends with one)"
    } else if text.chars().any(char::is_control) {
        "the value contains a control character, which an HTTP header cannot contain"
    } else if text.trim() != text {
        "the value begins or ends with white space, which an HTTP header cannot contain"
    } else if HeaderValue::from_str(text).is_err() {
        NOT_A_HEADER_VALUE
    } else {
        return Ok(());
    };
    Err(InvalidValue::new(reason))
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken([redacted])")
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization([redacted])")
    }
}

/// Writes the value in plain text, for the body of a request only.
impl Serialize for Authorization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_value_is_redacted() {
        let token = AccessToken::parse("kpat_abcdef").unwrap();
        let authorization = Authorization::parse("Bearer hunter2").unwrap();
        let shown = format!("{token:?} {authorization:?} {token:#?} {authorization:#?}");
        assert!(!shown.contains("kpat") && !shown.contains("hunter2"), "{shown}");
        assert_eq!(token.expose(), "kpat_abcdef");
        assert_eq!(authorization.expose(), "Bearer hunter2");
    }

    #[test]
    fn parse_value_unfit_for_a_header_is_rejected() {
        for (text, reason) in [
            ("", "is blank"),
            (" \t", "is blank"),
            ("abc\n", "line break"),
            ("abc\r\nX-Other: 1", "line break"),
            ("ab\0c", "control character"),
            ("ab\u{7f}c", "control character"),
            (" abc", "white space"),
            ("abc ", "white space"),
        ] {
            let token = AccessToken::parse(text).unwrap_err();
            assert!(token.to_string().contains(reason), "{text:?}: {token}");
            assert_eq!(Authorization::parse(text).unwrap_err(), token, "{text:?}");
        }
    }

    #[test]
    fn parse_token_with_space_or_scheme_is_rejected() {
        for (text, reason) in [
            ("Bearer kpat_x", "token only"),
            ("kpat x", "HTTP header"),
            ("kpat_é", "HTTP header"),
        ] {
            let error = AccessToken::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        assert!(Authorization::parse("Bearer kpat x").is_ok());
    }

    #[test]
    fn parse_error_does_not_repeat_the_value() {
        let refusal = AccessToken::parse("hunter2\n").unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    }
}
