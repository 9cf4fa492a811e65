//! Control calls under `/_emulator/`: what can be read, and the route of [`Command`].

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State as Extract};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::problem::Problem;
use crate::control::{Command, ControlError};
use crate::http::response::ApiResponse;
use crate::organization::shared::Shared;

type SharedState = Extract<Arc<Shared>>;

/// The maximum size of the body of a control call, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The routes, without the prefix.
pub(crate) fn router() -> Router<Arc<Shared>> {
    let requests = async |Extract(shared): SharedState| ApiResponse::ok(&json!(shared.journal().entries()));
    let deliveries =
        async |Extract(shared): SharedState| ApiResponse::ok(&json!(shared.deliveries.entries()));
    let faults = async |Extract(shared): SharedState| ApiResponse::ok(&json!(*shared.faults()));
    let state =
        async |Extract(shared): SharedState| ApiResponse::ok(&shared.store.read(|state| json!(state)));
    Router::new()
        .route("/requests", get(requests))
        .route("/deliveries", get(deliveries))
        .route("/faults", get(faults))
        .route("/state", get(state))
        .route("/commands", post(command))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
}

/// Ignores the content type, because `curl -d` sends that of a form.
async fn command(
    Extract(shared): SharedState,
    body: Result<Bytes, BytesRejection>,
) -> Result<ApiResponse, ControlError> {
    let body = body.map_err(|error| ControlError::Invalid(error.body_text()))?;
    let command: Command = serde_json::from_slice(&body)
        .map_err(|error| ControlError::Invalid(format!("the command is not valid: {error}")))?;
    Ok(match shared.execute(command)? {
        Value::Null => ApiResponse::empty(StatusCode::NO_CONTENT),
        document => ApiResponse::ok(&document),
    })
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
        };
        Problem::new(status, self.to_string()).into_response()
    }
}
