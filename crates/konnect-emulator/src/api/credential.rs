//! The credential of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A personal access token, `kpat_...`. Any is as good as another.
    PersonalToken,
    /// A system account access token, `spat_...`. Any is as good as another.
    SystemAccountToken,
    Unknown,
    Absent,
}

impl Credential {
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

    pub(crate) fn is_known(self) -> bool {
        matches!(self, Self::PersonalToken | Self::SystemAccountToken)
    }
}
