//! A connection that can end with arbitrary bytes, or at any time.
//!
//! An HTTP library does not send invalid responses, such as half a header, a body shorter than its `content-length` or
//! a 204 with a body. [`Wire`] is between hyper and the socket. With the [`WireHandle`] of the connection, a handler
//! can replace the output of hyper with other bytes. The connection ends after that.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::lock::lock;

/// A handler's access to the connection of its request: the last bytes to send.
#[derive(Clone, Debug)]
pub(crate) struct WireHandle(Arc<Mutex<Option<Vec<u8>>>>);

impl WireHandle {
    /// Sends exactly `bytes` instead of the response, then closes. If `bytes` is empty, the connection ends without a
    /// response.
    pub(crate) fn end_with(&self, bytes: Vec<u8>) {
        *lock(&self.0) = Some(bytes);
    }
}

/// A connection with TLS or without.
pub(crate) type Socket = Either<TlsStream<TcpStream>, TcpStream>;

/// A stream, with TLS or without, under the control of a [`WireHandle`].
pub(crate) struct Wire {
    stream: Socket,
    handle: WireHandle,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Counts the connection as long as it exists.
    _open: Arc<()>,
}

impl Wire {
    /// Wraps a stream. Cancelling `cut` ends it with an error.
    pub(crate) fn new(stream: Socket, open: Arc<()>, cut: CancellationToken) -> Self {
        Self {
            stream,
            handle: WireHandle(Arc::default()),
            cut: Box::pin(cut.cancelled_owned()),
            _open: open,
        }
    }

    pub(crate) fn handle(&self) -> WireHandle {
        self.handle.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, handle, .. } = self.get_mut();
        let mut stream = Pin::new(stream);
        let mut final_bytes = lock(&handle.0);
        let Some(rest) = final_bytes.as_mut() else {
            return stream.poll_write(context, buffer);
        };
        while !rest.is_empty() {
            let count = ready!(stream.as_mut().poll_write(context, rest))?;
            if count == 0 {
                break;
            }
            rest.drain(..count);
        }
        // hyper drops a connection whose writes fail, and with it the socket.
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
