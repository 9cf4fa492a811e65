//! A request and its credential as handlers see them, and the forms of values in responses.

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use icu_normalizer::DecomposingNormalizer;

use crate::api::route::{Resource, Version};
use crate::behavior::{Behavior, EndpointForm};

pub(crate) struct Request<'a> {
    pub(crate) region: &'a str,
    /// The path without the region.
    pub(crate) path: &'a str,
    /// The query as sent, without the question mark.
    pub(crate) query: &'a str,
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// Whether a `GET` shows an earlier state.
    pub(crate) stale: bool,
}

/// A request to a known resource.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) version: Version,
    pub(crate) resource: Resource,
    pub(crate) credential: Credential,
    pub(crate) behavior: &'a Behavior,
}

impl Call<'_> {
    pub(crate) fn id(&self, id: &str) -> String {
        if self.behavior.upper_case_ids {
            id.to_ascii_uppercase()
        } else {
            id.to_owned()
        }
    }

    pub(crate) fn name(&self, name: &str) -> String {
        if self.behavior.decomposed_names {
            DecomposingNormalizer::new_nfd().normalize(name).into_owned()
        } else {
            name.to_owned()
        }
    }

    pub(crate) fn endpoint(&self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.to_owned();
        };
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        match self.behavior.endpoint_form {
            EndpointForm::AsSent => url.to_owned(),
            EndpointForm::TrailingSlash if path.ends_with('/') => url.to_owned(),
            EndpointForm::TrailingSlash => format!("{url}/"),
            EndpointForm::UpperCaseHost => {
                format!("{}://{}{path}", scheme.to_uppercase(), host.to_uppercase())
            }
            EndpointForm::WithoutDefaultPort => {
                format!("{scheme}://{}{path}", host.strip_suffix(":443").unwrap_or(host))
            }
        }
    }
}

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
