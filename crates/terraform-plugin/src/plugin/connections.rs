//! The connections of the host: TLS, HTTP/2, and the dispatch of calls to services.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use crate::Provider;
use crate::plugin::grpc::{self, Responses};
use crate::plugin::host::{BROKER, HostServices};
use crate::plugin::service::ProviderService;
use crate::plugin::transport::Connection;

/// The time within which a connection must complete the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum number of concurrent calls. Terraform's `-parallelism` specifies how many it sends.
const MAX_CONCURRENT_CALLS: u32 = 4096;

/// All services, which each connection provides.
pub struct Services<P: Provider> {
    /// The provider.
    pub provider: ProviderService<P>,
    /// The services of go-plugin.
    pub host: HostServices,
}

impl<P: Provider> Clone for Services<P> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            host: self.host.clone(),
        }
    }
}

impl<P: Provider> Services<P> {
    async fn dispatch(self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        Ok(grpc::respond(self.call(request).await))
    }

    async fn call(self, request: Request<Incoming>) -> Responses {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        if path == BROKER {
            return self.host.call(path, Bytes::new());
        }
        let message = grpc::read(body).await?;
        match path.strip_prefix("/tfplugin6.Provider/") {
            Some(method) => self.provider.call(method, message).await,
            None => self.host.call(path, message),
        }
    }
}

/// Counts the connections of the host.
#[derive(Clone)]
pub struct ConnectionTracker(watch::Sender<Connected>);

/// The connections that have completed the TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connected {
    /// Whether the host has ever connected.
    pub ever: bool,
    /// The number of open connections.
    pub now: usize,
}

impl ConnectionTracker {
    /// A tracker without connections.
    #[must_use]
    pub fn new() -> Self {
        Self(watch::Sender::new(Connected::default()))
    }

    /// A receiver that observes changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Connected> {
        self.0.subscribe()
    }

    fn arrive(&self) -> ConnectionGuard {
        self.0.send_modify(|c| {
            *c = Connected {
                ever: true,
                now: c.now + 1,
            }
        });
        ConnectionGuard(self.clone())
    }
}

struct ConnectionGuard(ConnectionTracker);

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.0.0.send_modify(|c| c.now -= 1);
    }
}

/// Serves a connection until it ends. When `end` is cancelled, the calls in flight still return a response.
pub async fn serve<P: Provider>(
    connection: Box<dyn Connection>,
    tls: Option<Arc<ServerConfig>>,
    services: Services<P>,
    tracker: ConnectionTracker,
    end: CancellationToken,
) {
    let connection: Box<dyn Connection> = match tls {
        None => connection,
        Some(config) => {
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, TlsAcceptor::from(config).accept(connection)).await
            {
                Ok(Ok(stream)) => Box::new(stream),
                Ok(Err(error)) => return refused(&error),
                Err(_) => return refused(&io::Error::from(io::ErrorKind::TimedOut)),
            }
        }
    };
    let _guard = tracker.arrive();
    let service = service_fn(move |request| services.clone().dispatch(request));
    let served = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(MAX_CONCURRENT_CALLS)
        .serve_connection(TokioIo::new(connection), service);
    let mut served = std::pin::pin!(served);
    let done = tokio::select! {
        done = served.as_mut() => done,
        () = end.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    match done {
        Ok(()) => tracing::debug!("a connection ended"),
        Err(error) => tracing::debug!(%error, "a connection ended with an error"),
    }
}

fn refused(error: &io::Error) {
    tracing::warn!(%error, "refused a connection without the certificate of the host");
}
