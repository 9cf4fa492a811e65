//! The secrets of this API: the access token, and the `authorization` of a destination.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

/// The reason why a text is not a valid secret. The message never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// It is empty, or consists of white space.
    #[error("the value is blank")]
    Blank,
    /// It contains a carriage return or a line feed. Many files end with one.
    #[error("the value contains a line break: remove it (a file often ends with one)")]
    LineBreak,
    /// It contains another control character.
    #[error("the value contains a control character, which an HTTP header cannot contain")]
    ControlCharacter,
    /// It begins or ends with white space, which HTTP removes.
    #[error("the value begins or ends with white space, which an HTTP header cannot contain")]
    OuterWhitespace,
    /// It contains another character that an HTTP header cannot contain.
    #[error("the value contains a character that an HTTP header cannot contain")]
    NotAHeaderValue,
    /// It is a token with its scheme, as in a header.
    #[error("the value begins with `Bearer `: use the token only")]
    WithScheme,
}

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
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        check(text)?;
        if text
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
        {
            return Err(InvalidSecret::WithScheme);
        }
        // A bearer token consists of visible ASCII characters (RFC 6750, section 2.1).
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidSecret::NotAHeaderValue);
        }
        Ok(Self(SecretString::from(text)))
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
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        check(text)?;
        Ok(Self(SecretString::from(text)))
    }

    /// Returns the value in plain text, for the body of a request only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn check(text: &str) -> Result<(), InvalidSecret> {
    if text.trim().is_empty() {
        return Err(InvalidSecret::Blank);
    }
    if text.contains(['\r', '\n']) {
        return Err(InvalidSecret::LineBreak);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidSecret::ControlCharacter);
    }
    if text.trim() != text {
        return Err(InvalidSecret::OuterWhitespace);
    }
    HeaderValue::from_str(text).map_err(|_| InvalidSecret::NotAHeaderValue)?;
    Ok(())
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
            ("", InvalidSecret::Blank),
            (" \t", InvalidSecret::Blank),
            ("abc\n", InvalidSecret::LineBreak),
            ("abc\r\nX-Other: 1", InvalidSecret::LineBreak),
            ("ab\0c", InvalidSecret::ControlCharacter),
            ("ab\u{7f}c", InvalidSecret::ControlCharacter),
            (" abc", InvalidSecret::OuterWhitespace),
            ("abc ", InvalidSecret::OuterWhitespace),
        ] {
            assert_eq!(AccessToken::parse(text).unwrap_err(), reason, "{text:?}");
            assert_eq!(Authorization::parse(text).unwrap_err(), reason, "{text:?}");
        }
    }

    #[test]
    fn parse_token_with_space_or_scheme_is_rejected() {
        assert_eq!(
            AccessToken::parse("Bearer kpat_x").unwrap_err(),
            InvalidSecret::WithScheme
        );
        assert_eq!(
            AccessToken::parse("kpat x").unwrap_err(),
            InvalidSecret::NotAHeaderValue
        );
        assert_eq!(
            AccessToken::parse("kpat_é").unwrap_err(),
            InvalidSecret::NotAHeaderValue
        );
        assert!(Authorization::parse("Bearer kpat x").is_ok());
    }

    #[test]
    fn parse_error_does_not_repeat_the_value() {
        let refusal = AccessToken::parse("hunter2\n").unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    }
}
