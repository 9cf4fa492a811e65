//! The connections of the host: TLS and HTTP/2.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::Provider;
use crate::plugin::service::Services;
use crate::plugin::transport::Connection;

/// The time within which a connection must complete the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The maximum number of concurrent calls. Terraform's `-parallelism` specifies how many it sends.
const MAX_CONCURRENT_CALLS: u32 = 4096;

/// The connections that have completed the TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connected {
    /// Whether the host has ever connected.
    pub ever: bool,
    /// The number of open connections.
    pub now: usize,
}

/// A connection that counts until it is dropped.
struct Counted(watch::Sender<Connected>);

impl Counted {
    fn new(connected: watch::Sender<Connected>) -> Self {
        connected.send_modify(|c| (c.ever, c.now) = (true, c.now + 1));
        Self(connected)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|c| c.now -= 1);
    }
}

/// Serves a connection until it ends. When `end` is cancelled, the calls in flight still return a response.
pub async fn serve<P: Provider>(
    connection: Box<dyn Connection>,
    tls: Option<Arc<ServerConfig>>,
    services: Arc<Services<P>>,
    connected: watch::Sender<Connected>,
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
    let _counted = Counted::new(connected);
    let service = service_fn(move |request| services.clone().respond(request));
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
