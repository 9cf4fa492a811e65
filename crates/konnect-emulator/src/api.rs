//! One call of the Konnect API, from its parts to its answer.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Uri};

use crate::answer::Answer;
use crate::problem::Problem;
use crate::route::{self, Resource, Version};
use crate::store::Store;
use crate::{destinations, webhook};

/// What a handler needs of a request.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The region that the path names.
    pub(super) region: String,
    /// The version that the path names.
    pub(super) version: Version,
    /// The query as it was sent, without its question mark.
    pub(super) query: &'a str,
    /// The `content-type` header.
    pub(super) content_type: Option<&'a str>,
    /// The whole body.
    pub(super) body: &'a [u8],
}

/// Answers a call: route, method, token, and only then the body, so that nobody without a token learns what a
/// valid body would be.
pub(super) fn answer(store: &Store, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answer {
    dispatch(store, method, uri, headers, body).unwrap_or_else(|problem| problem.answer())
}

fn dispatch(
    store: &Store,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Answer, Problem> {
    let (region, rest) = route::split_region(uri.path());
    let (version, resource) = route::parse(rest).ok_or_else(Problem::not_found)?;
    let methods = resource.methods(version);
    if !methods.split(", ").any(|known| known == method.as_str()) {
        return Err(Problem::method_not_allowed(methods));
    }
    if !is_authorized(headers) {
        return Err(Problem::unauthorized());
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let call = &Call {
        region,
        version,
        query: uri.query().unwrap_or_default(),
        content_type,
        body,
    };
    match (resource, method.as_str(), version) {
        (Resource::Destinations, "GET", _) => store.read(|state| destinations::list(state, call)),
        (Resource::Destinations, "POST", _) => store.change(|state| destinations::create(state, call)),
        (Resource::Destination(id), "GET", _) => store.read(|state| destinations::get(state, call, &id)),
        (Resource::Destination(id), "PATCH", _) => {
            store.change(|state| destinations::patch(state, call, &id))
        }
        (Resource::Destination(id), "DELETE", _) => {
            store.change(|state| destinations::delete(state, call, &id))
        }
        (Resource::Webhook, "GET", Version::V2) => Ok(store.read(|state| webhook::get_v2(state, call))),
        (Resource::Webhook, "GET", Version::V3) => store.read(|state| webhook::get_v3(state, call)),
        (Resource::Webhook, "PATCH", Version::V2) => store.change(|state| webhook::patch_v2(state, call)),
        (Resource::Webhook, "PATCH", Version::V3) => store.change(|state| webhook::patch_v3(state, call)),
        (Resource::Webhook, "DELETE", Version::V3) => {
            store.change(|state| Ok(webhook::delete_v3(state, call)))
        }
        (Resource::WebhookStatus, "GET", _) => Ok(store.read(|state| webhook::status(state, call))),
        _ => Err(Problem::method_not_allowed(methods)),
    }
}

/// Whether the token looks like a personal or a system account access token. Any such token is as good as another.
fn is_authorized(headers: &HeaderMap) -> bool {
    let Some((scheme, token)) = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
    else {
        return false;
    };
    scheme.eq_ignore_ascii_case("bearer") && (token.starts_with("kpat_") || token.starts_with("spat_"))
}
