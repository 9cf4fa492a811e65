//! The handling of a call of the Konnect API.

mod audit_logs;
mod audit_trail;
pub(crate) mod call;
mod destinations;
mod fields;
mod identity;
mod portals;
pub(crate) mod problem;
mod query;
mod replay_job;
pub(crate) mod route;
mod webhook;

use std::sync::Arc;

use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use crate::api::call::{Call, Credential, Request};
use crate::api::problem::Problem;
use crate::api::route::{Resource, Version};
use crate::delivery::worker;
use crate::http::response::ApiResponse;
use crate::lock::lock;
use crate::organization::state::State;
use crate::organization::stream::{StreamId, parse_uuid};
use crate::replay;
use crate::shared::Shared;

/// Handles a call, and creates its audit events.
///
/// The order of checks is route, method, token, body: a client without a token receives no information about valid
/// bodies.
pub(crate) fn respond(shared: &Arc<Shared>, request: &Request<'_>) -> ApiResponse {
    let known = route::parse(request.path).filter(|(_, resource)| resource.is_served_by(request.region));
    let Some((version, resource)) = known else {
        return Problem::not_found().to_response();
    };
    let methods = resource.methods(version);
    if !methods.split(", ").any(|known| known == request.method.as_str()) {
        let mut response = Problem::method_not_allowed().to_response();
        response.headers.insert(ALLOW, HeaderValue::from_static(methods));
        return response;
    }
    let call = Call {
        request,
        version,
        resource,
        credential: Credential::of(request.headers),
        behavior: &Arc::clone(&lock(&shared.behavior)),
    };
    let response = if call.credential.is_known() || call.resource.is_public() {
        let read = |state: &State| read(shared, state, &call);
        match *request.method {
            Method::GET if request.stale => shared.store.read_stale(read),
            Method::GET => shared.store.read(read),
            _ => write(shared, &call),
        }
    } else {
        Err(Problem::unauthorized())
    };
    let response = response.unwrap_or_else(|problem| problem.to_response());
    let events = shared
        .store
        .read(|state| audit_trail::events(&call, response.status, state));
    worker::record(shared, StreamId::from(request.region), &events);
    response
}

fn read(shared: &Shared, state: &State, call: &Call<'_>) -> Result<ApiResponse, Problem> {
    match &call.resource {
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
        Resource::User => identity::user(state, call.credential),
        Resource::AvailableRegions => Ok(identity::available_regions()),
        Resource::ControlPlanes => Ok(identity::control_planes()),
        Resource::SigningKeys => Ok(ApiResponse::ok(&shared.key.jwks())),
    }
}

fn write(shared: &Arc<Shared>, call: &Call<'_>) -> Result<ApiResponse, Problem> {
    let store = &shared.store;
    let deletes = *call.request.method == Method::DELETE;
    match &call.resource {
        Resource::Destinations => store.change(|state| destinations::create(state, call)),
        Resource::Destination(id) if deletes => store.change(|state| destinations::delete(state, call, id)),
        Resource::Destination(id) => store.change(|state| destinations::patch(state, call, id)),
        Resource::Webhook(portal) => {
            let stream = stream(call, portal.as_deref())?;
            store.change(|state| match call.version {
                _ if deletes => webhook::delete_v3(state, &stream),
                Version::V2 => webhook::patch_v2(state, call, &stream),
                Version::V3 => webhook::patch_v3(state, call, &stream),
            })
        }
        Resource::ReplayJob(portal) => {
            let stream = stream(call, portal.as_deref())?;
            let job = store.change(|state| replay_job::put(state, call, &stream))?;
            let response = ApiResponse::json(StatusCode::ACCEPTED, &json!(job));
            shared.spawn(replay::run(Arc::clone(shared), stream, job));
            Ok(response)
        }
        // Only `GET` is declared for the others.
        _ => Err(Problem::not_found()),
    }
}

/// The stream of the region or of the portal. 404 for an ID that is not a UUID.
fn stream(call: &Call<'_>, portal: Option<&str>) -> Result<StreamId, Problem> {
    let region = call.request.region;
    let Some(portal) = portal else {
        return Ok(region.into());
    };
    let portal = parse_uuid(portal).ok_or_else(Problem::not_found)?;
    Ok((region, portal).into())
}
