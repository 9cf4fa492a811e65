//! Sockets and HTTP: the accept loop, one task per connection, and the handling of requests.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::body::{self, Encoding, Refusal};
use super::credential::Credential;
use super::intake::Intake;
use super::response::Response;

/// The maximum number of concurrent connections. Further ones wait.
const MAX_CONNECTIONS: usize = 256;

/// The maximum number of bodies in memory. Further requests wait.
const MAX_BODIES: usize = 8;

/// The timeout of the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The timeout for the headers of the next request.
const HEADER_TIMEOUT: Duration = Duration::from_mins(2);

/// The timeout for a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The maximum time and number of bytes for discarding a rejected body.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
const DRAIN_BYTES: usize = 16 * 1024 * 1024;

/// How long deliveries in flight may take after a stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// The shared data of connections.
pub(crate) struct Shared {
    pub(crate) intake: Intake,
    pub(crate) behavior: Mutex<Behavior>,
    pub(crate) log: Mutex<Box<dyn Write + Send>>,
    pub(crate) max_body_bytes: usize,
    bodies: Semaphore,
}

/// The settings that can change while the receiver runs.
pub(crate) struct Behavior {
    pub(crate) credential: Option<Credential>,
    pub(crate) response: Response,
    /// The remainder for [`Response::next`].
    pub(crate) share: f64,
}

impl Shared {
    pub(crate) fn new(
        intake: Intake,
        behavior: Behavior,
        log: Box<dyn Write + Send>,
        max_body_bytes: usize,
    ) -> Self {
        Self {
            intake,
            behavior: Mutex::new(behavior),
            log: Mutex::new(log),
            max_body_bytes,
            bodies: Semaphore::new(MAX_BODIES),
        }
    }

    /// Accesses the settings.
    pub(crate) fn behavior<T>(&self, with: impl FnOnce(&mut Behavior) -> T) -> T {
        with(&mut self.behavior.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn log(&self, text: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        // A failed write of a report cannot be reported.
        let _ = writeln!(log, "{text}").and_then(|()| log.flush());
    }
}

/// Serves until `stop` is cancelled, then waits for deliveries in flight. Uses TLS if `tls` is set.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accept = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (listener.accept().await, place)
        };
        tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            (accepted, place) = accept => match accepted {
                Ok((stream, peer)) => {
                    let (tls, shared, stop) = (tls.clone(), Arc::clone(&shared), stop.clone());
                    connections.spawn(async move {
                        handshake(stream, peer, tls, shared, stop).await;
                        drop(place);
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

async fn handshake(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    stop: CancellationToken,
) {
    // Responses are small: waiting for more data only adds delay.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return connection(stream, peer, shared, stop).await;
    };
    tokio::select! {
        accepted = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)) => match accepted {
            Ok(Ok(stream)) => connection(stream, peer, shared, stop).await,
            Ok(Err(error)) => shared.log(&format!("TLS handshake with {peer} failed: {error}")),
            Err(_) => shared.log(&format!("TLS handshake with {peer} failed: it took too long")),
        },
        () = stop.cancelled() => {}
    }
}

async fn connection<S>(stream: S, peer: SocketAddr, shared: Arc<Shared>, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(deliver(request, peer, &shared).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    // Ignores connection errors: the sender has no response, and sends again.
    tokio::select! {
        _ = served.as_mut() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    let _ = served.await;
}

/// Handles a request, at any path.
async fn deliver(
    request: Request<Incoming>,
    peer: SocketAddr,
    shared: &Arc<Shared>,
) -> http::Response<Full<Bytes>> {
    let (parts, mut body) = request.into_parts();
    let status = match take(&parts, &mut body, shared).await {
        Ok(status) => status,
        Err(refusal) => {
            let status = refusal.status();
            shared.log(&format!(
                "refused a delivery from {peer} with {}: {refusal}",
                status.as_u16()
            ));
            shared.intake.refused();
            let _ = timeout(DRAIN_TIMEOUT, body::drain(&mut body, DRAIN_BYTES)).await;
            return response(status, &format!("{refusal}\n"), Some(refusal));
        }
    };
    if !status.is_success() {
        shared.log(&format!(
            "answered a delivery from {peer} with {}, as asked",
            status.as_u16()
        ));
        shared.intake.refused();
        return response(status, "this receiver was asked to fail\n", None);
    }
    response(status, "", None)
}

/// Processes a delivery, and returns the status code of the response.
async fn take(parts: &Parts, body: &mut Incoming, shared: &Arc<Shared>) -> Result<StatusCode, Refusal> {
    if parts.method != Method::POST {
        return Err(Refusal::Method);
    }
    let credential = shared.behavior(|behavior| behavior.credential.clone());
    if credential.is_some_and(|credential| !credential.matches(&parts.headers)) {
        return Err(Refusal::Authorization);
    }
    body::check_type(&parts.headers)?;
    let encoding = Encoding::of(&parts.headers)?;
    let limit = shared.max_body_bytes;
    // The semaphore is never closed.
    let _place = shared.bodies.acquire().await.ok();
    let bytes = timeout(BODY_TIMEOUT, body::read(&parts.headers, body, limit)).await;
    let bytes = bytes.map_err(|_| Refusal::Timeout)??;
    let worker = Arc::clone(shared);
    let taken = spawn_blocking(move || {
        let bytes = body::decode(bytes, encoding, limit)?;
        let status = worker.behavior(|behavior| behavior.response.next(&mut behavior.share));
        if status.is_success() {
            worker.intake.take(&bytes).map_err(|error| {
                worker.log(&format!("the output file cannot be written: {error}"));
                Refusal::Storage
            })?;
        }
        Ok(status)
    });
    // A panic of `on_event` counts as a storage failure.
    taken.await.unwrap_or(Err(Refusal::Storage))
}

fn response(status: StatusCode, text: &str, refusal: Option<Refusal>) -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::from(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if !text.is_empty() {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
    }
    match refusal {
        Some(Refusal::Method) => headers.insert(ALLOW, HeaderValue::from_static("POST")),
        Some(Refusal::ContentEncoding) => headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        _ => None,
    };
    response
}
