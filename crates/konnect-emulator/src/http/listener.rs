//! Accepts connections, with TLS or without, and counts them.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::http::wire::{Socket, Wire};

/// The connections to an emulator, including those of control calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionCount {
    /// The number of connections since the start.
    pub accepted: u64,
    /// The number of open connections.
    pub open: u64,
    /// The maximum number of connections that were open at the same time.
    pub most: u64,
}

/// Counts connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Mutex<ConnectionCount>>);

/// An open connection. Dropping it counts the end of the connection.
pub(crate) struct Open(Connections);

impl Connections {
    fn open(&self) -> Open {
        self.update(|count| {
            count.accepted += 1;
            count.open += 1;
            count.most = count.most.max(count.open);
        });
        Open(self.clone())
    }

    pub(crate) fn count(&self) -> ConnectionCount {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut ConnectionCount)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.update(|count| count.open -= 1);
    }
}

/// A listening socket. Handshakes run beside each other, so a silent client delays no other.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    connections: Connections,
    /// Ends every connection.
    cut: CancellationToken,
    handshakes: JoinSet<io::Result<(Wire, SocketAddr)>>,
}

impl Listener {
    /// Serves TLS if there is an acceptor. Cancelling `cut` ends the connections.
    pub(crate) fn new(
        socket: TcpListener,
        tls: Option<TlsAcceptor>,
        connections: Connections,
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
            let stream: Box<dyn Socket> = match tls {
                // A client that does not trust the certificate aborts the handshake, which some tests expect.
                Some(tls) => Box::new(tls.accept(stream).await?),
                None => Box::new(stream),
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
