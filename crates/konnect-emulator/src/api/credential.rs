//! The credential of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The credential of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A personal access token, `kpat_...`. Any is as good as another.
    PersonalToken,
    /// A system account access token, `spat_...`. Any is as good as another.
    SystemAccountToken,
    /// Another value.
    Unknown,
    /// No credential.
    Absent,
}

impl Credential {
    /// The credential in the headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else {
            return Self::Absent;
        };
        match value.to_str().ok().and_then(|value| value.split_once(' ')) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                if token.starts_with("kpat_") {
                    Self::PersonalToken
                } else if token.starts_with("spat_") {
                    Self::SystemAccountToken
                } else {
                    Self::Unknown
                }
            }
            _ => Self::Unknown,
        }
    }

    /// Whether the credential is valid.
    pub(crate) fn is_known(self) -> bool {
        matches!(self, Self::PersonalToken | Self::SystemAccountToken)
    }
}
