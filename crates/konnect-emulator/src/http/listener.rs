//! Accepts connections, with TLS or without.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::http::wire::{Socket, Wire, WireHandle};

/// Counts connections.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    /// One further reference for each open connection.
    open: Arc<()>,
    most: AtomicUsize,
}

impl Connections {
    /// A reference for as long as a connection is open.
    fn open(&self) -> Arc<()> {
        let open = Arc::clone(&self.open);
        self.most
            .fetch_max(Arc::strong_count(&open) - 1, Ordering::Relaxed);
        open
    }

    /// The maximum number of connections that were open at the same time.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }
}

/// A listening socket. Handshakes run beside each other, so a silent client delays no other.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    connections: Arc<Connections>,
    cut: CancellationToken,
    handshakes: JoinSet<io::Result<(Wire, SocketAddr)>>,
}

impl Listener {
    /// Serves TLS if there is an acceptor. Cancelling `cut` ends the connections.
    pub(crate) fn new(
        socket: TcpListener,
        tls: Option<TlsAcceptor>,
        connections: Arc<Connections>,
        cut: CancellationToken,
    ) -> Self {
        let handshakes = JoinSet::new();
        Self {
            socket,
            tls,
            connections,
            cut,
            handshakes,
        }
    }

    fn begin(&mut self, stream: TcpStream, address: SocketAddr) {
        let (tls, open, cut) = (self.tls.clone(), self.connections.open(), self.cut.clone());
        self.handshakes.spawn(async move {
            // Responses are small: waiting for more data only adds delay.
            stream.set_nodelay(true)?;
            let stream = match tls {
                // A client that does not trust the certificate aborts the handshake, which some tests expect.
                Some(tls) => Socket::Left(tls.accept(stream).await?),
                None => Socket::Right(stream),
            };
            Ok((Wire::new(stream, open, cut), address))
        });
    }
}

impl axum::serve::Listener for Listener {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            tokio::select! {
                Some(ended) = self.handshakes.join_next() => if let Ok(Ok(ready)) = ended {
                    return ready;
                },
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, address)) => self.begin(stream, address),
                    // Most likely, no file descriptor is free: waits for connections to end.
                    Err(_) => sleep(Duration::from_millis(20)).await,
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

impl Connected<IncomingStream<'_, Listener>> for WireHandle {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        stream.io().handle()
    }
}
