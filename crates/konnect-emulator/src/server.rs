//! The handling of requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use http::header::DATE;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::api::problem::{Faults, Problem};
use crate::api::route;
use crate::fault;
use crate::fault::rule::Fault;
use crate::http::guard;
use crate::http::listener::Listener;
use crate::http::wire::WireHandle;
use crate::lock::lock;
use crate::shared::Shared;
use crate::{api, control};

const MAX_BODY_BYTES: usize = 1024 * 1024;

const MAX_DRAIN_BYTES: usize = 16 * MAX_BODY_BYTES;

/// How long requests in flight may take after the emulator stops.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// Serves until the emulator stops. Requests in flight then have [`STOP_TIMEOUT`] to end.
pub(crate) async fn serve(listener: Listener, shared: Arc<Shared>, cut: CancellationToken) {
    let stop = shared.stop.clone();
    let router = Router::new()
        .nest("/_emulator", control::router())
        .fallback(konnect)
        .with_state(shared)
        .layer(from_fn(guarded))
        .into_make_service_with_connect_info::<WireHandle>();
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    tokio::pin!(served);
    tokio::select! {
        _ = served.as_mut() => return,
        () = stop.cancelled() => {}
    }
    if timeout(STOP_TIMEOUT, served.as_mut()).await.is_err() {
        cut.cancel();
        let _ = served.await;
    }
}

/// Refuses requests of web pages.
async fn guarded(request: Request, next: Next) -> Response<Body> {
    match guard::check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(why) => {
            Problem::new(StatusCode::FORBIDDEN, format!("Refused by the emulator: {why}")).into_response()
        }
    }
}

async fn konnect(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(wire): ConnectInfo<WireHandle>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let path = parts
        .uri
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let (region, rest) = match guard::region(&parts.uri, &parts.headers) {
        Some(region) => (region, parts.uri.path().trim_start_matches('/')),
        None => route::split_region(parts.uri.path()),
    };
    let recorded = body.as_deref().unwrap_or_default();
    let number = lock(&shared.journal).open(&parts.method, &path, &region, &parts.headers, recorded);
    let (found, mut cleared) = shared.take_matching_fault(parts.method.as_str(), &path, &region);
    let found = found.or_else(|| lock(&shared.conditions).next_fault(Instant::now()));
    let latency = lock(&shared.conditions).latency();
    if !latency.is_zero() {
        sleep(latency).await;
    }
    let date = shared.clock.date_header();
    let stale = found == Some(Fault::Stale);
    let handle = || {
        let response = match &body {
            Ok(body) => {
                let request = api::call::Request {
                    region: &region,
                    path: rest,
                    query: parts.uri.query().unwrap_or_default(),
                    method: &parts.method,
                    headers: &parts.headers,
                    body,
                    stale,
                };
                api::respond(&shared, &request)
            }
            Err(problem) => problem.to_response(),
        };
        response.dated(date.clone())
    };
    let request = fault::response::Request {
        headers: &parts.headers,
        body: recorded,
        date: &date,
    };
    let hold = match found {
        Some(Fault::Hold { handle }) => Some(handle),
        _ => None,
    };
    let mut until_cleared = async || {
        if let Some(entry) = lock(&shared.journal).entry(number) {
            entry.held = true;
        }
        // The sender exists as long as the emulator.
        let _ = cleared.changed().await;
    };
    if hold == Some(false) {
        until_cleared().await;
    }
    let mut outcome = fault::response::respond(found, &wire, request, handle).await;
    if hold == Some(true) {
        until_cleared().await;
    }
    outcome.response.headers_mut().entry(DATE).or_insert(date);
    if let Some(entry) = lock(&shared.journal).entry(number) {
        entry.status = outcome.status.map(|status| status.as_u16());
    }
    outcome.response
}

/// Reads a body. 413 if it is too large, 400 if it is malformed or the connection ends within it.
async fn read(body: Body) -> Result<Bytes, Problem> {
    // Reads more than it accepts: clients read the response only after they have sent their body.
    let read = Limited::new(body, MAX_DRAIN_BYTES).collect().await;
    match read.map(Collected::to_bytes) {
        Ok(body) if body.len() <= MAX_BODY_BYTES => Ok(body),
        Err(error) if !error.is::<LengthLimitError>() => {
            let mut faults = Faults::of("body");
            faults.reject("body", "invalid", "is incomplete or malformed");
            Err(faults.problem("Could not read request body"))
        }
        _ => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The request body is larger than 1 MiB",
        )),
    }
}
