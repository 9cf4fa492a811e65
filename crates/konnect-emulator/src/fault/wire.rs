//! A connection that can end with arbitrary bytes.
//!
//! An HTTP library does not send invalid responses, such as half a header, a body shorter than its `content-length` or
//! a 204 with a body. [`Wire`] is between hyper and the socket. With the [`WireHandle`] of the connection, a handler
//! can replace the output of hyper with other bytes. The connection ends after that.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The last bytes of a connection, and the number of sent bytes.
#[derive(Debug)]
struct FinalBytes {
    bytes: Vec<u8>,
    sent: usize,
}

/// A handler's access to the connection of its request.
#[derive(Clone, Debug)]
pub(crate) struct WireHandle(Arc<Mutex<Option<FinalBytes>>>);

impl WireHandle {
    /// Sends exactly `bytes` instead of the response, then closes. If `bytes` is empty, the connection ends without a
    /// response.
    pub(crate) fn end_with(&self, bytes: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(FinalBytes { bytes, sent: 0 });
    }
}

/// A stream, with TLS or without, under the control of a [`WireHandle`].
#[derive(Debug)]
pub(crate) struct Wire<S> {
    stream: S,
    final_bytes: Arc<Mutex<Option<FinalBytes>>>,
}

impl<S> Wire<S> {
    /// Wraps a stream. The handle is valid for the lifetime of the connection.
    pub(crate) fn new(stream: S) -> (Self, WireHandle) {
        let final_bytes = Arc::new(Mutex::new(None));
        let handle = WireHandle(Arc::clone(&final_bytes));
        (Self { stream, final_bytes }, handle)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, final_bytes } = self.get_mut();
        let mut stream = Pin::new(stream);
        let mut final_bytes = final_bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bytes_left) = final_bytes.as_mut() else {
            return stream.poll_write(context, buffer);
        };
        while let Some(rest) = bytes_left
            .bytes
            .get(bytes_left.sent..)
            .filter(|rest| !rest.is_empty())
        {
            let count = ready!(stream.as_mut().poll_write(context, rest))?;
            if count == 0 {
                break;
            }
            bytes_left.sent += count;
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
