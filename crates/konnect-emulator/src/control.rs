//! The control API under `/_emulator/`, for whoever is not in the emulator's process.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State as Extract};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::edits::{self, ControlError};
use crate::fault::FaultRule;
use crate::problem::Problem;
use crate::route::is_region;
use crate::shared::Shared;

type Insides = Extract<Arc<Shared>>;
type Received = Result<Bytes, BytesRejection>;
type Outcome = Result<Answer, ControlError>;

/// The largest body of a control call, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// The routes, without the prefix.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/requests", get(requests).delete(clear_requests))
        .route("/faults", get(faults).post(inject).delete(clear_faults))
        .route("/conditions", get(conditions).put(set_conditions))
        .route("/connections", get(connections))
        .route("/state", get(state))
        .route("/reset", post(reset))
        .route("/{region}/destinations", post(add_destinations))
        .route(
            "/{region}/destinations/{id}",
            patch(edit_destination).delete(remove_destination),
        )
        .route("/{region}/webhook", patch(edit_webhook).delete(remove_webhook))
        .route("/{region}/deliveries", post(record_delivery))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
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
struct Added {
    count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivered {
    code: u16,
    #[serde(default)]
    message: String,
    at: Option<String>,
}

async fn requests(Extract(shared): Insides) -> Answer {
    ok(&json!(shared.journal().entries()))
}

async fn clear_requests(Extract(shared): Insides) -> Answer {
    shared.journal().clear();
    done()
}

async fn faults(Extract(shared): Insides) -> Answer {
    ok(&json!(*shared.faults()))
}

async fn inject(Extract(shared): Insides, body: Received) -> Outcome {
    let rules = match parse(body)? {
        Rules::Several(rules) => rules,
        Rules::One(rule) => vec![rule],
    };
    let rules = rules
        .into_iter()
        .map(typed::<FaultRule>)
        .collect::<Result<Vec<_>, _>>()?;
    rules.iter().try_for_each(FaultRule::check)?;
    let answer = Answer::json(StatusCode::CREATED, &json!(rules));
    rules.into_iter().try_for_each(|rule| shared.inject(rule))?;
    Ok(answer)
}

async fn clear_faults(Extract(shared): Insides) -> Answer {
    shared.clear_faults();
    done()
}

async fn conditions(Extract(shared): Insides) -> Answer {
    ok(&json!(shared.weather().conditions()))
}

async fn set_conditions(Extract(shared): Insides, body: Received) -> Outcome {
    shared.set_conditions(parse(body)?).map(|()| done())
}

async fn connections(Extract(shared): Insides) -> Answer {
    ok(&json!(shared.connections.count()))
}

async fn state(Extract(shared): Insides) -> Answer {
    ok(&shared.store.read(|state| json!(state)))
}

async fn reset(Extract(shared): Insides) -> Outcome {
    shared.reset().map(|()| done())
}

async fn add_destinations(Extract(shared): Insides, Path(region): Path<String>, body: Received) -> Outcome {
    let Added { count } = parse(body)?;
    shared
        .store
        .change(|state| Ok::<_, ControlError>(edits::add_destinations(state, &known(region)?, count)))
        .map(|ids| Answer::json(StatusCode::CREATED, &json!(ids)))
}

async fn edit_destination(
    Extract(shared): Insides,
    Path((region, id)): Path<(String, String)>,
    body: Received,
) -> Outcome {
    let edit: Value = parse(body)?;
    shared
        .store
        .change(|state| edits::edit_destination(state, &known(region)?, &id, &edit))
        .map(|record| ok(&record))
}

async fn remove_destination(Extract(shared): Insides, Path((region, id)): Path<(String, String)>) -> Outcome {
    shared
        .store
        .change(|state| edits::remove_destination(state, &known(region)?, &id))
        .map(|()| done())
}

async fn edit_webhook(Extract(shared): Insides, Path(region): Path<String>, body: Received) -> Outcome {
    let edit: Value = parse(body)?;
    shared
        .store
        .change(|state| edits::edit_webhook(state, &known(region)?, &edit))
        .map(|record| ok(&record))
}

async fn remove_webhook(Extract(shared): Insides, Path(region): Path<String>) -> Outcome {
    shared.store.change(|state| {
        edits::remove_webhook(state, &known(region)?);
        Ok(done())
    })
}

async fn record_delivery(Extract(shared): Insides, Path(region): Path<String>, body: Received) -> Outcome {
    let Delivered { code, message, at } = parse(body)?;
    shared
        .store
        .change(|state| edits::record_delivery(state, &known(region)?, code, &message, at.as_deref()))
        .map(|()| done())
}

/// The content type is not looked at: `curl -d` sends a form's.
fn parse<T: DeserializeOwned>(body: Received) -> Result<T, ControlError> {
    let body = body.map_err(|error| ControlError::Invalid(error.body_text()))?;
    serde_json::from_slice(&body)
        .map_err(|error| ControlError::Invalid(format!("the body is not valid: {error}")))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ControlError> {
    serde_json::from_value(value)
        .map_err(|error| ControlError::Invalid(format!("the body is not valid: {error}")))
}

fn known(region: String) -> Result<String, ControlError> {
    if is_region(&region) {
        Ok(region)
    } else {
        Err(ControlError::Invalid(format!("[{region}] is no region")))
    }
}

fn ok(document: &Value) -> Answer {
    Answer::json(StatusCode::OK, document)
}

fn done() -> Answer {
    Answer::empty(StatusCode::NO_CONTENT)
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        http::Response::<Body>::from(self)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.answer().into_response()
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoDestination { .. } | Self::NoWebhook(_) => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::Save(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, self.to_string()).into_response()
    }
}
