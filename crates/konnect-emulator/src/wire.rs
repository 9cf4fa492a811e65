//! A connection that can be told to misbehave.
//!
//! An HTTP library refuses to send what a broken server sends: half a header, a body shorter than announced, a
//! 204 with a body. [`Wire`] sits between hyper and the socket. Its [`WireHandle`] travels with every request of
//! the connection, so that a handler can replace whatever hyper is about to write by bytes of its own, after
//! which the connection ends.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The last bytes of a connection, and how many of them are on their way.
#[derive(Debug)]
struct LastWords {
    bytes: Vec<u8>,
    sent: usize,
}

/// A handler's hold on the connection that its request came by.
#[derive(Clone, Debug)]
pub(super) struct WireHandle(Arc<Mutex<Option<LastWords>>>);

impl WireHandle {
    /// Sends exactly `bytes` in place of the answer, then closes. With no bytes at all the peer sees a connection
    /// that ends without an answer.
    pub(super) fn end_with(&self, bytes: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(LastWords { bytes, sent: 0 });
    }
}

/// A stream, with TLS or without, under the control of a [`WireHandle`].
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    last_words: Arc<Mutex<Option<LastWords>>>,
}

impl<S> Wire<S> {
    /// Wraps a stream; the handle stays valid for as long as the connection lasts.
    pub(super) fn new(stream: S) -> (Self, WireHandle) {
        let last_words = Arc::new(Mutex::new(None));
        let handle = WireHandle(Arc::clone(&last_words));
        (Self { stream, last_words }, handle)
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
        let Self { stream, last_words } = self.get_mut();
        let mut stream = Pin::new(stream);
        let mut last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(words) = last_words.as_mut() else {
            return stream.poll_write(context, buffer);
        };
        while let Some(rest) = words.bytes.get(words.sent..).filter(|rest| !rest.is_empty()) {
            let count = ready!(stream.as_mut().poll_write(context, rest))?;
            if count == 0 {
                break;
            }
            words.sent += count;
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
