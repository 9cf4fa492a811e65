//! The handling of a call of the Konnect API.

mod audit_logs;
mod audit_trail;
mod call;
mod credential;
mod cursor;
mod destination_list;
mod destinations;
mod fields;
mod identity;
mod portals;
mod replay_job;
pub(crate) mod route;
mod webhook;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Uri};

use crate::api_response::ApiResponse;
use crate::ids::parse_uuid;
use crate::problem::Problem;
use crate::shared::Shared;
use crate::stream::StreamId;
use audit_trail::Facts;
use call::Call;
use credential::Credential;
use route::{Resource, Version};

/// A complete request.
pub(crate) struct Request<'a> {
    /// The method.
    pub(crate) method: &'a Method,
    /// The path and query.
    pub(crate) uri: &'a Uri,
    /// The headers.
    pub(crate) headers: &'a HeaderMap,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// Handles a call, and creates its audit events.
///
/// The order of checks is route, method, token, body: a client without a token receives no information about valid
/// bodies.
pub(crate) fn respond(shared: &Shared, request: &Request<'_>) -> ApiResponse {
    let (region, rest) = route::split_region(request.uri.path());
    let known = route::parse(rest).filter(|(_, resource)| resource.is_served_by(&region));
    let Some((version, resource)) = known else {
        return Problem::not_found().to_response();
    };
    let methods = resource.methods(version);
    if !methods.split(", ").any(|known| known == request.method.as_str()) {
        return Problem::method_not_allowed(methods).to_response();
    }
    let credential = Credential::of(request.headers);
    let response = if credential.is_known() || resource == Resource::SigningKeys {
        let behavior = shared.behavior();
        let call = Call {
            region: region.clone(),
            version,
            query: request.uri.query().unwrap_or_default(),
            content_type: request
                .headers
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok()),
            body: request.body,
            behavior: &behavior,
        };
        handle(shared, &call, request.method, &resource, credential)
    } else {
        Err(Problem::unauthorized())
    };
    let response = response.unwrap_or_else(|problem| problem.to_response());
    let facts = Facts {
        method: request.method,
        uri: request.uri,
        headers: request.headers,
        credential,
        resource: &resource,
        status: response.status,
    };
    let events = shared
        .store
        .read(|state| audit_trail::events(&facts, &state.organization, state.clock.now_ms()));
    shared.record(StreamId::of_region(&region), &events);
    response
}

fn handle(
    shared: &Shared,
    call: &Call<'_>,
    method: &Method,
    resource: &Resource,
    credential: Credential,
) -> Result<ApiResponse, Problem> {
    let store = &shared.store;
    match (resource, method.as_str(), call.version) {
        (Resource::Destinations, "POST", _) => store.change(|state| destinations::create(state, call)),
        (Resource::Destinations, _, _) => store.read(|state| destinations::list(state, call)),
        (Resource::Destination(id), "PATCH", _) => store.change(|state| destinations::patch(state, call, id)),
        (Resource::Destination(id), "DELETE", _) => {
            store.change(|state| destinations::delete(state, call, id))
        }
        (Resource::Destination(id), _, _) => store.read(|state| destinations::get(state, call, id)),
        (Resource::Webhook(portal), method, version) => {
            let stream = &stream(call, portal.as_deref())?;
            match (method, version) {
                ("PATCH", Version::V2) => store.change(|state| webhook::patch_v2(state, call, stream)),
                ("PATCH", Version::V3) => store.change(|state| webhook::patch_v3(state, call, stream)),
                ("DELETE", _) => store.change(|state| webhook::delete_v3(state, call, stream)),
                (_, Version::V2) => store.read(|state| webhook::get_v2(state, call, stream)),
                (_, Version::V3) => store.read(|state| webhook::get_v3(state, call, stream)),
            }
        }
        (Resource::WebhookStatus(portal), _, _) => {
            let stream = stream(call, portal.as_deref())?;
            store.read(|state| webhook::status(state, &stream))
        }
        (Resource::ReplayJob(portal), "PUT", _) => {
            let stream = stream(call, portal.as_deref())?;
            let run = shared.replays.next_run();
            let response = store.change(|state| replay_job::put(state, call, &stream, run))?;
            shared.replays.start(stream, run);
            Ok(response)
        }
        (Resource::ReplayJob(portal), _, _) => {
            let stream = stream(call, portal.as_deref())?;
            store.read(|state| replay_job::get(state, call, &stream))
        }
        (Resource::AuditLogs, _, _) => {
            let (key, now) = store.read(|state| {
                let key = state.signing_keys.current().cloned();
                (key.filter(|_| call.behavior.signatures), state.clock.now_ms())
            });
            audit_logs::list(&shared.events, key.as_ref(), call, now)
        }
        (Resource::Portals, _, _) => store.read(|state| portals::list(state, call)),
        (Resource::Organization, _, _) => Ok(store.read(identity::organization)),
        (Resource::User, _, _) => store.read(|state| identity::user(state, credential)),
        (Resource::SigningKeys, _, _) => Ok(store.read(identity::signing_keys)),
    }
}

/// The stream of the region or of the portal.
///
/// # Errors
///
/// 404 for an ID that is not a UUID.
fn stream(call: &Call<'_>, portal: Option<&str>) -> Result<StreamId, Problem> {
    match portal {
        None => Ok(StreamId::of_region(&call.region)),
        Some(id) => {
            let id = parse_uuid(id).ok_or_else(Problem::not_found)?;
            Ok(StreamId::of_portal(&call.region, &id))
        }
    }
}
