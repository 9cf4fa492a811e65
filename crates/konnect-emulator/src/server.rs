//! Sockets and HTTP: the accept loop, a task for each connection, and the handling of requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State as Extract;
use http::header::DATE;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::api::route;
use crate::api_response::ApiResponse;
use crate::fault::response::{self, Outcome};
use crate::fault::rule::Fault;
use crate::fault::wire::{Wire, WireHandle};
use crate::problem::Problem;
use crate::shared::Shared;
use crate::{api, control};

/// Larger bodies are rejected with 413.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How much of an oversized body is read. Clients read the response only after they have sent their body.
const MAX_DRAIN_BYTES: usize = 16 * MAX_BODY_BYTES;

/// How long requests in flight may take after the emulator stops.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// Serves, over TLS if there is an acceptor, until `stop` is cancelled. Requests in flight then have [`STOP_TIMEOUT`]
/// to end.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let router = Router::new()
        .nest("/_emulator", control::router())
        .fallback(konnect)
        .with_state(Arc::clone(&shared));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let open = shared.connections.open();
                    let served = secured(stream, tls.clone(), router.clone(), stop.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(open);
                    });
                }
                // Most likely, no file descriptor is free: waits for connections to end.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    // The remaining tasks are aborted with the set.
    let _ = timeout(STOP_TIMEOUT, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}

async fn secured(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, stop: CancellationToken) {
    // Responses are small: waiting for more data only adds delay.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return connection(stream, router, stop).await;
    };
    // A client that does not trust the certificate aborts the handshake, which some tests expect.
    tokio::select! {
        accepted = tls.accept(stream) => if let Ok(stream) = accepted {
            connection(stream, router, stop).await;
        },
        () = stop.cancelled() => {}
    }
}

async fn connection<S>(stream: S, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (wire, handle) = Wire::new(stream);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(handle.clone());
        let mut router = router.clone();
        async move { router.call(request.map(Body::new)).await }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(wire), service);
    tokio::pin!(served);
    // A connection may end with an error, as many faults cause.
    tokio::select! {
        _ = served.as_mut() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// A request to the Konnect API.
async fn konnect(Extract(shared): Extract<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = read(body).await;
    let path = parts
        .uri
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let (region, _) = route::split_region(parts.uri.path());
    let recorded = body.as_deref().unwrap_or_default();
    let number = shared
        .journal()
        .open(&parts.method, &parts.uri, &region, &parts.headers, recorded);
    let (fault, mut cleared) = shared.take_matching_fault(parts.method.as_str(), &path, &region);
    let fault = fault.or_else(|| shared.conditions().next_fault(Instant::now()));
    let latency = shared.conditions().latency();
    if !latency.is_zero() {
        sleep(latency).await;
    }
    let date = shared.clock.date_header();
    let handle = || {
        let response = match &body {
            Some(body) => {
                let request = api::Request {
                    method: &parts.method,
                    uri: &parts.uri,
                    headers: &parts.headers,
                    body,
                };
                api::respond(&shared, &request)
            }
            None => too_large(),
        };
        response.dated(date.clone())
    };
    let request = response::Request {
        headers: &parts.headers,
        body: body.as_deref().unwrap_or_default(),
        date: &date,
    };
    let hold = match fault {
        Some(Fault::Hold { handle }) => Some(handle),
        _ => None,
    };
    if hold == Some(false) {
        shared.journal().hold(number);
        // The sender exists as long as the emulator.
        let _ = cleared.changed().await;
    }
    let mut outcome = match parts.extensions.get::<WireHandle>() {
        Some(wire) => response::respond(fault, wire, request, handle).await,
        None => Outcome::from(handle()),
    };
    if hold == Some(true) {
        shared.journal().hold(number);
        let _ = cleared.changed().await;
    }
    outcome.response.headers_mut().entry(DATE).or_insert(date);
    if let Some(status) = outcome.status {
        shared.journal().close(number, status);
    }
    outcome.response
}

/// The whole body, or `None` if it is too large. An incomplete body counts as complete: the client has disconnected.
async fn read(mut body: Body) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut length = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= MAX_BODY_BYTES {
            bytes.extend_from_slice(&data);
        } else if length > MAX_DRAIN_BYTES {
            break;
        }
    }
    (length <= MAX_BODY_BYTES).then_some(bytes)
}

fn too_large() -> ApiResponse {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "The request body is larger than 1 MiB",
    )
    .to_response()
}
