//! The control API under `/_emulator/`: the methods of [`Emulator`](crate::Emulator) for other processes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State as Extract};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::api::route::is_region;
use crate::api_response::ApiResponse;
use crate::control_error::ControlError;
use crate::edits;
use crate::event::sample::EventKind;
use crate::fault::rule::FaultRule;
use crate::ids::parse_uuid;
use crate::problem::Problem;
use crate::shared::Shared;
use crate::stream::StreamId;

type SharedState = Extract<Arc<Shared>>;
type Received = Result<Bytes, BytesRejection>;
type Outcome = Result<ApiResponse, ControlError>;

/// The maximum size of the body of a control call, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The maximum number of events that one call creates.
const MAX_EVENTS: usize = 100_000;

/// The routes, without the prefix.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/requests", get(requests).delete(clear_requests))
        .route("/faults", get(faults).post(inject).delete(clear_faults))
        .route("/conditions", get(conditions).put(set_conditions))
        .route("/behavior", get(behavior).patch(change_behavior))
        .route("/connections", get(connections))
        .route("/state", get(state))
        .route("/reset", post(reset))
        .route("/clock", post(advance_clock))
        .route("/signing-key", put(rotate_key))
        .route("/organization", patch(edit_organization))
        .route("/deliveries", get(deliveries).delete(clear_deliveries))
        .route("/{region}/destinations", post(add_destinations))
        .route(
            "/{region}/destinations/{id}",
            patch(edit_destination).delete(remove_destination),
        )
        .route("/{region}/portals", post(add_portal))
        .route("/{region}/portals/{id}", delete(remove_portal))
        .route("/{region}/webhook", patch(edit_webhook).delete(remove_webhook))
        .route(
            "/{region}/portals/{id}/webhook",
            patch(edit_webhook).delete(remove_webhook),
        )
        .route("/{region}/replay-job", patch(edit_replay_job))
        .route("/{region}/portals/{id}/replay-job", patch(edit_replay_job))
        .route("/{region}/deliveries", post(record_delivery))
        .route("/{region}/portals/{id}/deliveries", post(record_delivery))
        .route("/{region}/events", post(trigger))
        .route("/{region}/portals/{id}/events", post(trigger))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// One fault rule or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    Several(Vec<Value>),
    One(Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddDestinations {
    count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddPortal {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceClock {
    advance_seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordDelivery {
    code: u16,
    #[serde(default)]
    message: String,
    at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Trigger {
    kind: EventKind,
    count: usize,
}

impl Default for Trigger {
    fn default() -> Self {
        Self {
            kind: EventKind::default(),
            count: 1,
        }
    }
}

/// The region, and the portal's ID if the route has one.
#[derive(Deserialize)]
struct StreamPath {
    region: String,
    id: Option<String>,
}

impl StreamPath {
    fn stream(self) -> Result<StreamId, ControlError> {
        let region = known_region(self.region)?;
        match self.id {
            None => Ok(StreamId::of_region(&region)),
            Some(id) => match parse_uuid(&id) {
                Some(id) => Ok(StreamId::of_portal(&region, &id)),
                None => Err(ControlError::NoPortal { region, id }),
            },
        }
    }
}

async fn requests(Extract(shared): SharedState) -> ApiResponse {
    ok(&json!(shared.journal().entries()))
}

async fn clear_requests(Extract(shared): SharedState) -> ApiResponse {
    shared.journal().clear();
    done()
}

async fn faults(Extract(shared): SharedState) -> ApiResponse {
    ok(&json!(*shared.faults()))
}

async fn inject(Extract(shared): SharedState, body: Received) -> Outcome {
    let rules = match parse(body)? {
        Rules::Several(rules) => rules,
        Rules::One(rule) => vec![rule],
    };
    let rules = rules
        .into_iter()
        .map(typed::<FaultRule>)
        .collect::<Result<Vec<_>, _>>()?;
    rules.iter().try_for_each(FaultRule::check)?;
    let response = ApiResponse::json(StatusCode::CREATED, &json!(rules));
    rules.into_iter().try_for_each(|rule| shared.inject(rule))?;
    Ok(response)
}

async fn clear_faults(Extract(shared): SharedState) -> ApiResponse {
    shared.clear_faults();
    done()
}

async fn conditions(Extract(shared): SharedState) -> ApiResponse {
    ok(&json!(shared.conditions().conditions()))
}

async fn set_conditions(Extract(shared): SharedState, body: Received) -> Outcome {
    shared.set_conditions(parse(body)?).map(|()| done())
}

async fn behavior(Extract(shared): SharedState) -> ApiResponse {
    ok(&json!(*shared.behavior()))
}

async fn change_behavior(Extract(shared): SharedState, body: Received) -> Outcome {
    let changes: Map<String, Value> = parse(body)?;
    let behavior = shared.behavior().merged(changes)?;
    let response = ok(&json!(behavior));
    shared.set_behavior(behavior);
    Ok(response)
}

async fn connections(Extract(shared): SharedState) -> ApiResponse {
    ok(&json!(shared.connections.count()))
}

async fn state(Extract(shared): SharedState) -> ApiResponse {
    ok(&shared.store.read(|state| json!(state)))
}

async fn reset(Extract(shared): SharedState) -> Outcome {
    shared.reset().map(|()| done())
}

async fn advance_clock(Extract(shared): SharedState, body: Received) -> Outcome {
    let AdvanceClock { advance_seconds } = parse(body)?;
    shared.clock.advance(Duration::from_secs(advance_seconds));
    Ok(done())
}

async fn rotate_key(Extract(shared): SharedState) -> Outcome {
    shared.store.change(|state| {
        let now = state.clock.now_ms();
        state.signing_keys.rotate(now)?;
        Ok(ok(&state.signing_keys.jwks(now)))
    })
}

async fn edit_organization(Extract(shared): SharedState, body: Received) -> Outcome {
    let edit: Value = parse(body)?;
    shared
        .store
        .change(|state| edits::edit_organization(state, &edit))
        .map(|record| ok(&record))
}

async fn deliveries(Extract(shared): SharedState) -> ApiResponse {
    ok(&json!(shared.deliveries.entries()))
}

async fn clear_deliveries(Extract(shared): SharedState) -> ApiResponse {
    shared.deliveries.clear();
    done()
}

async fn add_destinations(
    Extract(shared): SharedState,
    Path(region): Path<String>,
    body: Received,
) -> Outcome {
    let AddDestinations { count } = parse(body)?;
    let region = known_region(region)?;
    shared
        .store
        .change(|state| Ok::<_, ControlError>(edits::add_destinations(state, &region, count)))
        .map(|ids| ApiResponse::json(StatusCode::CREATED, &json!(ids)))
}

async fn edit_destination(
    Extract(shared): SharedState,
    Path((region, id)): Path<(String, String)>,
    body: Received,
) -> Outcome {
    let edit: Value = parse(body)?;
    let region = known_region(region)?;
    shared
        .store
        .change(|state| edits::edit_destination(state, &region, &id, &edit))
        .map(|record| ok(&record))
}

async fn remove_destination(
    Extract(shared): SharedState,
    Path((region, id)): Path<(String, String)>,
) -> Outcome {
    let region = known_region(region)?;
    shared
        .store
        .change(|state| edits::remove_destination(state, &region, &id))
        .map(|()| done())
}

async fn add_portal(Extract(shared): SharedState, Path(region): Path<String>, body: Received) -> Outcome {
    let AddPortal { name } = parse(body)?;
    let region = known_region(region)?;
    shared
        .store
        .change(|state| Ok::<_, ControlError>(state.add_portal(&region, &name)))
        .map(|id| ApiResponse::json(StatusCode::CREATED, &json!({ "id": id })))
}

async fn remove_portal(Extract(shared): SharedState, Path((region, id)): Path<(String, String)>) -> Outcome {
    let region = known_region(region)?;
    shared
        .store
        .change(|state| edits::remove_portal(state, &region, &id))
        .map(|()| done())
}

async fn edit_webhook(Extract(shared): SharedState, Path(path): Path<StreamPath>, body: Received) -> Outcome {
    let edit: Value = parse(body)?;
    let stream = path.stream()?;
    shared
        .store
        .change(|state| edits::edit_webhook(state, &stream, &edit))
        .map(|record| ok(&record))
}

async fn remove_webhook(Extract(shared): SharedState, Path(path): Path<StreamPath>) -> Outcome {
    let stream = path.stream()?;
    shared
        .store
        .change(|state| edits::remove_webhook(state, &stream))
        .map(|()| done())
}

async fn edit_replay_job(
    Extract(shared): SharedState,
    Path(path): Path<StreamPath>,
    body: Received,
) -> Outcome {
    let edit: Value = parse(body)?;
    let stream = path.stream()?;
    let run = shared.replays.next_run();
    shared
        .store
        .change(|state| edits::edit_replay_job(state, &stream, &edit, run))
        .map(|record| ok(&record))
}

async fn record_delivery(
    Extract(shared): SharedState,
    Path(path): Path<StreamPath>,
    body: Received,
) -> Outcome {
    let RecordDelivery { code, message, at } = parse(body)?;
    let stream = path.stream()?;
    shared
        .store
        .change(|state| edits::record_delivery(state, &stream, code, &message, at.as_deref()))
        .map(|()| done())
}

async fn trigger(Extract(shared): SharedState, Path(path): Path<StreamPath>, body: Received) -> Outcome {
    let Trigger { kind, count } = parse(body)?;
    if count > MAX_EVENTS {
        return Err(ControlError::Invalid(format!(
            "one call makes at most {MAX_EVENTS} events"
        )));
    }
    let stream = path.stream()?;
    let events = shared
        .store
        .read(|state| edits::events(state, &stream, kind, count))?;
    shared.record(stream, &events);
    Ok(ApiResponse::json(
        StatusCode::CREATED,
        &json!({ "events": events.len() }),
    ))
}

/// Ignores the content type, because `curl -d` sends that of a form.
fn parse<T: DeserializeOwned>(body: Received) -> Result<T, ControlError> {
    let body = body.map_err(|error| ControlError::Invalid(error.body_text()))?;
    serde_json::from_slice(&body)
        .map_err(|error| ControlError::Invalid(format!("the body is not valid: {error}")))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ControlError> {
    serde_json::from_value(value)
        .map_err(|error| ControlError::Invalid(format!("the body is not valid: {error}")))
}

fn known_region(region: String) -> Result<String, ControlError> {
    if is_region(&region) {
        Ok(region)
    } else {
        Err(ControlError::Invalid(format!("[{region}] is not a region")))
    }
}

fn ok(document: &Value) -> ApiResponse {
    ApiResponse::json(StatusCode::OK, document)
}

fn done() -> ApiResponse {
    ApiResponse::empty(StatusCode::NO_CONTENT)
}

impl IntoResponse for ApiResponse {
    fn into_response(self) -> Response {
        http::Response::<Body>::from(self)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.to_response().into_response()
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoDestination { .. } | Self::NoPortal { .. } | Self::NoWebhook(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Save(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, self.to_string()).into_response()
    }
}
