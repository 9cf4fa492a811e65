//! The two secrets of this API: the access token and the `authorization` of a destination.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};

/// Why a text can't be used as a secret. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSecret {
    /// Empty, or nothing but white space.
    #[error("the value is blank")]
    Blank,
    /// A carriage return or a line feed, as a file read whole usually has at its end.
    #[error("the value contains a line break: remove it (a file often ends with one)")]
    LineBreak,
    /// Another control character.
    #[error("the value contains a control character, which an HTTP header can't carry")]
    ControlCharacter,
    /// White space at the beginning or end, which HTTP drops on the way.
    #[error("the value begins or ends with white space, which an HTTP header can't carry")]
    OuterWhitespace,
    /// Something else that an HTTP header can't carry.
    #[error("the value contains a character that an HTTP header can't carry")]
    NotAHeaderValue,
    /// A token given with its scheme, as it stands in a header.
    #[error("give the token alone, without `Bearer ` in front of it")]
    WithScheme,
}

/// A personal access token (`kpat_...`) or system account token (`spat_...`) of Konnect.
///
/// `Debug` hides it, and its memory is wiped on drop.
#[derive(Clone)]
pub struct AccessToken(SecretString);

/// What Konnect puts into the `Authorization` header of its deliveries to a destination.
///
/// The API takes it and never gives it back. `Debug` hides it, and its memory is wiped on drop.
#[derive(Clone)]
pub struct Authorization(SecretString);

impl AccessToken {
    /// Takes a token as the user gave it.
    ///
    /// # Errors
    /// When it is blank, or can't stand in an `Authorization: Bearer` header.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        check(text)?;
        if text
            .get(..7)
            .is_some_and(|start| start.eq_ignore_ascii_case("bearer "))
        {
            return Err(InvalidSecret::WithScheme);
        }
        // A bearer token is made of visible ASCII characters (RFC 6750, section 2.1).
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidSecret::NotAHeaderValue);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The token in clear text: for the request header alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Authorization {
    /// Takes a header value as the user gave it, such as `Bearer ...` or `Splunk ...`.
    ///
    /// # Errors
    /// When it is blank, or can't be the value of an HTTP header.
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        check(text)?;
        Ok(Self(SecretString::from(text)))
    }

    /// The value in clear text: for the request body alone.
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

/// A request body is the one place the value is written to.
impl Serialize for Authorization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_value() {
        let token = AccessToken::parse("kpat_abcdef").unwrap();
        let authorization = Authorization::parse("Bearer hunter2").unwrap();
        let shown = format!("{token:?} {authorization:?} {token:#?} {authorization:#?}");
        assert!(!shown.contains("kpat") && !shown.contains("hunter2"), "{shown}");
        assert_eq!(token.expose(), "kpat_abcdef");
        assert_eq!(authorization.expose(), "Bearer hunter2");
    }

    #[test]
    fn what_a_header_cannot_carry_is_refused() {
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
    fn a_token_has_no_spaces_and_no_scheme() {
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
    fn a_refusal_does_not_repeat_the_value() {
        let refusal = AccessToken::parse("hunter2\n").unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
    }
}
