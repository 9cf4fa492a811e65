//! The handling of a call of the Konnect API.

mod audit_logs;
mod audit_trail;
mod call;
mod credential;
mod destination_list;
mod destinations;
mod fields;
mod identity;
mod portals;
pub(crate) mod problem;
mod query;
mod replay_job;
pub(crate) mod route;
mod webhook;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use crate::api::problem::Problem;
use crate::http::response::ApiResponse;
use crate::organization::shared::Shared;
use crate::organization::state::State;
use crate::organization::stream::{StreamId, parse_uuid};
use audit_trail::Facts;
use call::Call;
use credential::Credential;
use route::{Resource, Version};

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

/// Handles a call, and creates its audit events.
///
/// The order of checks is route, method, token, body: a client without a token receives no information about valid
/// bodies.
pub(crate) fn respond(shared: &Shared, request: &Request<'_>) -> ApiResponse {
    let known = route::parse(request.path).filter(|(_, resource)| resource.is_served_by(request.region));
    let Some((version, resource)) = known else {
        return Problem::not_found().to_response();
    };
    let methods = resource.methods(version);
    if !methods.split(", ").any(|known| known == request.method.as_str()) {
        return Problem::method_not_allowed(methods).to_response();
    }
    let credential = Credential::of(request.headers);
    let response = if credential.is_known() || resource.is_public() {
        let behavior = shared.behavior();
        let call = Call {
            region: request.region,
            version,
            query: request.query,
            content_type: request
                .headers
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok()),
            body: request.body,
            behavior: &behavior,
        };
        let read = |state: &State| read(shared, state, &call, &resource, credential);
        match *request.method {
            Method::GET if request.stale => shared.store.read_stale(read),
            Method::GET => shared.store.read(read),
            _ => write(shared, &call, request.method, &resource),
        }
    } else {
        Err(Problem::unauthorized())
    };
    let response = response.unwrap_or_else(|problem| problem.to_response());
    let facts = Facts {
        method: request.method,
        path: request.path,
        query: request.query,
        headers: request.headers,
        credential,
        resource: &resource,
        status: response.status,
    };
    let events = shared
        .store
        .read(|state| audit_trail::events(&facts, &state.organization, state.clock.now_ms()));
    shared.record(StreamId::of_region(request.region), &events);
    response
}

/// Handles a `GET`.
fn read(
    shared: &Shared,
    state: &State,
    call: &Call<'_>,
    resource: &Resource,
    credential: Credential,
) -> Result<ApiResponse, Problem> {
    match resource {
        Resource::Destinations => Ok(destinations::list(state, call)),
        Resource::Destination(id) => destinations::get(state, call, id),
        Resource::Webhook(portal) => {
            let stream = stream(call, portal.as_deref())?;
            match call.version {
                Version::V2 => webhook::get_v2(state, call, &stream),
                Version::V3 => webhook::get_v3(state, call, &stream),
            }
        }
        Resource::WebhookStatus(portal) => webhook::status(state, &stream(call, portal.as_deref())?),
        Resource::ReplayJob(portal) => replay_job::get(state, &stream(call, portal.as_deref())?),
        Resource::AuditLogs => audit_logs::list(&shared.events, &shared.key, call, &state.clock),
        Resource::Portals => portals::list(state, call),
        Resource::Portal(id) => portals::get(state, call, id),
        Resource::Organization => Ok(identity::organization(state, call)),
        Resource::User => identity::user(state, credential),
        Resource::AvailableRegions => Ok(identity::available_regions()),
        Resource::ControlPlanes => Ok(identity::control_planes()),
        Resource::SigningKeys => Ok(ApiResponse::ok(&shared.key.jwks())),
    }
}

fn write(
    shared: &Shared,
    call: &Call<'_>,
    method: &Method,
    resource: &Resource,
) -> Result<ApiResponse, Problem> {
    let store = &shared.store;
    match resource {
        Resource::Destinations => store.change(|state| destinations::create(state, call)),
        Resource::Destination(id) if *method == Method::PATCH => {
            store.change(|state| destinations::patch(state, call, id))
        }
        Resource::Destination(id) => store.change(|state| destinations::delete(state, call, id)),
        Resource::Webhook(portal) => {
            let stream = stream(call, portal.as_deref())?;
            store.change(|state| match call.version {
                _ if *method == Method::DELETE => webhook::delete_v3(state, &stream),
                Version::V2 => webhook::patch_v2(state, call, &stream),
                Version::V3 => webhook::patch_v3(state, call, &stream),
            })
        }
        Resource::ReplayJob(portal) => {
            let stream = stream(call, portal.as_deref())?;
            let run = shared.replays.next_run();
            let response = store.change(|state| replay_job::put(state, call, &stream, run))?;
            shared.replays.start(stream, run);
            Ok(response)
        }
        // Only `GET` is declared for the others.
        _ => Err(Problem::not_found()),
    }
}

/// The stream of the region or of the portal. 404 for an ID that is not a UUID.
fn stream(call: &Call<'_>, portal: Option<&str>) -> Result<StreamId, Problem> {
    match portal {
        None => Ok(StreamId::of_region(call.region)),
        Some(id) => {
            let id = parse_uuid(id).ok_or_else(Problem::not_found)?;
            Ok(StreamId::of_portal(call.region, &id))
        }
    }
}
