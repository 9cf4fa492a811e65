//! The connections of the host: TLS, HTTP/2, and the dispatch of calls to services.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tower_service::Service;

use crate::Provider;
use crate::plugin::host::HostServices;
use crate::plugin::proto::health::health_server::HealthServer;
use crate::plugin::proto::plugin::grpc_broker_server::GrpcBrokerServer;
use crate::plugin::proto::plugin::grpc_controller_server::GrpcControllerServer;
use crate::plugin::proto::plugin::grpc_stdio_server::GrpcStdioServer;
use crate::plugin::service::ProviderService;
use crate::plugin::transport::Connection;

/// The time within which a connection must complete the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum number of concurrent calls. Terraform's `-parallelism` specifies how many it sends.
const MAX_CONCURRENT_CALLS: u32 = 4096;

/// All services, which each connection provides.
pub struct Services<P: Provider> {
    provider: ProviderService<P>,
    health: HealthServer<HostServices>,
    controller: GrpcControllerServer<HostServices>,
    stdio: GrpcStdioServer<HostServices>,
    broker: GrpcBrokerServer<HostServices>,
}

impl<P: Provider> Clone for Services<P> {
    fn clone(&self) -> Self {
        Self {
            provider: self.provider.clone(),
            health: self.health.clone(),
            controller: self.controller.clone(),
            stdio: self.stdio.clone(),
            broker: self.broker.clone(),
        }
    }
}

impl<P: Provider> Services<P> {
    /// The provider and the services of go-plugin.
    pub fn new(provider: ProviderService<P>, host: HostServices) -> Self {
        Self {
            provider,
            health: HealthServer::new(host.clone()),
            controller: GrpcControllerServer::new(host.clone()),
            stdio: GrpcStdioServer::new(host.clone()),
            broker: GrpcBrokerServer::new(host),
        }
    }

    async fn dispatch(mut self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let service = request
            .uri()
            .path()
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or_default();
        match service {
            "tfplugin6.Provider" => Ok(self.provider.handle(request).await),
            "grpc.health.v1.Health" => self.health.call(request).await,
            "plugin.GRPCController" => self.controller.call(request).await,
            "plugin.GRPCStdio" => self.stdio.call(request).await,
            "plugin.GRPCBroker" => self.broker.call(request).await,
            _ => Ok(Status::unimplemented("no such service").into_http()),
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
