//! The calls in flight. Detects whether the host has received the response to a change.

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tonic::Status;

/// The calls in flight.
#[derive(Clone, Default)]
pub struct Calls {
    /// All calls.
    pub all: TaskTracker,
    /// The calls that change something. Each ends when its response is delivered or its change is rolled back.
    pub changes: TaskTracker,
}

/// The size from which a message would keep the thread that serves all calls busy.
const LARGE_MESSAGE: usize = 1 << 20;

impl Calls {
    /// Runs a call with a message of this size as a task: on the thread that serves all calls, or, if the message is
    /// large, on another one.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        size: usize,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        if size < LARGE_MESSAGE {
            return self.all.spawn(work);
        }
        let runtime = Handle::current();
        self.all.spawn_blocking(move || runtime.block_on(work))
    }
}

/// Runs a change as a task, to completion even if the host cancels the call, and returns its response. If the host has
/// ended and does not receive the response, runs `undelivered` with the second result of the work.
///
/// A response counts as received when the handler of the connection has it. Whether the host then reads it from the
/// socket cannot be determined.
pub(crate) async fn deliver<A, L, U>(
    calls: Calls,
    size: usize,
    work: impl Future<Output = (A, L)> + Send + 'static,
    undelivered: impl FnOnce(L) -> U + Send + 'static,
) -> Result<A, Status>
where
    A: Send + 'static,
    L: Send + 'static,
    U: Future<Output = ()> + Send,
{
    let (responses, response) = oneshot::channel();
    let change = calls.changes.token();
    calls.run(size, async move {
        let (message, result) = work.await;
        let (receipt, confirmation) = oneshot::channel::<()>();
        // A response that is not received is dropped with its receipt.
        drop(responses.send((message, receipt)));
        if confirmation.await.is_err() {
            undelivered(result).await;
        }
        drop(change);
    });
    let (message, receipt) = response
        .await
        .map_err(|_| Status::aborted("the call ended without a response"))?;
    let _ = receipt.send(());
    Ok(message)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU8, Ordering};

    use tokio::sync::Notify;

    use super::*;

    /// Work that ends on request, and the argument of `undelivered`; 0 if it did not run.
    struct Change {
        calls: Calls,
        end: Arc<Notify>,
        undone: Arc<AtomicU8>,
    }

    impl Change {
        fn new() -> Self {
            Self {
                calls: Calls::default(),
                end: Arc::default(),
                undone: Arc::default(),
            }
        }

        async fn run(&self) -> Result<&'static str, Status> {
            let (end, undone) = (self.end.clone(), self.undone.clone());
            let work = async move {
                end.notified().await;
                ("answer", 7)
            };
            deliver(self.calls.clone(), 0, work, |left| async move {
                undone.store(left, Ordering::SeqCst);
            })
            .await
        }

        async fn ended(&self) -> u8 {
            self.calls.changes.close();
            self.calls.changes.wait().await;
            self.undone.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn deliver_received_response_is_kept() {
        let change = Change::new();
        change.end.notify_one();
        assert_eq!(change.run().await.unwrap(), "answer");
        assert_eq!(change.ended().await, 0);
    }

    #[tokio::test]
    async fn deliver_cancelled_call_completes_and_is_undone() {
        let change = Change::new();
        {
            let mut run = std::pin::pin!(change.run());
            assert!(futures_util::poll!(run.as_mut()).is_pending());
        }
        assert_eq!(change.calls.changes.len(), 1, "the work continues");
        change.end.notify_one();
        assert_eq!(change.ended().await, 7);
    }

    /// The host cancels the call after the response is ready, and before it receives it.
    #[tokio::test]
    async fn deliver_response_not_received_is_undone() {
        let change = Change::new();
        {
            let mut run = std::pin::pin!(change.run());
            assert!(futures_util::poll!(run.as_mut()).is_pending());
            change.end.notify_one();
            // Lets the task send its response.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(change.ended().await, 7);
    }
}
